"""What lists of painted rows share: the view, and the background of a row."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyleOptionViewItem

from explorer.ui.base.appearance import Colours
from explorer.ui.base.live_texts import live_text


def build_list_view(
    model: QAbstractItemModel,
    on_chosen: Callable[[QModelIndex], None],
    name: str,
    description: str,
    view_type: type[QListView] = QListView,
) -> QListView:
    """Return a read-only list without a frame. A click or Enter on a row calls `on_chosen`; `name` and `description`
    are for screen readers, and marked by `tr_noop`."""
    view = view_type()
    view.setModel(model)
    view.setFrameShape(QListView.Shape.NoFrame)
    view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    view.setMinimumHeight(90)
    view.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
    live_text(view, QListView.setAccessibleName, name)
    live_text(view, QListView.setAccessibleDescription, description)
    view.clicked.connect(on_chosen)
    view.activated.connect(on_chosen)
    return view


def paint_row_background(painter: QPainter, option: QStyleOptionViewItem, colours: Colours, *, current: bool) -> QRectF:
    """Tint a row that is current or under the pointer, and frame the one with the keyboard. Returns its rectangle."""
    state, area = option.state, QRectF(option.rect).adjusted(3, 1, -3, -1)
    tint = QColor(colours.accent)
    tint.setAlphaF(0.16 if current else 0.06 if state & QStyle.StateFlag.State_MouseOver else 0.0)
    has_keyboard = bool(state & QStyle.StateFlag.State_HasFocus)
    painter.setPen(QPen(QColor(colours.accent), 1) if has_keyboard else Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
    return area
