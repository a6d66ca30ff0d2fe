"""Edits as files: JSON in and out, read with suspicion, written whole or not at all."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from explorer.edits import KINDS, Edit, EditError
from explorer.files import write_whole

_LARGEST = 16 * 2**20  # bytes; a file of edits is a few kilobytes


class ProjectError(ValueError):
    """A file of edits that cannot be read. The message names the file, the place in it and the reason."""


def edit_as_json(edit: Edit) -> dict[str, Any]:
    """An edit as plain values: {"edit": "shortcut", "at": "layer1.0", "on": false}."""
    return {"edit": edit.name} | {field: getattr(edit, field) for field in _fields(KINDS[edit.name])}


def _fields(kind: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def edit_from_json(value: Any, where: str = "edit") -> Edit:
    """The edit that plain values describe. Raises ProjectError naming `where` and what is wrong."""
    if not isinstance(value, dict) or not isinstance(value.get("edit"), str):
        raise ProjectError(f'{where} must be an object such as {{"edit": "shortcut", "at": "layer1.0", "on": false}}')
    fields = {name: item for name, item in value.items() if name != "edit"}
    kind = KINDS.get(value["edit"])
    if kind is None:
        raise ProjectError(f"{where} is of the unknown kind {value['edit']!r}; there are {', '.join(KINDS)}")
    unknown = fields.keys() - set(_fields(kind))
    if unknown:
        known = ", ".join(_fields(kind))
        raise ProjectError(f"{where} ({value['edit']}) has the unknown field {min(unknown)!r}; it takes {known}")
    try:
        edit: Edit = TypeAdapter(kind).validate_json(json.dumps(fields), strict=True)
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(map(str, first["loc"])) or "value"
        raise ProjectError(f"{where} ({value['edit']}), {field}: {first['msg'].lower()}") from failure
    return edit


def read_edits(path: str | Path) -> tuple[Edit, ...]:
    """Read a file of edits: a JSON list, or an object whose "edits" is one. Raises ProjectError."""
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise ProjectError(f"{path} is larger than {_LARGEST // 2**20} MiB: that is no file of edits")
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise ProjectError(f"cannot read {path}: {failure.strerror or failure}") from failure
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as failure:
        raise ProjectError(f"{path} is not JSON: {failure}") from failure
    if isinstance(value, dict):
        value = value.get("edits")
    if not isinstance(value, list):
        raise ProjectError(f"{path} must hold a list of edits")
    return tuple(edit_from_json(item, f"{path}: edit {number}") for number, item in enumerate(value, 1))


def write_edits(path: str | Path, edits: Sequence[Edit], network: str = "") -> None:
    """Write a file of edits: beside first, then renamed, so that the old file stays whole if anything fails."""
    text = json.dumps({"network": network, "edits": [edit_as_json(edit) for edit in edits]}, indent=2)
    write_whole(Path(path), lambda beside: beside.write_text(text + "\n", encoding="utf-8"))


__all__ = ["EditError", "ProjectError", "edit_as_json", "edit_from_json", "read_edits", "write_edits"]
