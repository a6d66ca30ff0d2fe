"""A slider over a list of choices that reports moves of its handle, and each gesture once when it ends.

A value can also be typed into the field beside it: the nearest choice is taken.
"""

from __future__ import annotations

import re
from fractions import Fraction

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSlider, QWidget

from explorer.base.full_width import to_half_width
from explorer.base.languages import tr
from explorer.ui.base.live_texts import live_text

_NUMBER = re.compile(r"-?\d+(?:\.\d+| ?/ ?\d+)?")
_FIELD_STYLE = "QLineEdit { background: transparent; border: 0; border-radius: 3px; padding: 0 2px; }"
_COMMIT_DELAY_MS = 600  # milliseconds after the last key until the choice counts


class ChoiceSlider(QWidget):
    """A slider with a field for the choice under the handle."""

    handle_moved = Signal(int)  # the choice under the handle, while it moves
    value_committed = Signal(int)  # the choice it was let go at; once for each gesture
    reverted = Signal()  # back where it was: nothing was chosen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[str] = []
        self._current = -1
        self._slider = _NoWheelSlider(Qt.Orientation.Horizontal)
        self._slider.setPageStep(1)
        self._value = QLineEdit()
        self._value.setFrame(False)
        self._value.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # the keyboard changes values on the slider itself
        live_text(self._value, QWidget.setToolTip, "Click to type a value")
        live_text(self._value, QWidget.setAccessibleName, "Click to type a value")
        self._value.setStyleSheet(_FIELD_STYLE)
        self._value.editingFinished.connect(self._commit_typed)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._commit_timer = QTimer(self)
        self._commit_timer.setSingleShot(True)
        self._commit_timer.setInterval(_COMMIT_DELAY_MS)
        self._commit_timer.timeout.connect(self._commit)
        self._slider.valueChanged.connect(self._on_value_changed)
        self._slider.sliderReleased.connect(self._commit)
        self._slider.installEventFilter(self)
        self._value.installEventFilter(self)
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
        self._value.setFixedWidth(widest + 8)
        self._value.setText(labels[current] if current >= 0 else tr("mixed") if labels else "–")

    def setEnabled(self, enabled: bool) -> None:
        super().setEnabled(enabled)
        self._slider.setEnabled(enabled)

    def hasFocus(self) -> bool:
        return self._slider.hasFocus() or self._value.hasFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._value:
            if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._value.isModified():
                self._revert()
                return True
            return super().eventFilter(watched, event)
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

    def _commit_typed(self) -> None:
        if not self._value.isModified():
            return
        index = find_nearest_choice(self._value.text(), self._labels)
        if index is None or index == self._current:
            self._revert()
            return
        self._slider.blockSignals(True)
        self._slider.setValue(index)
        self._slider.blockSignals(False)
        self._value.setText(self._labels[index])
        self._commit()

    def _revert(self) -> None:
        self._commit_timer.stop()
        self.show_choices(self._labels, self._current)
        self.reverted.emit()


def find_nearest_choice(text: str, labels: list[str]) -> int | None:
    """Return the index of the label that a typed text means, or of the nearest number; None for other texts."""
    if text.strip() in labels:
        return labels.index(text.strip())
    typed = _parse_number(to_half_width(text))
    numbers = {index: number for index, label in enumerate(labels) if (number := _parse_number(label)) is not None}
    if typed is None or not numbers:
        return None
    return min(numbers, key=lambda index: abs(numbers[index] - typed))


def _parse_number(text: str) -> Fraction | None:
    """Return the number in a label such as "×1/4", "0.75" or "64"; None when there is none."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    try:
        return Fraction(found.group().replace(" ", ""))
    except (ValueError, ZeroDivisionError):
        return None


class _NoWheelSlider(QSlider):
    """Leaves the wheel to the panel."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
