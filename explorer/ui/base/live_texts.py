"""Texts of widgets that follow the language: shown in the one in force, and again in each that is chosen later.

Whatever stays on screen while the language changes is set by these functions. What a panel shows of a network is shown
anew by its tool, which listens to the session's topic "language": that is told after the texts here have changed.

    button = live_text(QPushButton(), QPushButton.setText, "Save…")
    live_text(button, QPushButton.setToolTip, "Save the code to a file")
    follow_language(box, lambda box: box.setItemText(0, tr("All families")))
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from PySide6.QtCore import QObject
from shiboken6 import isValid

from explorer.base.languages import tr, translator

_Object = TypeVar("_Object", bound=QObject)

_SLOT = "_on_language"  # on the object itself, so that its updates go with it
_Key = tuple[bool, int]  # whether it comes after the others, and its number
_TARGETS: WeakValueDictionary[_Key, QObject] = WeakValueDictionary()
_NUMBERS = itertools.count()


def follow_language(target: _Object, update: Callable[[_Object], object], *, after_texts: bool = False) -> _Object:
    """Call `update(target)` now and after each change of the language, for as long as `target` lives; return it.

    With `after_texts` it is called when all others have been: for what reads texts of widgets, or is drawn from them.
    """
    key = after_texts, next(_NUMBERS)
    updates: dict[_Key, Callable[[Any], object]] | None = target.__dict__.get(_SLOT)
    if updates is None:
        updates = {}
        setattr(target, _SLOT, updates)
    updates[key] = update
    _TARGETS[key] = target
    update(target)
    return target


def live_text(target: _Object, setter: Callable[[_Object, str], object], text: str, /, **values: Any) -> _Object:
    """Show an English text translated, now and in each language chosen later; return `target`.

    As with `tr`, the text is a literal, or marked by `tr_noop` where it is written.
    """
    return follow_language(target, lambda shown: setter(shown, tr(text, **values)))


def _update_all() -> None:
    for key in sorted(_TARGETS.keys()):
        target = _TARGETS.get(key)
        if target is not None and isValid(target):
            getattr(target, _SLOT)[key](target)


translator.add_listener(_update_all)
