"""Frozen dataclasses as plain JSON objects: only what differs from the defaults, checked when it is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from explorer.base.languages import join_list, tr
from explorer.base.validation_faults import describe_fault

_T = TypeVar("_T")

#: The least and the most of each number.
Ranges = Mapping[str, tuple[float, float]]


def check_ranges(value: object, ranges: Ranges, error: type[ValueError]) -> None:
    """Raise `error` naming the first field that lies outside its range; NaN does."""
    for name, (least, most) in ranges.items():
        found = getattr(value, name)
        if not least <= found <= most:
            raise error(
                tr(
                    "{field} is {value:g}; it can be {least:g} to {most:g}",
                    field=name,
                    value=found,
                    least=least,
                    most=most,
                )
            )


def changed_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that differ from their defaults."""
    return {f.name: found for f in dataclasses.fields(value) if (found := getattr(value, f.name)) != f.default}


def from_fields(kind: type[_T], fields: Mapping[str, Any], error: type[ValueError]) -> _T:
    """Return a dataclass of these fields. Raises `error` naming one that is unknown or of another type."""
    known = [f.name for f in dataclasses.fields(kind)]  # type: ignore[arg-type]  # of a dataclass
    unknown = sorted(set(map(str, fields)) - set(known))
    if unknown:
        raise error(tr("there is no field {name!r}; there are {known}", name=unknown[0], known=join_list(known)))
    try:
        return TypeAdapter(kind).validate_python(dict(fields))
    except ValidationError as failure:
        raise error(describe_fault(failure)) from failure
