"""Breadcrumb of the selected card: Network › Stage 3 › Residual block · 1 › Conv 3×3."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from explorer.base.languages import tr
from explorer.ui.base.live_texts import live_text
from explorer.viewmodels.card_ids import describe_card_id

if TYPE_CHECKING:
    from explorer.presenters.search_index import Crumb

_NO_ARROW = "QToolButton { padding-right: 5px; } QToolButton::menu-indicator { image: none; width: 0; }"
_MAX_SIBLINGS = 60  # siblings that a menu lists around the one that is there


class Breadcrumb(QWidget):
    """Path to a card. A click on a step goes there, the arrow before it lists its siblings; steps without room move
    into the menu of a "…" button."""

    card_requested = Signal(object)  # id of a card; empty for the whole network

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._title = ""
        self._crumbs: tuple[Crumb, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self.steps: list[QToolButton] = []  # the network's and those of the crumbs, outermost first
        self._arrows: list[QToolButton] = []
        self._overflow_button = self._build_button("…", "")
        live_text(self._overflow_button, QToolButton.setToolTip, "Show hidden steps")
        self._overflow_button.setStyleSheet(_NO_ARROW)
        self._overflow_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._overflow_button.setMenu(QMenu(self._overflow_button))
        self._row.addWidget(self._overflow_button)
        self._row.addStretch(1)
        self._overflow_button.hide()

    def minimumSizeHint(self) -> QSize:
        return QSize(60, super().minimumSizeHint().height())

    def show_path(self, title: str, crumbs: tuple[Crumb, ...]) -> None:
        """Show the path to a card of the network `title`; without crumbs, the network only."""
        if (title, crumbs) == (self._title, self._crumbs):
            return
        self._title, self._crumbs = title, crumbs
        for button in (*self.steps, *self._arrows):
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.steps, self._arrows = [], []
        if title:
            self._append_step(self._build_step(title, tr("Whole network"), ""))
        for crumb in crumbs:
            arrow = self._build_arrow(crumb)
            self._arrows.append(arrow)
            self._row.insertWidget(self._row.count() - 1, arrow)
            self._append_step(self._build_step(crumb.title, describe_card_id(crumb.id), crumb.id))
        self._hide_overflow()

    def _append_step(self, button: QToolButton) -> None:
        self.steps.append(button)
        self._row.insertWidget(self._row.count() - 1, button)

    def _build_step(self, text: str, tooltip: str, card_id: str) -> QToolButton:
        button = self._build_button(text.replace("&", "&&"), tooltip)
        button.clicked.connect(lambda _=False: self.card_requested.emit(card_id))
        return button

    def _build_arrow(self, crumb: Crumb) -> QToolButton:
        button = self._build_button("›", tr("Siblings of {card}", card=crumb.title))
        button.setStyleSheet(_NO_ARROW)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.aboutToShow.connect(lambda: self._fill_siblings(menu, crumb))
        button.setMenu(menu)
        return button

    def _fill_siblings(self, menu: QMenu, crumb: Crumb) -> None:
        menu.clear()
        current = next((n for n, (id, _) in enumerate(crumb.siblings) if id == crumb.id), 0)
        first = max(min(current - _MAX_SIBLINGS // 2, len(crumb.siblings) - _MAX_SIBLINGS), 0)
        for id, title in crumb.siblings[first : first + _MAX_SIBLINGS]:
            action = menu.addAction(title.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(id == crumb.id)
            action.triggered.connect(self._request_slot(id))

    def _request_slot(self, card_id: str) -> Callable[[], None]:
        return lambda: self.card_requested.emit(card_id)

    def _build_button(self, text: str, tooltip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tooltip)
        button.setAccessibleName(f"{text}, {tooltip}")
        button.setProperty("role", "muted")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    # overflow

    def _hide_overflow(self) -> None:
        """Hide steps from the left until the others fit; the last one always stays."""
        pairs = list(zip([None, *self._arrows], self.steps, strict=False))
        widths = [(a.sizeHint().width() if a else 0) + step.sizeHint().width() for a, step in pairs]
        available, first = self.width() - self._overflow_button.sizeHint().width(), 0
        while first < len(pairs) - 1 and sum(widths[first:]) > available + (
            0 if first else self._overflow_button.sizeHint().width()
        ):
            first += 1
        for number, (arrow, step) in enumerate(pairs):
            step.setVisible(number >= first)
            if arrow is not None:
                arrow.setVisible(number >= first)
        self._overflow_button.setVisible(first > 0)
        menu = self._overflow_button.menu()
        menu.clear()
        for id, title in [("", self._title), *((crumb.id, crumb.title) for crumb in self._crumbs)][:first]:
            menu.addAction(title.replace("&", "&&")).triggered.connect(self._request_slot(id))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hide_overflow()
