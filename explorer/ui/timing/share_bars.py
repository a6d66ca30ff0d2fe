"""Bars of time and of multiply-adds, two per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.ui.base.fonts import scaled
from explorer.ui.base.live_texts import live_text
from explorer.ui.timing.time_scatter import kind_colour
from explorer.ui.widgets.picture_menu import offer_picture_menu

if TYPE_CHECKING:
    from explorer.presenters.timing import TimeShare

_ROW_HEIGHT, _DOT_SIZE = 30, 8
_HIDE_PERCENT_BELOW = 340  # pixels: bars need the width more than percentages, which the tool tip has


def row_height() -> int:
    """Return the height of a row in pixels."""
    return scaled(_ROW_HEIGHT)


class ShareBars(QWidget):
    """Rows with two bars each: a part's share of the time, and its share of the MACs."""

    node_clicked = Signal(str)  # name of the node of a row that is a single layer

    def __init__(self) -> None:
        super().__init__()
        live_text(self, QWidget.setAccessibleName, "Shares of time and of multiply-adds")
        offer_picture_menu(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._shares: Sequence[TimeShare] = ()

    def sizeHint(self) -> QSize:
        return QSize(300, _ROW_HEIGHT * len(self._shares) + 4)

    def show_shares(self, shares: Sequence[TimeShare]) -> None:
        """Show one row per share, as tall as they need."""
        self._shares = shares
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        from explorer.presenters.timing import format_milliseconds, format_time_share

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c = appearance.current_colours()
        title = min(scaled(170), self.width() // 3)
        narrow = self.width() < scaled(_HIDE_PERCENT_BELOW)
        text_width = self.fontMetrics().horizontalAdvance("0.0888 ms" if narrow else "0.0888 ms · 88 %") + 8
        bar_room = max(self.width() - title - text_width - 16, 20)
        longest = max((max(share.time, share.macs) for share in self._shares), default=1.0) or 1.0
        for number, share in enumerate(self._shares):
            top = number * row_height() + 4
            if share.kind is not None:  # in the colour of its cards, as in the scatter plot
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(kind_colour(share.kind)))
                painter.drawEllipse(QRect(1, top + (row_height() - 8 - _DOT_SIZE) // 2, _DOT_SIZE, _DOT_SIZE))
            painter.setPen(QColor(c.text))
            left = _DOT_SIZE + 6
            name = self.fontMetrics().elidedText(share.title, Qt.TextElideMode.ElideRight, title - left - 6)
            painter.drawText(QRect(left, top, title - left, row_height() - 8), Qt.AlignmentFlag.AlignVCenter, name)
            for offset, value, colour in ((0, share.time, c.accent), (11, share.macs, c.previous)):
                length = max(round(bar_room * value / longest), 1 if value else 0)
                painter.fillRect(QRect(title, top + offset, length, 9), QColor(colour))
            painter.setPen(QColor(c.muted))
            text = format_milliseconds(share.milliseconds) + ("" if narrow else f" · {format_time_share(share.time)}")
            text_rect = QRect(self.width() - text_width, top, text_width, row_height() - 8)
            painter.drawText(text_rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def share_at(self, y: int) -> TimeShare | None:
        """Return the share whose row is at `y` pixels; None below the last."""
        number = y // row_height()
        return self._shares[number] if 0 <= number < len(self._shares) else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        share = self.share_at(int(event.position().y()))
        if share is not None and share.node_name:
            self.node_clicked.emit(share.node_name)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            share = self.share_at(event.pos().y())
            if share is not None:
                QToolTip.showText(event.globalPos(), share_tooltip(share), self)
                return True
        return super().event(event)


def share_tooltip(share: TimeShare) -> str:
    """Return the tool tip of a row: its full name, time, and both shares."""
    from explorer.presenters.timing import format_milliseconds, format_time_share

    name = f"{share.title}  ·  {share.node_name}" if share.node_name else share.title
    time = tr(
        "{time}, {share} of the time", time=format_milliseconds(share.milliseconds), share=format_time_share(share.time)
    )
    return "\n".join((name, time, tr("{share} of the MACs", share=format_time_share(share.macs))))
