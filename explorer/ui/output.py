"""What the network says of the sample image, now and as it was opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from explorer.panels import Guess, Output
from explorer.ui import appearance


class OutputPanel(QWidget):
    sample_chosen = Signal(str)
    image_wanted = Signal()
    image_dropped = Signal(str)
    image_pasted = Signal(QImage)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.photo = _Photo()
        self.samples = QComboBox()
        self.samples.setAccessibleName("Sample photo")
        self.samples.activated.connect(lambda index: self.sample_chosen.emit(self.samples.itemData(index)))
        self.open = QPushButton("Open image…")
        self.open.setToolTip("An image of your own; you can also drop or paste one here")
        self.open.clicked.connect(self.image_wanted)
        self.bars = _Bars()
        self.apart = _Apart()
        self.note = _muted("")
        self.note.setWordWrap(True)
        left = QVBoxLayout()
        left.addWidget(self.photo, 1)
        left.addWidget(self.samples)
        left.addWidget(self.open)
        right = QVBoxLayout()
        right.setSpacing(5)
        right.addWidget(self.apart)
        right.addWidget(self.bars, 1)
        right.addWidget(self.note)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 6)
        row.setSpacing(14)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.show_output(None)

    def sizeHint(self) -> QSize:
        return QSize(520, 235)

    def set_samples(self, samples: list[tuple[str, str]]) -> None:
        self.samples.clear()
        for id, label in samples:
            self.samples.addItem(label, id)

    def show_sample(self, image: QImage, name: str) -> None:
        self.photo.show_image(image, name)
        self.samples.setCurrentIndex(self.samples.findText(name))
        self.samples.setPlaceholderText(name)

    def show_output(self, output: Output | None) -> None:
        self.bars.show_guesses(output.guesses if output is not None else ())
        self.apart.show_output(output)
        if output is None:
            self.note.clear()
            return
        took = f"{output.reran}, {output.milliseconds:.0f} ms." if output.reran else f"{output.milliseconds:.0f} ms."
        self.note.setText(f"{output.note} {took[:1].upper()}{took[1:]}")
        self.note.setToolTip(self.note.text())

    def show_busy(self, busy: bool) -> None:
        self.apart.show_busy(busy)

    def show_error(self, text: str) -> None:
        self.show_output(None)
        self.note.setText(text)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _path(event.mimeData()) is not None or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._take(event.mimeData())
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self._take(QGuiApplication.clipboard().mimeData())
        else:
            super().keyPressEvent(event)

    def _take(self, content: QMimeData) -> None:
        path = _path(content)
        if path is not None:
            self.image_dropped.emit(path)
        elif content.hasImage():
            self.image_pasted.emit(QImage(content.imageData()))


def _path(content: QMimeData) -> str | None:
    """The first file of what was dropped or pasted."""
    return next((url.toLocalFile() for url in content.urls() if url.isLocalFile()), None)


class _Photo(QWidget):
    """The sample image, scaled to fit, its corners rounded."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self.setMinimumSize(120, 80)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFixedWidth(150)

    def show_image(self, image: QImage, name: str) -> None:
        self._image = image
        self.setToolTip(f"{Path(name).name}, {image.width()} × {image.height()} pixels")
        self.setAccessibleName(f"Sample image: {name}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self._image.isNull():
            painter.setPen(QPen(QColor(appearance.colours().border), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Drop an image")
            return
        size = QSize(self._image.size()).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(
            (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
        )
        clip = QPainterPath()
        clip.addRoundedRect(area, 6, 6)
        painter.setClipPath(clip)
        painter.drawImage(area, self._image)


class _Bars(QWidget):
    """For each class a solid bar for now and a ghost for before, relative to the largest."""

    def __init__(self) -> None:
        super().__init__()
        self._guesses: tuple[Guess, ...] = ()
        self.setMinimumHeight(5 * 16)

    def show_guesses(self, guesses: tuple[Guess, ...]) -> None:
        self._guesses = guesses
        said = "; ".join(f"{g.label} {100 * g.now:.1f} %, before {100 * g.before:.1f} %" for g in guesses)
        self.setAccessibleName(f"Likeliest classes: {said}" if said else "Likeliest classes")
        self.setToolTip(
            "\n".join(f"{g.label}: {100 * g.now:.3f} % now, {100 * g.before:.3f} % before" for g in guesses)
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._guesses:
            return
        c = appearance.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(self.font())
        rows = max(int(self.height() // max(metrics.height() + 1, 15)), 1)
        guesses = self._shown(rows)
        height = min(self.height() / max(len(guesses), 1), 24.0)
        number = metrics.horizontalAdvance("88.8 %  ←  88.8 %") + 6
        label = min(max(metrics.horizontalAdvance(g.label) for g in guesses) + 8, self.width() * 0.36)
        room = max(self.width() - label - number - 8, 10.0)
        largest = max(max(g.now, g.before) for g in guesses) or 1.0
        for at, guess in enumerate(guesses):
            top = at * height
            line = QRectF(0, top, label - 8, height)
            painter.setPen(QColor(c.text))
            text = metrics.elidedText(guess.label, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
            self._bar(
                painter, QRectF(label, top + height * 0.58, room * guess.before / largest, height * 0.28), c.ghost
            )
            self._bar(painter, QRectF(label, top + height * 0.14, room * guess.now / largest, height * 0.40), c.accent)
            changed = abs(guess.now - guess.before) > 5e-4
            said = f"{100 * guess.now:.1f} %" + (f"  ←  {100 * guess.before:.1f} %" if changed else "")
            painter.setPen(QColor(c.text if changed else c.muted))
            painter.drawText(QRectF(label + room + 8, top, number, height), Qt.AlignmentFlag.AlignVCenter, said)

    def _shown(self, rows: int) -> list[Guess]:
        """As many as fit: the likeliest now and before."""
        if len(self._guesses) <= rows:
            return list(self._guesses)
        kept = sorted(self._guesses, key=lambda g: -max(g.now, g.before))[:rows]
        return [guess for guess in self._guesses if guess in kept]

    def _bar(self, painter: QPainter, area: QRectF, colour: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(area.adjusted(0, 0, 1, 0), 2, 2)


class _Apart(QWidget):
    """How far the two outputs are apart: a number, a word and a meter."""

    def __init__(self) -> None:
        super().__init__()
        self._output: Output | None = None
        self._busy = False
        self.setFixedHeight(22)
        self.setToolTip(
            "Jensen–Shannon divergence of the two distributions over all classes, in bits: "
            "0 when they are equal, 1 when they have nothing in common."
        )

    def show_output(self, output: Output | None) -> None:
        self._output = output
        self.setAccessibleName(self.text)
        self.update()

    def show_busy(self, busy: bool) -> None:
        self._busy = busy
        self.update()

    @property
    def text(self) -> str:
        if self._output is None:
            return ""
        d = self._output.divergence
        word = "identical" if d == 0 else "close" if d < 0.05 else "apart" if d < 0.4 else "far apart"
        top1 = ", another class on top" if self._output.changed_top1 else ""
        return f"Before and after: {word} ({d:.3f} bits){top1}"

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = "Running…" if self._busy else self.text
        painter.setPen(QColor(c.muted if self._busy else c.text))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)
        if self._output is None or self._busy:
            return
        left = self.fontMetrics().horizontalAdvance(text) + 14
        if self.width() - left < 60:
            return
        meter = QRectF(left, self.height() / 2 - 3, min(self.width() - left, 160), 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.border))
        painter.drawRoundedRect(meter, 3, 3)
        meter.setWidth(meter.width() * self._output.divergence)
        painter.setBrush(QColor(c.accent))
        painter.drawRoundedRect(meter, 3, 3)


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * 0.9)
    label.setFont(font)
    return label
