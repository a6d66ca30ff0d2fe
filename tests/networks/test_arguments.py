"""Arguments are read as Python writes them, without running anything, and come back from files as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.networks.arguments import (
    ArgumentError,
    argument_from_text,
    argument_to_json,
    format_arguments,
    parse_arguments,
    parse_plain_arguments,
)
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, write_project
from explorer.project.project import Project

plain = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20))
values = st.recursive(
    st.one_of(st.none(), plain),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=4),
    ),
    max_leaves=12,
)
names = st.from_regex(r"[a-z]{2,8}_", fullmatch=True)  # no word of Python ends so


def test_arguments_are_written_as_in_python() -> None:
    assert parse_arguments("") == {}
    assert parse_arguments(" classes=10, width=0.5, act='relu', bias=True, shift=-1 ") == {
        "classes": 10,
        "width": 0.5,
        "act": "relu",
        "bias": True,
        "shift": -1,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10", "with their names"),
        ("**x", "with their names"),
        ("classes=", "cannot be read"),
        ("classes=open('x')", "cannot be read"),
        ("classes=1)(2", "cannot be read|with their names"),
        ("layers={1, 2}", "layers must be a number"),
        ("layers=[1, b'2']", "layers must be a number"),
        ("layers={(1,): 2}", "keys of a dict"),
        ("bias=true", "did you mean True"),
        ("width=inf", "width must be a number"),
        ("width=1e999", "width must be a number"),
    ],
)
def test_what_cannot_be_an_argument_is_refused(text: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        parse_arguments(text)


def test_tuples_lists_dicts_and_none_are_arguments() -> None:
    found = parse_arguments("depths=(2, 2, 6), dims=[32, 64], cfg={'norm': 'bn', 'act': None}, norm=None")
    assert found == {"depths": (2, 2, 6), "dims": [32, 64], "cfg": {"norm": "bn", "act": None}, "norm": None}


def test_a_word_alone_is_a_text_as_command_lines_have_it() -> None:
    assert parse_arguments("name=hybrid, width=0.5") == {"name": "hybrid", "width": 0.5}


def test_settings_of_a_part_are_plain() -> None:
    assert parse_plain_arguments("channels=64, act=relu") == {"channels": 64, "act": "relu"}
    with pytest.raises(ArgumentError, match="channels must be a number"):
        parse_plain_arguments("channels=(64, 64)")


@given(st.dictionaries(names, values, max_size=4))
def test_what_is_written_is_read_back(arguments: dict[str, Any]) -> None:
    assert parse_arguments(format_arguments(arguments)) == arguments


@given(values)
def test_a_value_comes_back_from_json_with_its_types(value: Any) -> None:
    stored = json.loads(json.dumps(argument_to_json("x", value)))
    again = argument_from_text("x", stored["python"]) if isinstance(stored, dict) else stored
    assert repr(again) == repr(value)


@given(st.dictionaries(names, values, min_size=1, max_size=4))
def test_a_project_brings_back_the_arguments_of_its_module(arguments: dict[str, Any]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.cnnx"
        write_project(path, Project(module="net.py:Net", options=arguments), is_synced=False)
        assert repr(dict(read_project(path).options)) == repr(arguments)


def test_an_object_that_no_file_can_bring_back_is_refused_when_saving(tmp_path: Path) -> None:
    project = Project(module="net.py:Net", options={"norm": Path})  # type: ignore[dict-item]
    with pytest.raises(ProjectError, match="norm must be a number"):
        write_project(tmp_path / "own.cnnx", project)
    assert not (tmp_path / "own.cnnx").exists()


@pytest.mark.parametrize("text", ["__import__('os')", "[" * 3000, "open", "{1}", ""])
def test_a_file_runs_nothing_and_says_what_is_no_value(text: str, tmp_path: Path) -> None:
    path = tmp_path / "own.cnnx"
    write_project(path, Project(module="net.py:Net"))
    value = json.loads(path.read_text()) | {"options": {"depths": {"python": text}}}
    path.write_text(json.dumps(value))
    with pytest.raises(ProjectError, match="depths"):
        read_project(path)
