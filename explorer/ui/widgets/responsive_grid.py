"""Grid whose widgets stand side by side where it is wide and one below the other where it is tall."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from explorer.ui.base.fonts import size_with_font

#: Row, column, row span, column span of each widget, the main one first; stretch factors of columns and of rows.
_Arrangement = tuple[tuple[tuple[int, int, int, int], ...], tuple[int, ...], tuple[int, ...]]

_ROW_ARRANGEMENTS: dict[int, _Arrangement] = {
    1: (((0, 0, 1, 1),), (1,), (1,)),
    2: (((0, 0, 1, 1), (0, 1, 1, 1)), (5, 4), (1,)),
    3: (((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1)), (5, 3, 2), (1,)),
    4: (((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1), (0, 3, 1, 1)), (5, 3, 3, 2), (1,)),
}
#: The last widget becomes a strip below the others.
_STRIP_ARRANGEMENTS: dict[int, _Arrangement] = {
    3: (((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 2)), (4, 3), (1, 0)),
    4: (((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1), (1, 0, 1, 3)), (4, 3, 3), (1, 0)),
}
_COLUMN_ARRANGEMENTS: dict[int, _Arrangement] = {
    4: (((0, 0, 2, 1), (0, 1, 2, 1), (0, 2, 1, 1), (1, 2, 1, 1)), (5, 4, 3), (1, 1)),
}
_TALL_ARRANGEMENTS: dict[int, _Arrangement] = {
    2: (((0, 0, 1, 1), (1, 0, 1, 1)), (1,), (3, 2)),
    3: (((0, 0, 1, 1), (1, 0, 1, 1), (2, 0, 1, 1)), (1,), (3, 3, 2)),
    4: (((0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1), (2, 0, 1, 2)), (1, 1), (3, 2, 1)),
}
_STRIP_BELOW = 680  # pixels below which three or four widgets do not fit in one row
_ONE_ROW_FROM = 1100  # pixels from which four do


class ResponsiveGrid(QWidget):
    """Shows some of its widgets and gives the first of them the most room."""

    strip_changed = Signal(bool)  # whether the last widget is a strip below the others, as high as it needs to be

    def __init__(self, widgets: Sequence[QWidget]) -> None:
        super().__init__()
        self._widgets = tuple(widgets)
        self._visible_widgets: tuple[QWidget, ...] = ()
        self._current_arrangement: tuple[_Arrangement, tuple[QWidget, ...]] | None = None
        self._cells = QGridLayout(self)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setHorizontalSpacing(12)
        self._cells.setVerticalSpacing(6)
        for widget in widgets:
            self._cells.addWidget(widget, 0, 0)
            widget.hide()

    def show_widgets(self, *widgets: QWidget) -> None:
        """Show these widgets, the most important first, and hide the others."""
        self._visible_widgets = widgets
        for widget in self._widgets:
            widget.setVisible(widget in widgets)
        self._update_arrangement()
        self._cells.activate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_arrangement()

    def _update_arrangement(self) -> None:
        if not self._visible_widgets:
            return
        width = self.width()
        wide = (
            _STRIP_ARRANGEMENTS
            if width < _STRIP_BELOW
            else _COLUMN_ARRANGEMENTS
            if width < _ONE_ROW_FROM
            else _ROW_ARRANGEMENTS
        )
        arrangements = _TALL_ARRANGEMENTS if width < 0.9 * self.height() else wide
        plan = arrangements.get(len(self._visible_widgets), _ROW_ARRANGEMENTS[len(self._visible_widgets)])
        if (
            self._current_arrangement is not None
            and self._current_arrangement[0] is plan
            and self._current_arrangement[1] == self._visible_widgets
        ):
            return
        self._current_arrangement = (plan, self._visible_widgets)
        self.strip_changed.emit(plan in _STRIP_ARRANGEMENTS.values())
        cells, across, down = plan
        for number in range(4):
            self._cells.setColumnStretch(number, across[number] if number < len(across) else 0)
            self._cells.setRowStretch(number, down[number] if number < len(down) else 0)
        for widget, cell in zip(self._visible_widgets, cells, strict=True):
            self._cells.addWidget(widget, *cell)


def with_caption(widget: QWidget, caption: QLabel) -> QWidget:
    """Return the widget with a caption of two lines below it; the text of the caption never moves the widget."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(widget, 1)
    caption.setProperty("role", "muted")
    caption.setWordWrap(True)
    caption.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    size_with_font(caption, _show_two_lines, 0)
    caption.installEventFilter(_TooltipOfText(caption))
    column.addWidget(caption)
    return box


class _TooltipOfText(QObject):
    """Lets a label say the whole of its text where it has no room for it."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Paint, QEvent.Type.ToolTip) and isinstance(watched, QLabel):
            is_cut = watched.heightForWidth(watched.width()) > watched.height()
            text = watched.text() if is_cut else ""
            if watched.toolTip() != text:
                watched.setToolTip(text)
        return False


def _show_two_lines(caption: QLabel, _: int) -> None:
    caption.setFixedHeight(2 * caption.fontMetrics().lineSpacing() + 2)
