"""A slider over a list of choices: shows what it would set while it moves, and says it once when it is let go."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

_REST = 600  # milliseconds after the last key until the choice counts


class ChoiceSlider(QWidget):
    moved = Signal(int)  # the choice under the handle, while it moves
    chosen = Signal(int)  # the choice it was let go at; once for each gesture
    left = Signal()  # back where it was: nothing was chosen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[str] = []
        self._present = -1
        self._bar = _Bar(Qt.Orientation.Horizontal)
        self._bar.setPageStep(1)
        self._value = QLabel()
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST)
        self._rest.timeout.connect(self._settle)
        self._bar.valueChanged.connect(self._move)
        self._bar.sliderReleased.connect(self._settle)
        self._bar.installEventFilter(self)
        self.setFocusProxy(self._bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._bar, 1)
        row.addWidget(self._value)

    def sizeHint(self) -> QSize:
        return QSize(160, 24)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self._bar.setAccessibleName(name)

    @property
    def text(self) -> str:
        return self._value.text()

    def show_choices(self, labels: list[str], present: int) -> None:
        """Show these choices with one of them set; -1 when they differ. Not while it is being moved."""
        if self._bar.isSliderDown() or self._rest.isActive():
            return
        self._labels, self._present = labels, present
        self._bar.blockSignals(True)
        self._bar.setRange(0, max(len(labels) - 1, 0))
        self._bar.setValue(max(present, 0))
        self._bar.blockSignals(False)
        widest = max((self._value.fontMetrics().horizontalAdvance(text) for text in (*labels, "mixed")), default=0)
        self._value.setMinimumWidth(widest + 2)
        self._value.setText(labels[present] if present >= 0 else "mixed" if labels else "–")

    def setEnabled(self, enabled: bool) -> None:
        super().setEnabled(enabled)
        self._bar.setEnabled(enabled)

    def hasFocus(self) -> bool:
        return self._bar.hasFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and self._rest.isActive():
            self._settle()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._rest.isActive():
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._settle()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._go_back()
                return True
        return super().eventFilter(watched, event)

    def _move(self, at: int) -> None:
        if not 0 <= at < len(self._labels):
            return
        self._value.setText(self._labels[at])
        self.moved.emit(at)
        if not self._bar.isSliderDown():  # a key: it counts when the keys rest
            self._rest.start()

    def _settle(self) -> None:
        self._rest.stop()
        at = self._bar.value()
        if at == self._present:
            self.left.emit()
        elif 0 <= at < len(self._labels):
            self._present = at
            self.chosen.emit(at)

    def _go_back(self) -> None:
        self._rest.stop()
        self.show_choices(self._labels, self._present)
        self.left.emit()


class _Bar(QSlider):
    """Leaves the wheel to the panel, and jumps to where it is clicked."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
