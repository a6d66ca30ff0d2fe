"""The figures that matter most in one line: what an edit did is in sight whatever panels are open."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QWidget

from explorer.base import number_format
from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.viewmodels.panels import FiguresSummary, HeadlineFigure


class FiguresLine(QLabel):
    """Parameters and MACs of the network, and by how much they differ from the baseline."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary: FiguresSummary | None = None
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setContentsMargins(8, 0, 8, 0)

    def show_summary(self, summary: FiguresSummary | None) -> None:
        """Show the figures of a network; None for none."""
        self._summary = summary
        counts = summary.headline_figures[:2] if summary is not None else ()
        self.setText(" &nbsp;·&nbsp; ".join(map(_as_html, counts)))
        self.setToolTip(tr("Now, and how far from the baseline") if counts else "")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.show_summary(self._summary)


def _as_html(count: HeadlineFigure) -> str:
    c = appearance.current_colours()
    text = f"{escape(count.name)} <b>{escape(number_format.format_short(count.now))}</b>"
    if count.now == count.baseline:
        return text
    colour = c.increase if count.now > count.baseline else c.decrease
    change = number_format.format_percent_change(count.now, count.baseline)
    return f"{text} <span style='color: {colour}'>{escape(change)}</span>"
