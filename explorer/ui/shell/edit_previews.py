"""Previews of edits: while an edit is hovered, cards are highlighted and figures change, but not the network."""

from __future__ import annotations

from PySide6.QtCore import QObject

from explorer.session import Session
from explorer.ui.base import edit_jobs
from explorer.ui.base.lanes import Lane
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.figures.panel import FiguresPanel
from explorer.ui.inspector.preview_card import PreviewCard
from explorer.viewmodels.panels import EditPreview


class EditPreviews(QObject):
    """Computes and shows the preview of the edit that is hovered in the inspector."""

    def __init__(self, session: Session, canvas: Canvas, figures: FiguresPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._canvas, self._figures = session, canvas, figures
        self.card = PreviewCard(canvas)
        self.lane = Lane("previewing", parent, latest_only=True)

    def preview(self, edit: object) -> None:
        """Show what an edit would change; None removes the preview."""
        network = self._session.network
        if edit is None or network is None:
            self.clear()
            return
        self.lane.submit(
            edit_jobs.edit_preview_job(network, edit, self._session.expanded), self._show, lambda _: self.clear()
        )

    def clear(self) -> None:
        """Remove the preview and drop one that is being computed."""
        self.lane.cancel()
        self.card.show_preview(None)
        self._canvas.highlight(frozenset())
        self._figures.show_preview(None)

    def _show(self, preview: EditPreview) -> None:
        lit = frozenset(follower.card_id for follower in preview.affected_ops)
        self._canvas.highlight(lit)
        self.card.show_preview(preview, lambda rect: self._canvas.count_covered(rect, lit))
        self._figures.show_preview(preview.summary)
