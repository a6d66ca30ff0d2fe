"""Combo boxes whose entries have data of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

from explorer.base.languages import tr

_PADDING, _SCROLL_BAR = 3, 24  # pixels
_SOURCE_ROLE = Qt.ItemDataRole.UserRole + 1  # the English text of an entry


class ElidedComboBox(QComboBox):
    """A box that may be narrower than its entries: what is chosen ends with an ellipsis there, and is whole in the list
    and in the tooltip."""

    def __init__(self, least_letters: int) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(least_letters)

    def paintEvent(self, event: QPaintEvent) -> None:
        option, style = QStyleOptionComboBox(), self.style()
        self.initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = style.subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width() - 2 * _PADDING
        metrics = self.fontMetrics()
        option.currentText = metrics.elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + _SCROLL_BAR)  # entries are not cut there
        super().showPopup()


def build_combo_box(entries: Mapping[str, Any]) -> QComboBox:
    """Return a combo box with these entries: text and data."""
    box = QComboBox()
    fill_combo_box(box, entries)
    return box


def fill_combo_box(box: QComboBox, entries: Mapping[str, Any]) -> None:
    """Replace the entries of a combo box without a signal; texts are translated."""
    box.blockSignals(True)
    box.clear()
    for text, value in entries.items():
        box.addItem(tr(text), value)
    box.blockSignals(False)


def allow_typing(box: QComboBox) -> None:
    """Let any text be typed into a box, which counts as it was typed.

    Qt would complete it in the line: "4" becomes 40 where that is listed, and Enter on a selected text its first entry.
    """
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setCompleter(None)  # type: ignore[arg-type]  # missing in the stubs


def translate_items(box: QComboBox) -> None:
    """Translate the entries of a box whose texts are English the first time: for `follow_language`."""
    for index in range(box.count()):
        if box.itemData(index, _SOURCE_ROLE) is None:
            box.setItemData(index, box.itemText(index), _SOURCE_ROLE)
        box.setItemText(index, tr(box.itemData(index, _SOURCE_ROLE)))


def select_data(box: QComboBox, value: Any) -> None:
    """Select the entry with this data; where there is none, leave the selection."""
    for index in range(box.count()):
        if box.itemData(index) == value:
            box.setCurrentIndex(index)
            return


def set_item_enabled(box: QComboBox, value: Any, allowed: bool) -> None:
    """Allow or forbid the entry with this data."""
    for index in range(box.count()):
        if box.itemData(index) == value:
            item = box.model().item(index)  # type: ignore[attr-defined]
            item.setEnabled(allowed)
