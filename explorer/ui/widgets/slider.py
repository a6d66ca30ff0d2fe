"""A slider over a list of choices that reports moves of its handle, and each gesture once when it ends."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from explorer.base.languages import tr

_COMMIT_DELAY_MS = 600  # milliseconds after the last key until the choice counts


class ChoiceSlider(QWidget):
    """A slider with a label for the choice under the handle."""

    handle_moved = Signal(int)  # the choice under the handle, while it moves
    value_committed = Signal(int)  # the choice it was let go at; once for each gesture
    reverted = Signal()  # back where it was: nothing was chosen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[str] = []
        self._current = -1
        self._slider = _NoWheelSlider(Qt.Orientation.Horizontal)
        self._slider.setPageStep(1)
        self._value = QLabel()
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._commit_timer = QTimer(self)
        self._commit_timer.setSingleShot(True)
        self._commit_timer.setInterval(_COMMIT_DELAY_MS)
        self._commit_timer.timeout.connect(self._commit)
        self._slider.valueChanged.connect(self._on_value_changed)
        self._slider.sliderReleased.connect(self._commit)
        self._slider.installEventFilter(self)
        self.setFocusProxy(self._slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._slider, 1)
        row.addWidget(self._value)

    def sizeHint(self) -> QSize:
        return QSize(160, 24)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self._slider.setAccessibleName(name)

    @property
    def text(self) -> str:
        """The label shown: that of the choice under the handle."""
        return self._value.text()

    def show_choices(self, labels: list[str], current: int) -> None:
        """Set the choices and the current one, -1 when values differ. Ignored while the handle is being moved."""
        if self._slider.isSliderDown() or self._commit_timer.isActive():
            return
        self._labels, self._current = labels, current
        self._slider.blockSignals(True)
        self._slider.setRange(0, max(len(labels) - 1, 0))
        self._slider.setValue(max(current, 0))
        self._slider.blockSignals(False)
        widest = max((self._value.fontMetrics().horizontalAdvance(text) for text in (*labels, tr("mixed"))), default=0)
        self._value.setMinimumWidth(widest + 2)
        self._value.setText(labels[current] if current >= 0 else tr("mixed") if labels else "–")

    def setEnabled(self, enabled: bool) -> None:
        super().setEnabled(enabled)
        self._slider.setEnabled(enabled)

    def hasFocus(self) -> bool:
        return self._slider.hasFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and self._commit_timer.isActive():
            self._commit()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._commit_timer.isActive():
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._commit()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._revert()
                return True
        return super().eventFilter(watched, event)

    def _on_value_changed(self, index: int) -> None:
        if not 0 <= index < len(self._labels):
            return
        self._value.setText(self._labels[index])
        self.handle_moved.emit(index)
        if not self._slider.isSliderDown():  # a key: it counts when the keys rest
            self._commit_timer.start()

    def _commit(self) -> None:
        self._commit_timer.stop()
        at = self._slider.value()
        if at == self._current:
            self.reverted.emit()
        elif 0 <= at < len(self._labels):
            self._current = at
            self.value_committed.emit(at)

    def _revert(self) -> None:
        self._commit_timer.stop()
        self.show_choices(self._labels, self._current)
        self.reverted.emit()


class _NoWheelSlider(QSlider):
    """Leaves the wheel to the panel."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
