"""Edits as plain values and back, validated."""

from __future__ import annotations

import dataclasses
import json
import reprlib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from explorer.base.languages import add_note, join_list, tr, with_label
from explorer.base.memo import bounded
from explorer.base.validation_faults import describe_fault
from explorer.edits import EDIT_KINDS, FORMER_DEFAULTS, Edit, find_edit_kind
from explorer.project.errors import ProjectError

_MAX_EDITS = 10_000  # of one file


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """Return an edit as plain values: {"edit": "toggle_shortcut", "at": "layer1.0", "on": false}."""
    return {"edit": edit.name} | {field: getattr(edit, field) for field in _field_names(type(edit))}


def edit_from_json(value: Any, location: str = "edit") -> Edit:
    """Return the edit that plain values describe. Raises ProjectError naming `location` and the field."""
    if not isinstance(value, dict) or not isinstance(value.get("edit"), str):
        raise ProjectError(
            tr(
                '{location} must be an object such as {{"edit": "toggle_shortcut", "at": "layer1.0", "on": false}}',
                location=location,
            )
        )
    fields = {name: item for name, item in value.items() if name != "edit"}
    kind = find_edit_kind(value["edit"])
    if kind is None:
        name = reprlib.repr(value["edit"])
        raise ProjectError(
            tr(
                "{location} is of the unknown kind {name}; there are {names}",
                location=location,
                name=name,
                names=join_list(EDIT_KINDS),
            )
        )
    unknown = fields.keys() - set(_field_names(kind))
    if unknown:
        name, known = reprlib.repr(min(unknown)), join_list(_field_names(kind))
        raise ProjectError(
            tr(
                "{location} ({edit}) has the unknown field {name}; it takes {known}",
                location=location,
                edit=value["edit"],
                name=name,
                known=known,
            )
        )
    fields = {**FORMER_DEFAULTS.get(kind.name, {}), **fields}
    try:
        edit: Edit = _edit_adapter(kind.name).validate_json(json.dumps(fields), strict=True)
    except ValidationError as failure:
        raise ProjectError(with_label(add_note(location, value["edit"]), describe_fault(failure))) from failure
    return edit


def parse_edits(values: list[Any], path: Path) -> tuple[Edit, ...]:
    """Return the edits that plain values of a file describe. Raises ProjectError naming the file and the place."""
    if len(values) > _MAX_EDITS:
        raise ProjectError(
            tr(
                "{path} holds {count:,} edits; more than {maximum:,} are not read",
                path=path,
                count=len(values),
                maximum=_MAX_EDITS,
            )
        )
    return tuple(edit_from_json(item, f"{path}: edit {number}") for number, item in enumerate(values, 1))


def _field_names(kind: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


@bounded(256)
def _edit_adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(EDIT_KINDS[kind])
