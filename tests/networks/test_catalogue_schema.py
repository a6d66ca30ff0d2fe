"""The catalogue's file against its schema, and what is said of a file that does not hold together."""

from __future__ import annotations

import copy
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer.base.resources import resource_path
from explorer.networks import catalogue
from explorer.networks.catalogue import CatalogueError, all_entries
from explorer.networks.catalogue_schema import find_catalogue_error

FILE = json.loads(resource_path("catalogue.json").read_text(encoding="utf-8"))


def test_the_file_holds_together() -> None:
    assert find_catalogue_error(FILE) is None


@pytest.mark.parametrize("builder", sorted({entry.builder for entry in all_entries()}))
def test_every_builder_exists(builder: str) -> None:
    module, _, function = builder.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda entry: entry.pop("builder"), "alexnet_2012, builder: is missing"),
        (lambda entry: entry.update(builder="explorer.networks.alexnet"), "alexnet_2012, builder: cannot be"),
        (lambda entry: entry.update(params="61 M"), "alexnet_2012, params: must be a whole number"),
        (lambda entry: entry.update(macs=0), "alexnet_2012, macs: is 0; it must be more than 0"),
        (lambda entry: entry.update(input_size=[3, 227]), "alexnet_2012, input_size: has fewer than 3"),
        (lambda entry: entry.update(year="2012"), "alexnet_2012, year: must be a whole number"),
        (lambda entry: entry.update(colour="red"), "alexnet_2012, colour: is not known"),
        (lambda entry: entry.update(paper="unknown"), "alexnet_2012, paper: 'unknown' is not among the papers"),
        (lambda entry: entry.update(key="vgg16"), "vgg16, key: another entry has it"),
        (lambda entry: entry.pop("key"), "entry 1, key: is missing"),
        (lambda entry: entry.update(top1_source=""), "alexnet_2012: top1 needs a top1_source"),
        (lambda entry: entry.update(published=[{"figure": "top5", "value": 1.0, "source": "x"}]), "published.0.figure"),
    ],
)
def test_a_fault_is_named_with_its_entry_and_field(change: Callable[[dict[str, Any]], object], message: str) -> None:
    file = copy.deepcopy(FILE)
    change(file["networks"][0])
    assert message in (find_catalogue_error(file) or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expecting property name"),
        ("[]", "the file: must be an object"),
        ('{"papers": {}, "networks": [{"key": "toy"}]}', "toy, title: is missing"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_why(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalogue, "resource_path", lambda name: path)
    all_entries.cache_clear()
    try:
        with pytest.raises(CatalogueError, match=r"resources/catalogue\.json: .*" + message):
            all_entries()
    finally:
        all_entries.cache_clear()


def test_listing_does_not_import_pydantic() -> None:
    code = (
        "import sys; from explorer.networks.catalogue import all_entries; all_entries(); "
        "sys.exit('pydantic' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
