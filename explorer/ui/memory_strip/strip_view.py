"""The strip: a column for each op that runs, in it a block for each map that is alive, as high as its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.base.number_format import format_bytes
from explorer.drawing.theme import DARK, LIGHT, diagram_font
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.picture_menu import offer_picture_menu

if TYPE_CHECKING:
    from explorer.presenters.memory_strip import MemoryStrip

_LEFT, _TOP, _BOTTOM = 64.0, 22.0, 8.0
_LIST_WIDTH, _ROW = 290.0, 20.0
_LEAST_STRIP = 240.0  # pixels; without so much room for the strip there is no list
_INNER = 0.35  # opacity of what an op needs on its way
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT_ALIGNED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class StripView(QWidget):
    """Columns of maps in the colours of the ops that made them; a step is chosen by mouse or keys."""

    step_changed = Signal(int)
    step_chosen = Signal(int)  # let go of: show it in the diagram

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        live_text(self, QWidget.setAccessibleName, tr_noop("Memory, step by step"))
        offer_picture_menu(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(260, 130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._strip: MemoryStrip | None = None
        self._picture: QImage | None = None
        self.step = 0

    def sizeHint(self) -> QSize:
        return QSize(900, 240)

    def show_strip(self, strip: MemoryStrip | None) -> None:
        """Show another network's steps, at its peak."""
        self._strip, self._picture = strip, None
        self.step = strip.peak if strip is not None else 0
        self.update()

    def set_step(self, step: int) -> None:
        """Mark a step."""
        if self._strip is not None and step != self.step:
            self.step = min(max(step, 0), len(self._strip.steps) - 1)
            self.update()
            self.step_changed.emit(self.step)

    @property
    def _plot(self) -> QRectF:
        room = QRectF(self.rect()).adjusted(_LEFT, _TOP, -12, -_BOTTOM)
        has_list = room.width() - _LIST_WIDTH >= _LEAST_STRIP
        return room.adjusted(0, 0, -_LIST_WIDTH if has_list else 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._picture = None

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._picture = None
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(appearance.current_colours().surface))
        if self._strip is None:
            return
        if self._picture is None:
            self._picture = self._render(self._strip)
        painter.drawImage(0, 0, self._picture)
        self._paint_step(painter, self._strip)

    def _render(self, strip: MemoryStrip) -> QImage:
        """Everything that stands still, once."""
        ratio = self.devicePixelRatioF()
        picture = QImage((self.size() * ratio), QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(ratio)
        colours = appearance.current_colours()
        picture.fill(QColor(colours.surface))
        painter = QPainter(picture)
        plot, theme = self._plot, DARK if appearance.is_app_dark() else LIGHT
        each, scale = plot.width() / len(strip.steps), plot.height() / strip.largest
        for number, step in enumerate(strip.steps):
            bottom = plot.bottom()
            left, right = plot.x() + number * each, plot.x() + (number + 1) * each
            for name, size in step.live:
                rect = QRectF(left, bottom - size * scale, right - left, size * scale)
                painter.fillRect(rect, theme.calm_kind_colour(strip.kinds[name]))
                if rect.height() > 3:
                    painter.fillRect(QRectF(left, rect.y(), right - left, 1), QColor(colours.surface))
                bottom = rect.y()
            if step.inner_bytes:
                inner = theme.calm_kind_colour(strip.kinds[step.node])
                inner.setAlphaF(_INNER)
                high = step.inner_bytes * scale
                painter.fillRect(QRectF(left, bottom - high, right - left, high), inner)
        self._paint_baseline(painter, strip, plot, each, scale)
        self._paint_scale(painter, strip, plot, scale)
        painter.end()
        return picture

    def _paint_baseline(self, painter: QPainter, strip: MemoryStrip, plot: QRectF, each: float, scale: float) -> None:
        if not strip.baseline:
            return
        line = QPolygonF()
        for at, size in strip.baseline:
            y = plot.bottom() - size * scale
            line.append(QPointF(plot.x() + at * each, y))
            line.append(QPointF(plot.x() + (at + 1) * each, y))
        painter.setPen(QPen(QColor(appearance.current_colours().text), 1.4, Qt.PenStyle.DotLine))
        painter.drawPolyline(line)

    def _paint_scale(self, painter: QPainter, strip: MemoryStrip, plot: QRectF, scale: float) -> None:
        colours = appearance.current_colours()
        painter.setFont(diagram_font(11))
        for share in (0.25, 0.5, 0.75, 1.0):
            y = plot.bottom() - share * plot.height()
            painter.setPen(QPen(QColor(colours.border), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(plot.x(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(colours.muted))
            text = format_bytes(share * strip.largest)
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), _RIGHT, text)
        peak = strip.steps[strip.peak]
        y = plot.bottom() - peak.bytes * scale
        painter.setPen(QPen(QColor(colours.increase), 1.4, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(plot.x(), y), QPointF(plot.right(), y))
        painter.setPen(QColor(colours.increase))
        painter.setFont(diagram_font(11, True))
        text = tr("Peak {size} at {place}", size=format_bytes(peak.bytes), place=strip.titles[peak.node])
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(plot.width()))
        painter.drawText(QRectF(plot.x(), 2, plot.width(), 18), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_step(self, painter: QPainter, strip: MemoryStrip) -> None:
        plot, colours = self._plot, appearance.current_colours()
        each = plot.width() / len(strip.steps)
        column = QRectF(plot.x() + self.step * each, plot.y(), max(each, 2.0), plot.height())
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(column)
        room = QRectF(plot.right() + 16, 2, self.width() - plot.right() - 24, self.height() - 4)
        if room.width() > 120:
            self._paint_list(painter, strip, room)

    def _paint_list(self, painter: QPainter, strip: MemoryStrip, room: QRectF) -> None:
        """Write what is alive at the step marked: the largest first."""
        colours, step = appearance.current_colours(), strip.steps[self.step]
        theme = DARK if appearance.is_app_dark() else LIGHT
        metrics = self.fontMetrics()
        heading = tr(
            "Step {step} of {count}: {size} alive",
            step=self.step + 1,
            count=len(strip.steps),
            size=format_bytes(step.bytes),
        )
        painter.setFont(diagram_font(12, True))
        painter.setPen(QColor(colours.text))
        painter.drawText(QRectF(room.x(), room.y(), room.width(), _ROW), _LEFT_ALIGNED, heading)
        rows = [(strip.titles[name], strip.kinds[name], size) for name, size in step.live]
        if step.inner_bytes:
            rows.append((tr("inside {op}", op=strip.titles[step.node]), strip.kinds[step.node], step.inner_bytes))
        rows.sort(key=lambda row: -row[2])
        fitting = max(int((room.height() - _ROW) // _ROW), 1)
        painter.setFont(diagram_font(12))
        for line, (title, kind, size) in enumerate(rows[:fitting]):
            top = room.y() + _ROW * (line + 1)
            if line == fitting - 1 and len(rows) > fitting:
                left = sum(row[2] for row in rows[line:])
                title = tr("{count} more", count=len(rows) - line)
                size = left
            else:
                painter.fillRect(QRectF(room.x(), top + 5, 10, 10), theme.calm_kind_colour(kind))
            painter.setPen(QColor(colours.text))
            name = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, int(room.width() - 100))
            painter.drawText(QRectF(room.x() + 16, top, room.width() - 96, _ROW), _LEFT_ALIGNED, name)
            painter.setPen(QColor(colours.muted))
            painter.drawText(QRectF(room.right() - 80, top, 80, _ROW), _RIGHT, format_bytes(size))

    def _step_at(self, x: float) -> int:
        assert self._strip is not None
        plot = self._plot
        return int((x - plot.x()) / plot.width() * len(self._strip.steps))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        if event.button() == Qt.MouseButton.LeftButton:
            self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._strip is not None and event.position().x() <= self._plot.right():
            self.set_step(self._step_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._strip is not None and event.button() == Qt.MouseButton.LeftButton:
            self.step_chosen.emit(self.step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if move:
            self.set_step(self.step + move)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step_chosen.emit(self.step)
        else:
            super().keyPressEvent(event)
