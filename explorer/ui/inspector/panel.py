"""The inspector: the selected card with its figures, cost formula and options."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from explorer.base.languages import tr_noop
from explorer.ui.base.fonts import scaled
from explorer.ui.base.live_texts import live_text
from explorer.ui.inspector.card_page import CardPage
from explorer.ui.widgets.labels import text_label
from explorer.viewmodels.panels import Inspection

_PLACEHOLDER = tr_noop("Open a network to see its layers and what can be changed.")
_MIN_WIDTH = 230  # pixels
_MAX_SET_ASIDE = 4  # pages of about a hundred widgets


class InspectorPanel(QWidget):
    """Shows one inspection at a time; emits the edits that the user hovers and requests."""

    edit_requested = Signal(object)  # the edit the user asks for
    edit_hovered = Signal(object)  # the edit the user points at or drags over; None when no longer
    inspection_shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inspection: Inspection | None = None
        self._page: CardPage | None = None
        self._set_aside: list[CardPage] = []  # the one seen last at the end
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
        possible, and the control in use stays where it is, whatever came or went above it."""
        before, self.inspection = self.inspection, inspection
        held = self._page.find_control_in_use() if self._page is not None else None
        if inspection is None or self._page is None or before is None or before.path != inspection.path:
            self._replace_page(inspection)
        elif not self._page.can_show(inspection):
            self._rebuild_page(inspection)
        else:
            self._page.fill(inspection)
        if held is not None and self._page is not None and before is not None and before.path == self._page.path:
            self._page.hold(*held)
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

    def _find_page(self, inspection: Inspection, scope: str) -> CardPage:
        """Return the page that was set aside with just this inspection, or else a new one."""
        for page in self._set_aside:
            if page.inspection is inspection:
                self._set_aside.remove(page)
                return page
        page = CardPage(inspection, scope)
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
