"""A refused edit as a lesson: the message and the ways out above the canvas, the shapes at the place on it."""

from __future__ import annotations

from explorer.ui.base import edit_jobs
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.shell.diagram_navigator import DiagramNavigator
from explorer.ui.shell.notice import Notice


class RefusedEdit:
    """Shows a failure; what it shows on the canvas goes with the message."""

    def __init__(self, notice: Notice, canvas: Canvas, navigator: DiagramNavigator) -> None:
        self._notice, self._canvas, self._navigator = notice, canvas, navigator
        notice.hidden.connect(canvas.clear_mismatch)

    def show(self, text: str, failure: Exception) -> None:
        """Show a message with its repairs, cheapest first; where shapes do not meet, also that place."""
        self._notice.show_message(text, edit_jobs.find_repairs(failure))
        mismatch = edit_jobs.find_mismatch_view(failure)
        self._canvas.show_mismatch(mismatch)
        if mismatch is not None:
            self._navigator.highlight_cards(mismatch.nodes)
