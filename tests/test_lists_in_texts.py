"""Lists, labels and notes in texts are joined as their language does it, by one function each."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import explorer
from explorer.base.languages import (
    add_note,
    as_sentence,
    join_clauses,
    join_list,
    join_with_and,
    translator,
    with_label,
)
from explorer.edits.inputs import SetInputSize

ROOT = Path(explorer.__file__).parent


def test_chinese_has_a_comma_for_lists() -> None:
    assert join_list(["a", "b", "c"]) == "a, b, c"
    assert join_with_and(["a", "b", "c"]) == "a, b and c"
    assert (join_with_and(["a"]), join_with_and([])) == ("a", "")
    title = SetInputSize(resolution=160, channels=1).title
    translator.set_language("zh")
    try:
        assert join_list(["a", "b", "c"]) == "a、b、c"
        assert join_with_and(["a", "b", "c"]) == "a、b 和 c"
        assert "、" in SetInputSize(resolution=160, channels=1).title
    finally:
        translator.set_language("en")
    assert ", " in title


def _own_joins(tree: ast.AST) -> list[int]:
    """The lines of what is joined by a comma of its own inside a translated text."""
    texts = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tr", "tr_n", "Text")
    ]
    joins = [
        node
        for text in texts
        for node in ast.walk(text)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join"
    ]
    return [
        node.lineno
        for node in joins
        if isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Constant)
        and node.func.value.value in (", ", " and ")
    ]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_joins_its_list_itself(path: Path) -> None:
    assert not _own_joins(ast.parse(path.read_text(encoding="utf-8"))), "use join_list of explorer.base.languages"


#: What stands between a text and what is said of it.
_BY_HAND = re.compile(r": | \(|; ")
#: Rooms whose texts are read in the window; those of code, of the command line and of resources' faults are English.
_READ = ("design", "edits", "exercises", "parts", "presenters", "project", "tours", "ui", "weights")


def _own_punctuation(tree: ast.AST) -> list[int]:
    """The lines of what is put together as "name: text" or "text (note)" without a translation."""
    formatted = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    return [
        node.lineno
        for node in formatted
        for before, between, after in zip(node.values, node.values[1:], node.values[2:], strict=False)
        if isinstance(between, ast.Constant)
        and _BY_HAND.fullmatch(str(between.value))
        and isinstance(before, ast.FormattedValue)
        and isinstance(after, ast.FormattedValue)
    ]


def _read_modules() -> list[Path]:
    """Not of these rooms: names of exceptions, keys in tips, and what is copied for others to read."""
    apart = {"user_code.py", "activity_bar.py", "system_information.py"}
    return sorted(path for room in _READ for path in (ROOT / room).rglob("*.py") if path.name not in apart)


@pytest.mark.parametrize("path", _read_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_has_punctuation_of_its_own(path: Path) -> None:
    found = _own_punctuation(ast.parse(path.read_text(encoding="utf-8")))
    assert not found, "use with_label, add_note or join_clauses of explorer.base.languages"


def test_labels_notes_clauses_and_sentences() -> None:
    def said() -> tuple[str, ...]:
        noted = with_label("layer1.0", "3×3"), add_note("ResNet", 2015)
        return *noted, join_clauses(("a", "", "b")), as_sentence("it fits")

    assert said() == ("layer1.0: 3×3", "ResNet (2015)", "a; b", "It fits.")
    translator.set_language("zh")
    try:
        assert said() == ("layer1.0：3×3", "ResNet（2015）", "a；b", "It fits。")
    finally:
        translator.set_language("en")
