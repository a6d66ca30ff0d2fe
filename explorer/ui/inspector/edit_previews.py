"""Shows what an edit would do while it is only considered: cards light up, figures move, nothing is changed."""

from __future__ import annotations

from PySide6.QtCore import QObject

from explorer.session import Session
from explorer.ui.base import jobs
from explorer.ui.base.lanes import Lane
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.figures.panel import FiguresPanel
from explorer.ui.inspector.preview_card import PreviewCard
from explorer.viewmodels.panels import EditPreview


class EditPreviews(QObject):
    def __init__(self, session: Session, canvas: Canvas, figures: FiguresPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._canvas, self._figures = session, canvas, figures
        self.card = PreviewCard(canvas)
        self.lane = Lane("previewing", parent, latest_only=True)

    def preview(self, edit: object) -> None:
        """Show what an edit would do; None, or another network, takes it away."""
        network = self._session.network
        if edit is None or network is None:
            self.clear()
            return
        self.lane.submit(
            jobs.edit_preview_job(network, edit, self._session.expanded), self._show, lambda _: self.clear()
        )

    def clear(self) -> None:
        self.lane.cancel()
        self.card.show_preview(None)
        self._canvas.highlight(frozenset())
        self._figures.show_preview(None)

    def _show(self, preview: EditPreview) -> None:
        lit = frozenset(follower.card_id for follower in preview.affected_ops)
        self._canvas.highlight(lit)
        self.card.show_preview(preview, lambda rect: self._canvas.count_covered(rect, lit))
        self._figures.show_preview(preview.summary)
