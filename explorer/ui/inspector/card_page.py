"""The page of the inspector about one card: its title, figures, cost formula and options."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSpacerItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr, tr_noop
from explorer.ui.base.fonts import scaled
from explorer.ui.base.live_texts import live_text
from explorer.ui.inspector.formula_box import FormulaBox
from explorer.ui.inspector.option_row import OptionRow
from explorer.ui.inspector.scopes import ScopeOptions
from explorer.ui.widgets.labels import keep_words_whole, text_label
from explorer.viewmodels.panels import Inspection, Option

#: Kinds of ops and roles of groups, as the small label beside a title names them.
_KINDS = (
    *(tr_noop("conv"), tr_noop("depthwise"), tr_noop("linear"), tr_noop("norm"), tr_noop("activation")),
    *(tr_noop("pool"), tr_noop("add"), tr_noop("concat"), tr_noop("multiply"), tr_noop("split"), tr_noop("shuffle")),
    *(tr_noop("reshape"), tr_noop("dropout"), tr_noop("attention"), tr_noop("constant"), tr_noop("other")),
    *(tr_noop("input"), tr_noop("output"), tr_noop("network"), tr_noop("stem"), tr_noop("stage"), tr_noop("block")),
    *(tr_noop("branch"), tr_noop("unit"), tr_noop("gate"), tr_noop("head"), tr_noop("selection")),
)
_ZERO_WIDTH_SPACE = "\u200b"  # a line may break here
_IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")  # "(7.5 %)" stays together
_MAX_WORD = 150  # pixels that a word of a figure may ask for
_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse


class CardPage(QWidget):
    """The page about one card, in a scroll area of its own."""

    def __init__(self, inspection: Inspection, scope: str) -> None:
        super().__init__()
        self._layout_key = _layout_key(inspection)
        self._title = text_label("", "title")
        self._kind = text_label("", "kind", small=True, wraps=False)
        self._path, self._copy = text_label("", "muted"), QToolButton()
        self._description, self.formula = text_label(""), FormulaBox()
        self._values: list[QLabel] = []
        live_text(self._copy, QToolButton.setText, "Copy")
        self._copy.setAutoRaise(True)
        self._copy.setProperty("role", "muted")
        live_text(self._copy, QWidget.setToolTip, "Copy path")
        live_text(self._copy, QWidget.setAccessibleName, "Copy path")
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(inspection.path))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(8)
        column.addWidget(self._title)
        head = QHBoxLayout()
        head.addWidget(self._kind, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._path, 1)
        head.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        column.addWidget(self._description)
        column.addLayout(self._build_figures(inspection))
        column.addWidget(self.formula)
        self.scopes = ScopeOptions(inspection.options, scope)
        self._room_above, self._room_below = (
            QSpacerItem(0, 0),
            QSpacerItem(0, 0),
        )  # that a control in use stays in place
        column.addSpacerItem(self._room_above)
        column.addWidget(self.scopes)
        column.addSpacerItem(self._room_below)
        column.addStretch(1)
        self.scroll_area = _build_scroll_area(self)
        self.fill(inspection)

    @property
    def path(self) -> str:
        return self.inspection.path

    def scroll_to(self, place: int) -> None:
        """Scroll down by so many pixels, as high as the page is going to be."""
        bar = self.scroll_area.verticalScrollBar()
        bar.setRange(0, max(self._lay_out() - self.scroll_area.viewport().height(), 0))
        bar.setValue(place)

    def find_control_in_use(self) -> tuple[tuple[str, str], int] | None:
        """Return the option whose control has the keys, and how far below the upper edge of the panel it stands."""
        for key, row in self.options.items():
            if row.control.hasFocus() and row.isVisible():
                self._lay_out()  # what was shown in this turn of the event loop has no place yet
                return key, self._place_of(row.control) - self.scroll_area.verticalScrollBar().value()
        return None

    def hold(self, key: tuple[str, str], place: int) -> None:
        """Let the control of an option stand as far below the upper edge of the panel as it did: the page scrolls, and
        has room below, or above its options, where there is nothing to scroll."""
        viewport, width = self.scroll_area.viewport(), -1
        while key in self.options and viewport.width() != width:
            width = viewport.width()
            self._set_room(0, 0)
            self._lay_out()
            scrolled = self._place_of(self.options[key].control) - place
            self._set_room(max(-scrolled, 0), max(scrolled + viewport.height() - self._lay_out(), 0))
            self.scroll_to(max(scrolled, 0))
            if self.scroll_area.verticalScrollBar().maximum():  # it takes room now, not later: lines are wrapped anew
                self.scroll_area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)

    def _set_room(self, above: int, below: int) -> None:
        self._room_above.changeSize(0, above)
        self._room_below.changeSize(0, below)

    def _place_of(self, control: QWidget) -> int:
        return control.mapTo(self, QPoint(0, 0)).y()

    def _lay_out(self) -> int:
        """Give everything the place that it is going to have at the width of the panel; return the height."""
        self._lay_out_once()
        return self._lay_out_once()  # names of figures, and what was shown just now, are wrapped by what the first gave

    def _lay_out_once(self) -> int:
        for widget in (*reversed(self.findChildren(QWidget)), self):
            if (layout := widget.layout()) is not None:
                layout.invalidate()
        width = self.scroll_area.viewport().width()
        self.resize(width, max(self.heightForWidth(width), self.scroll_area.viewport().height()))
        for widget in (self, *self.findChildren(QWidget)):
            if (layout := widget.layout()) is not None:
                layout.activate()
        return self.heightForWidth(width)

    @property
    def options(self) -> dict[tuple[str, str], OptionRow]:
        return self.scopes.rows

    def minimumSizeHint(self) -> QSize:
        # What wrapped labels would need in a column of no width is of no interest: the area asks heightForWidth.
        return QSize(0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Names of figures wrap only where they would take half of the room."""
        super().resizeEvent(event)
        widest = max(map(self.fontMetrics().horizontalAdvance, self._names), default=0) + 2
        self._figures.setColumnMinimumWidth(0, min(widest, self.width() // 2 - 20))

    def event(self, event: QEvent) -> bool:
        # A label that now takes another number of lines changes the height.
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)

    def can_show(self, inspection: Inspection) -> bool:
        """Return whether an inspection has exactly the rows and options of this page."""
        return _layout_key(inspection) == self._layout_key

    def fill(self, inspection: Inspection) -> None:
        self.scroll_area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.inspection = inspection
        self._title.setText(inspection.title)
        self._kind.setText(tr(inspection.kind))
        self._path.setText(f".{_ZERO_WIDTH_SPACE}".join(inspection.path.split(".")))
        self._description.setText(inspection.description)
        self.formula.show_formula(inspection.formula, inspection.cost_breakdown)
        for line in (self._description, self._kind):
            line.setVisible(bool(line.text()))
        self._copy.setVisible(bool(inspection.path))
        for value, (_, text) in zip(self._values, inspection.rows, strict=True):
            value.setText(_IN_BRACKETS.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text))
            keep_words_whole(value, scaled(_MAX_WORD))
        self.scopes.show_options(inspection.options)

    def _build_figures(self, inspection: Inspection) -> QGridLayout:
        self._figures = grid = QGridLayout()
        self._names = tuple(name for name, _ in inspection.rows)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for at, (name, _) in enumerate(inspection.rows):
            value = text_label("")
            value.setTextInteractionFlags(_SELECTABLE)
            grid.addWidget(text_label(name, "muted"), at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, at, 1, Qt.AlignmentFlag.AlignTop)
            self._values.append(value)
        return grid


def _build_scroll_area(page: QWidget) -> QScrollArea:
    made = QScrollArea()
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the tab key goes to what is in it
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setWidget(page)
    return made


def _layout_key(inspection: Inspection) -> tuple[object, ...]:
    """Return what decides which widgets a page consists of."""
    return (
        tuple(name for name, _ in inspection.rows),
        tuple((o.title, o.scope, o.control, bool(o.reason), _button_labels(o)) for o in inspection.options),
    )


def _button_labels(option: Option) -> tuple[str, ...]:
    return tuple(choice.label for choice in option.choices) if option.control == "actions" else ()
