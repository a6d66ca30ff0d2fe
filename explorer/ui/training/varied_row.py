"""Rows of a sweep's form: one thing that is varied, over chosen values or over a range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from explorer.base.languages import join_list, tr, with_label
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.number_boxes import DecimalBox

_LIST_ROWS = 12  # of a list before it scrolls


class VariedRow(QWidget):
    """What is varied: its name in a plan ("edits" for whichever edit comes next), its title, and its values."""

    changed = Signal()
    remove_requested = Signal()

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.name, self.title = name, title
        label = QLabel(title)
        label.setToolTip(title)
        label.setMinimumWidth(40)
        self.remove_button = QToolButton()
        self.remove_button.setText("×")
        self.remove_button.setProperty("role", "muted")
        live_text(self.remove_button, QWidget.setAccessibleName, "Vary no more")
        live_text(self.remove_button, QWidget.setToolTip, "Vary no more")
        self.remove_button.clicked.connect(self.remove_requested)
        head = QHBoxLayout()
        head.addWidget(label, 1)
        head.addWidget(self.remove_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self._column.addLayout(head)

    def values(self) -> Any:
        """Return the values as a plan has them: a list, or a range."""
        raise NotImplementedError

    def labels(self) -> tuple[str, ...]:
        """Return what tables show of the values; nothing where these say it themselves."""
        return ()

    def count(self, steps: int) -> int:
        """Return of how many values a grid is made, with so many steps of a range."""
        raise NotImplementedError


class ChoicesRow(VariedRow):
    """Values that are ticked in a list."""

    def __init__(
        self,
        name: str,
        title: str,
        labels: Sequence[str],
        values: Sequence[Any],
        checked: Sequence[int] | None = None,
    ) -> None:
        """Create a row with these values, all ticked but where `checked` has the numbers of some."""
        super().__init__(name, title)
        self._values = tuple(values)
        self.list = QListWidget()
        self.list.setAccessibleName(title)
        for number, label in enumerate(labels):
            item = QListWidgetItem(label, self.list)
            is_on = checked is None or number in checked
            item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
        height = self.list.sizeHintForRow(0) * min(len(labels), _LIST_ROWS) + 8
        self.list.setFixedSize(max(200, min(380, self.list.sizeHintForColumn(0) + 40)), height)
        self.list.itemChanged.connect(self._changed)
        self.list.itemActivated.connect(_toggle)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self.list)
        menu.addAction(action)
        self.button = QPushButton()
        self.button.setMenu(menu)
        self._column.addWidget(self.button)
        follow_language(self, ChoicesRow._show)

    def _changed(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        labels = self.labels()
        words = tr("{count} of {all}", count=len(labels), all=len(self._values))
        said = with_label(words, join_list(labels)) if labels else words
        self.button.setText(self.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, 190))
        self.button.setToolTip(said)
        self.button.setAccessibleName(with_label(self.title, said))

    def labels(self) -> tuple[str, ...]:
        return tuple(self.list.item(number).text() for number in self._ticked())

    def _ticked(self) -> list[int]:
        checked = Qt.CheckState.Checked
        return [number for number in range(self.list.count()) if self.list.item(number).checkState() == checked]

    def tick(self, *numbers: int) -> None:
        """Tick these values and no others."""
        for number in range(self.list.count()):
            self.list.item(number).setCheckState(
                Qt.CheckState.Checked if number in numbers else Qt.CheckState.Unchecked
            )

    def values(self) -> Any:
        return [self._values[number] for number in self._ticked()]

    def count(self, steps: int) -> int:
        return len(self._ticked())


class RangeRow(VariedRow):
    """Numbers from a least to a most."""

    def __init__(
        self,
        name: str,
        title: str,
        limits: tuple[float, float],
        first: tuple[float, float],
        decimals: int,
        *,
        is_log: bool,
    ) -> None:
        super().__init__(name, title)
        self._is_log, self._decimals = is_log, decimals
        self.low, self.high = (_number(value, limits, decimals) for value in first)
        live_text(self.low, QWidget.setAccessibleName, "From")
        live_text(self.high, QWidget.setAccessibleName, "To")
        row = QHBoxLayout()
        for widget in (self.low, QLabel("–"), self.high):
            row.addWidget(widget, 0 if isinstance(widget, QLabel) else 1)
        self._column.addLayout(row)
        for spin in (self.low, self.high):
            spin.valueChanged.connect(self.changed)

    def values(self) -> Any:
        found = {"low": self.low.value(), "high": self.high.value()}
        return found | ({"log": True} if self._is_log else {}) | ({} if self._decimals else {"whole": True})

    def count(self, steps: int) -> int:
        return steps


def _toggle(item: QListWidgetItem) -> None:
    is_on = item.checkState() == Qt.CheckState.Checked
    item.setCheckState(Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked)


def _number(value: float, limits: tuple[float, float], decimals: int) -> QDoubleSpinBox:
    spin = DecimalBox()
    spin.setDecimals(decimals)
    spin.setRange(*limits)
    spin.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
    spin.setValue(value)
    return spin
