"""The kinds of edits there are, and the names by which files and programs know them.

An edit kind is one frozen dataclass with one decorator:

    @register_edit("swap_activation", formerly=("activation",))
    @dataclass(frozen=True, slots=True)
    class SwapActivation:
        name: ClassVar[str]  # set by the decorator
        at: str
        to: str
        ...

With it the kind is read from and written to files, exported by `explorer.edits`, and covered by the tests that go
through all kinds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

_T = TypeVar("_T")

_KINDS: dict[str, type[Any]] = {}
_FORMER_KINDS: dict[str, type[Any]] = {}
_FORMER_CLASSES: dict[str, type[Any]] = {}
_FORMER_DEFAULTS: dict[str, Mapping[str, Any]] = {}

#: The class of every kind of edit, by the name that files give it.
EDIT_KINDS: Mapping[str, type[Any]] = MappingProxyType(_KINDS)

#: The class of every kind of edit that had another name in files; those are read, but written no more.
FORMER_EDIT_KINDS: Mapping[str, type[Any]] = MappingProxyType(_FORMER_KINDS)

#: The class of every kind of edit whose class had another name; these names are deprecated.
FORMER_EDIT_CLASSES: Mapping[str, type[Any]] = MappingProxyType(_FORMER_CLASSES)


#: What a file means that lacks a field of a kind, where that is not the field's default: it was written earlier.
FORMER_DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(_FORMER_DEFAULTS)


def register_edit(
    kind: str,
    *,
    formerly: tuple[str, ...] = (),
    former_classes: tuple[str, ...] = (),
    former_defaults: Mapping[str, Any] | None = None,
) -> Callable[[type[_T]], type[_T]]:
    """Register a frozen dataclass as a kind of edit.

    Args:
        kind: its name in files: the class's own name in snake_case.
        formerly: names that it had in files written earlier.
        former_classes: names that its class had.
        former_defaults: values of fields that files written earlier lack, where the default has changed since.

    Raises:
        ValueError: one of the names belongs to another kind.
    """
    names = {kind: _KINDS, **dict.fromkeys(formerly, _FORMER_KINDS)}
    taken = next((name for name in names if find_edit_kind(name) is not None), None)
    if taken is not None:
        raise ValueError(f"there is a kind of edit {taken!r} already: {find_edit_kind(taken)}")

    def register(cls: type[_T]) -> type[_T]:
        cls.name = kind  # type: ignore[attr-defined]
        for name, known in names.items():
            known[name] = cls
        _FORMER_CLASSES.update(dict.fromkeys(former_classes, cls))
        if former_defaults:
            _FORMER_DEFAULTS[kind] = MappingProxyType(dict(former_defaults))
        return cls

    return register


def find_edit_kind(name: str) -> type[Any] | None:
    """Return the class of a kind of edit by its present or a former name in files; None when there is no such kind."""
    return _KINDS.get(name) or _FORMER_KINDS.get(name)


def find_edit_class(name: str) -> type[Any] | None:
    """Return the class of an edit by its own name, or by a former one with a DeprecationWarning; None for no edit's."""
    found = next((cls for cls in _KINDS.values() if cls.__name__ == name), None)
    if found is None and name in _FORMER_CLASSES:
        found = _FORMER_CLASSES[name]
        warnings.warn(f"{name} is now called {found.__name__}", DeprecationWarning, stacklevel=3)
    return found
