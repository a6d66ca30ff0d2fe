"""A refused edit as a lesson: the message and the ways out above the canvas, the shapes at the place on it.

Invariant: a refused edit changes nothing. What was unfolded to show its place is folded again when the message goes,
unless the user has gone on from there: has folded, unfolded or selected something.
"""

from __future__ import annotations

from explorer.document import Document
from explorer.session import Session
from explorer.ui.base import edit_jobs
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.shell.diagram_navigator import DiagramNavigator
from explorer.ui.shell.notice import Notice


class RefusedEdit:
    """Shows a failure; what it shows on the canvas goes with the message."""

    def __init__(self, notice: Notice, canvas: Canvas, navigator: DiagramNavigator, session: Session) -> None:
        self._notice, self._canvas, self._navigator, self._session = notice, canvas, navigator, session
        self._folded: frozenset[str] | None = None  # what was unfolded before, while a place is shown
        self._shown = self._state
        notice.hidden.connect(self._clear)

    @property
    def _state(self) -> tuple[Document, frozenset[str], tuple[str, ...]]:
        return self._session.document, self._session.expanded, self._session.selection

    def show(self, text: str, failure: Exception) -> None:
        """Show a message with its repairs, cheapest first; where shapes do not meet, also that place."""
        self._notice.show_message(text, edit_jobs.find_repairs(failure))
        mismatch = edit_jobs.find_mismatch_view(failure)
        self._canvas.show_mismatch(mismatch)
        if mismatch is not None:
            self._fold_again()
            self._folded = self._session.expanded
            self._navigator.highlight_cards(mismatch.nodes)
            self._shown = self._state

    def _clear(self) -> None:
        self._canvas.clear_mismatch()
        self._fold_again()

    def _fold_again(self) -> None:
        before, self._folded = self._folded, None
        if before is not None and self._shown == self._state:
            self._navigator.set_expanded(before)
