"""A preference of the user's: declared by the tool that it belongs to, shown by the preferences, kept in the settings.

What must always hold: `write` applies a value at once wherever that is possible, and remembers it; `read` says what is
in force. Whoever shows a preference needs to know nothing else of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSettings

from explorer.ui.base.settings import read_switch

ON, OFF = "true", "false"  # values of a switch


@dataclass(frozen=True)
class Preference:
    """Title, tip and group are English, marked by `tr_noop`."""

    group: str
    title: str
    tip: str
    read: Callable[[], str]
    write: Callable[[str], object]
    kind: Literal["choice", "switch", "folder"] = "choice"
    #: Values of a choice, each with its words in the language in force.
    choices: Callable[[], Sequence[tuple[str, str]]] = tuple


def switch_of_setting(group: str, title: str, tip: str, key: str, default: bool) -> Preference:
    """Return the preference of a setting that is read whenever it is needed."""
    return Preference(
        group,
        title,
        tip,
        lambda: ON if read_switch(key, default) else OFF,
        lambda value: QSettings().setValue(key, value),
        "switch",
    )
