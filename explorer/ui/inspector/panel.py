"""The inspector: the selected card with its figures, cost formula and options."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
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

_PLACEHOLDER = tr_noop("Open a network to see its layers and what can be changed.")
#: Kinds of ops and roles of groups, as the small label beside a title names them.
_KINDS = (
    *(tr_noop("conv"), tr_noop("depthwise"), tr_noop("linear"), tr_noop("norm"), tr_noop("activation")),
    *(tr_noop("pool"), tr_noop("add"), tr_noop("concat"), tr_noop("multiply"), tr_noop("split"), tr_noop("shuffle")),
    *(tr_noop("reshape"), tr_noop("dropout"), tr_noop("attention"), tr_noop("constant"), tr_noop("other")),
    *(tr_noop("input"), tr_noop("output"), tr_noop("network"), tr_noop("stem"), tr_noop("stage"), tr_noop("block")),
    *(tr_noop("branch"), tr_noop("unit"), tr_noop("gate"), tr_noop("head"), tr_noop("selection")),
)
_MIN_WIDTH = 230  # pixels
_MAX_SET_ASIDE = 4  # pages of about a hundred widgets
_ZERO_WIDTH_SPACE = "\u200b"  # a line may break here
_IN_BRACKETS = re.compile(r"\([^()]*\)")  # "(7.5 %)" stays together
_MAX_WORD = 150  # pixels that a word of a figure may ask for
_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse


class InspectorPanel(QWidget):
    """Shows one inspection at a time; emits the edits that the user hovers and requests."""

    edit_requested = Signal(object)  # the edit the user asks for
    edit_hovered = Signal(object)  # the edit the user points at or drags over; None when no longer
    inspection_shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inspection: Inspection | None = None
        self._page: _CardPage | None = None
        self._set_aside: list[_CardPage] = []  # the one seen last at the end
        self._pages = QStackedWidget()
        self._empty = live_text(text_label("", "muted"), QLabel.setText, _PLACEHOLDER)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(24, 0, 24, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        self._pages.addWidget(self._empty)
        self.show_inspection(None)

    def sizeHint(self) -> QSize:
        return QSize(330, 500)

    def minimumSizeHint(self) -> QSize:
        return QSize(scaled(_MIN_WIDTH), 120)

    def hideEvent(self, event: QHideEvent) -> None:
        self.edit_hovered.emit(None)  # nothing is pointed at on a page that lies behind another
        super().hideEvent(event)

    def show_inspection(self, inspection: Inspection | None) -> None:
        """Show a selection. After an edit of the same one, its widgets, scroll position and focus are kept where
        possible."""
        before, self.inspection = self.inspection, inspection
        if inspection is None or self._page is None or before is None or before.path != inspection.path:
            self._replace_page(inspection)
        elif not self._page.can_show(inspection):
            self._rebuild_page(inspection)
        else:
            self._page.fill(inspection)
        self.inspection_shown.emit()

    def set_page_aside(self) -> None:
        """Keep the page as it is for when its inspection is shown again: another document comes into sight, and what
        is shown next is of that one."""
        if self._page is not None:
            self._set_aside.append(self._page)
            self._page = None
        while len(self._set_aside) > _MAX_SET_ASIDE:
            self._set_aside.pop(0).scroll_area.deleteLater()

    def reveal_control(self, title: str, scope: str) -> QWidget:
        """Bring the control of an option into view and return it."""
        assert self._page is not None
        return self._page.scopes.reveal(title, scope)

    def _replace_page(self, inspection: Inspection | None, scope: str = "") -> None:
        """Show a new page, scrolled to the top, for another selection; without a scope, its narrowest one."""
        old = self._page
        self._page = self._find_page(inspection, scope) if inspection is not None else None
        self._pages.setCurrentWidget(self._page.scroll_area if self._page is not None else self._empty)
        if old is not None:
            old.scroll_area.deleteLater()

    def _find_page(self, inspection: Inspection, scope: str) -> _CardPage:
        """Return the page that was set aside with just this inspection, or else a new one."""
        for page in self._set_aside:
            if page.inspection is inspection:
                self._set_aside.remove(page)
                return page
        page = _CardPage(inspection, scope)
        page.scopes.edit_requested.connect(self.edit_requested)
        page.scopes.edit_hovered.connect(self.edit_hovered)
        self._pages.addWidget(page.scroll_area)
        return page

    def _rebuild_page(self, inspection: Inspection) -> None:
        """Rebuild the page of the same selection, because an edit changed which rows or options it has."""
        assert self._page is not None
        place = self._page.scroll_area.verticalScrollBar().value()
        focus = next((key for key, row in self._page.options.items() if row.control.hasFocus()), None)
        paused = [key for key, row in self._page.options.items() if row.previews_paused]
        formula = self._page.formula.formula
        self._pages.setUpdatesEnabled(False)
        self._replace_page(inspection, self._page.scopes.scope)
        for key in paused:
            if key in self._page.options:
                self._page.options[key].previews_paused = True
        self._page.formula.compare_with(formula)
        self._page.scroll_to(place)
        if focus in self._page.options:
            self._page.options[focus].control.setFocus()
        self._pages.setUpdatesEnabled(True)


class _CardPage(QWidget):
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
        column.addWidget(self.scopes)
        column.addStretch(1)
        self.fill(inspection)
        self.scroll_area = _build_scroll_area(self)

    def scroll_to(self, place: int) -> None:
        """Scroll down by so many pixels, as high as the page is going to be."""
        viewport, bar = self.scroll_area.viewport(), self.scroll_area.verticalScrollBar()
        self.resize(viewport.width(), self.heightForWidth(viewport.width()))
        bar.setRange(0, max(self.height() - viewport.height(), 0))
        bar.setValue(place)

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
