"""The way to what is selected: Network › Stage 3 › Residual block · 1 › Conv 3×3."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

if TYPE_CHECKING:
    from explorer.present.places import Crumb

_MOST = 60  # siblings that a menu lists around the one that is there


class Trail(QWidget):
    """A click on a step goes there, the arrow before it lists what stands beside it. Where there is no room for all
    steps, the first ones are behind "…"."""

    wanted = Signal(str)  # id of a place; empty for the whole network

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
        self._more = self._button("…", "The steps before")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setMenu(QMenu(self._more))
        self._row.addWidget(self._more)
        self._row.addStretch(1)
        self._more.hide()

    def minimumSizeHint(self) -> QSize:
        return QSize(60, super().minimumSizeHint().height())

    def show_trail(self, title: str, crumbs: tuple[Crumb, ...]) -> None:
        """Show the way to a place of the network `title`; without crumbs, only the network."""
        if (title, crumbs) == (self._title, self._crumbs):
            return
        self._title, self._crumbs = title, crumbs
        for button in (*self.steps, *self._arrows):
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.steps, self._arrows = [], []
        if title:
            self._add(self._step(title, "The whole network", ""))
        for crumb in crumbs:
            arrow = self._arrow(crumb)
            self._arrows.append(arrow)
            self._row.insertWidget(self._row.count() - 1, arrow)
            self._add(self._step(crumb.title, crumb.id.removeprefix("unit:"), crumb.id))
        self._fit()

    def _add(self, button: QToolButton) -> None:
        self.steps.append(button)
        self._row.insertWidget(self._row.count() - 1, button)

    def _step(self, text: str, tip: str, id: str) -> QToolButton:
        made = self._button(text.replace("&", "&&"), tip)
        made.clicked.connect(lambda _=False: self.wanted.emit(id))
        return made

    def _arrow(self, crumb: Crumb) -> QToolButton:
        made = self._button("›", f"What stands beside {crumb.title}")
        made.setStyleSheet("QToolButton::menu-indicator { image: none; width: 0; }")
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(made)
        menu.aboutToShow.connect(lambda: self._fill(menu, crumb))
        made.setMenu(menu)
        return made

    def _fill(self, menu: QMenu, crumb: Crumb) -> None:
        menu.clear()
        here = next((n for n, (id, _) in enumerate(crumb.siblings) if id == crumb.id), 0)
        first = max(min(here - _MOST // 2, len(crumb.siblings) - _MOST), 0)
        for id, title in crumb.siblings[first : first + _MOST]:
            action = menu.addAction(title.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(id == crumb.id)
            action.triggered.connect(self._wanting(id))

    def _wanting(self, id: str) -> Callable[[], None]:
        return lambda: self.wanted.emit(id)

    def _button(self, text: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setText(text)
        made.setToolTip(tip)
        made.setAccessibleName(f"{text}, {tip}")
        made.setProperty("role", "muted")
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return made

    # room

    def _fit(self) -> None:
        """Hide steps from the left until the rest has room; the last one always stays."""
        pairs = list(zip([None, *self._arrows], self.steps, strict=False))
        widths = [(a.sizeHint().width() if a else 0) + step.sizeHint().width() for a, step in pairs]
        room, first = self.width() - self._more.sizeHint().width(), 0
        while first < len(pairs) - 1 and sum(widths[first:]) > room + (0 if first else self._more.sizeHint().width()):
            first += 1
        for number, (arrow, step) in enumerate(pairs):
            step.setVisible(number >= first)
            if arrow is not None:
                arrow.setVisible(number >= first)
        self._more.setVisible(first > 0)
        menu = self._more.menu()
        menu.clear()
        for id, title in [("", self._title), *((crumb.id, crumb.title) for crumb in self._crumbs)][:first]:
            menu.addAction(title.replace("&", "&&")).triggered.connect(self._wanting(id))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
