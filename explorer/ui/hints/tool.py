"""Tool of the hints: which one is due, and which have been read.

What must always hold: a hint comes when what it speaks of can be done for the first time, one at a time, and never
again once it is dismissed, or what it says is done.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSettings

from explorer.base.languages import tr_noop
from explorer.ui.base.settings import read_text
from explorer.ui.hints.strip import HintStrip
from explorer.ui.plugin.tool_context import ToolContext

#: By the place that they are about.
HINTS: Mapping[str, str] = {
    "diagram": tr_noop(
        "Click a card to see what it is and what it costs; double-click unfolds it. Space and a drag pan."
    ),
    "selection": tr_noop(
        "Point at an option of the selection: the figures show what it would change. Undo takes it back."
    ),
    "history": tr_noop("Hold “Compare with baseline” (Ctrl+B) to see the network as it was; History goes to any edit."),
    "output": tr_noop("Drop a photo of your own on the window, or paste one: the network says what it sees there."),
}
_SETTING = "hints_read"


class HintsTool:
    """Watches what happens for the first time."""

    def __init__(self, context: ToolContext) -> None:
        self._session, self._canvas = context.session, context.canvas
        self._due: list[str] = []
        self.shown = ""
        self.strip = HintStrip()
        self.strip.dismissed.connect(self._dismiss)
        self.strip.all_dismissed.connect(self._dismiss_all)
        context.add_strip_above_canvas(self.strip)
        self._is_guided = False
        context.canvas.guided.connect(self._set_guided)
        tip = tr_noop("Say again what can be done for the first time")
        context.add_action("Help", tr_noop("Show hints again"), self._reset, "", tip)
        for topic in ("network", "selection", "baseline"):
            self._session.on(topic, self._look)

    def _look(self) -> None:
        """Add what can be done now to what is due; what was done meanwhile need not be said any more."""
        done = {"diagram": bool(self._session.selection), "history": self._session.is_baseline_shown}
        if done.get(self.shown):
            _remember([*_read_hints(), self.shown])
        network, read = self._session.network, _read_hints()
        happens = {
            "diagram": network is not None,
            "selection": bool(self._session.selection),
            "history": network is not None and bool(network.history.edits),
            "output": network is not None and "diagram" in read,
        }
        self._due = [key for key in HINTS if key not in read and (key in self._due or happens[key])]
        self._show_next()

    def _show_next(self) -> None:
        if self.shown not in self._due:
            self.shown = next(iter(self._due), "")
            self._show()

    def _show(self) -> None:
        has_keys = self.strip.has_keys
        self.strip.show_hint("" if self._is_guided else HINTS.get(self.shown, ""))
        if has_keys:  # whose button is done with: what would have them next is any
            self._canvas.setFocus()

    def _set_guided(self, on: bool) -> None:
        """Be silent while a tour speaks: one voice at a time."""
        self._is_guided = on
        self._show()

    def _dismiss(self) -> None:
        _remember([*_read_hints(), self.shown])
        self._due = [key for key in self._due if key != self.shown]
        self.shown = ""
        self._show()
        self._look()

    def _dismiss_all(self) -> None:
        _remember(list(HINTS))
        self._due, self.shown = [], ""
        self._show()

    def _reset(self) -> None:
        _remember([])
        self._due, self.shown = [], ""
        self._look()


def _read_hints() -> tuple[str, ...]:
    """Return the places whose hints have been dismissed."""
    return tuple(read_text(_SETTING).split())


def _remember(read: list[str]) -> None:
    QSettings().setValue(_SETTING, " ".join(dict.fromkeys(filter(None, read))))
