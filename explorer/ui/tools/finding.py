"""Finding the way: search, breadcrumb, back and forward, bookmarks, all of a kind, in a strip above the canvas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.finding.search_box import SearchBox
from explorer.ui.finding.searching import Searching
from explorer.ui.finding.trail import Trail
from explorer.ui.finding.visits import Visits

if TYPE_CHECKING:
    from explorer.network import Network

_WAYS = {Qt.MouseButton.BackButton: -1, Qt.MouseButton.ForwardButton: 1}


class Finding(QObject):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk = desk
        self.visits = Visits()
        self._returning = False  # a selection that is no new visit
        self._origin: object = None
        self._make_actions()
        self.box, self.trail = SearchBox(desk.canvas), Trail()
        self.searching = Searching(desk, self.box)
        self.trail.wanted.connect(self._go)
        desk.above(self._make_strip())
        desk.offers.append(self._offers)
        desk.canvas.installEventFilter(self)
        desk.canvas.jumped.connect(self._go)
        desk.session.listen(self._changed)
        self._follow()

    def _make_actions(self) -> None:
        a = self._desk.action
        self.find = a("Edit", "Find…", lambda: self.box.take_focus(), "Ctrl+F", "Names, kinds, attributes and figures")
        self.next = a("Edit", "Find next", lambda: self.searching.step(1), "F3", "Go to the next hit")
        self.previous = a("Edit", "Find previous", lambda: self.searching.step(-1), "Shift+F3", "Go to the hit before")
        self.back = a("Go", "Back", lambda: self._travel(-1), "Alt+Left", "To where you were before")
        self.forward = a("Go", "Forward", lambda: self._travel(1), "Alt+Right", "To where you came back from")
        menu = self._desk.menu("Go")
        menu.addSeparator()
        self.mark = a("Go", "Bookmark", self._mark, "Ctrl+D", "Keep this place, or forget it, in the project too")
        self.mark.setCheckable(True)
        self.bookmarks = menu.addMenu("Bookmarks")
        self.bookmarks.aboutToShow.connect(self._list_bookmarks)

    def _make_strip(self) -> QWidget:
        strip = QFrame()
        strip.setObjectName("way")
        strip.setStyleSheet("#way { background: palette(window); border-bottom: 1px solid palette(mid); }")
        row = QHBoxLayout(strip)
        row.setContentsMargins(6, 3, 8, 3)
        row.setSpacing(2)
        for action, text in ((self.back, "‹"), (self.forward, "›")):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setText(text)
            action.changed.connect(lambda button=button, text=text: button.setText(text))
            button.setProperty("role", "muted")
            button.setAccessibleName(action.toolTip())
            row.addWidget(button)
        self.star = QToolButton()
        self.star.setProperty("role", "muted")
        self.star.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.star.setMenu(self.bookmarks)
        self.star.setStyleSheet("QToolButton { padding-right: 17px; }")  # room for the arrow
        self.star.setToolTip("Bookmark what is selected (Ctrl+D); the arrow lists all bookmarks")
        self.star.setAccessibleName("Bookmark what is selected (Ctrl+D)")
        self.star.clicked.connect(lambda: self.mark.trigger())
        row.addWidget(self.star)
        row.addWidget(self.trail, 1)
        row.addWidget(self.box)
        return strip

    # places

    @property
    def _network(self) -> Network | None:
        return self._desk.session.network

    @property
    def _selected(self) -> str | None:
        """The card that was selected last; a stack of equal cards is one."""
        selection, picture = self._desk.session.selection, self._desk.canvas.picture
        if not selection or (picture is not None and picture.card(selection) is not None):
            return selection
        return selection.split(",")[-1]

    def _go(self, id: str) -> None:
        if id:
            self._desk.intent.go_to_card(id)
        else:
            self._desk.session.select(None)
            self._desk.canvas.fit()

    def _travel(self, by: int) -> None:
        place = self.visits.go(by)
        if place is not None:
            self._returning = True
            self._desk.intent.go_to_card(place)
            self._returning = False
        self._follow()

    def _mark(self) -> None:
        if self._selected is not None:
            self._desk.session.bookmark(self._selected)

    def _list_bookmarks(self) -> None:
        self.bookmarks.clear()
        network = self._network
        marked = self._desk.session.bookmarks if network is not None else ()
        for number, id in enumerate(marked, 1):
            text = f"{_named(network, id)}\t{id.removeprefix('unit:')}".replace("&", "&&")
            action = self.bookmarks.addAction(f"&{number}  {text}" if number < 10 else text)
            action.setEnabled(_is_there(network, id))
            action.triggered.connect(self._going(id))
        if not marked:
            self.bookmarks.addAction("None yet: select a card and press Ctrl+D").setEnabled(False)

    def _going(self, id: str) -> Callable[[], None]:
        return lambda: self._go(id)

    def _offers(self, id: str) -> list[tuple[str, Callable[[], None] | None]]:
        """For the menu of a card."""
        network = self._network
        query, words = _all_like(network, id) if network is not None else ("", "")
        marked = id in self._desk.session.bookmarks
        return [
            (f"Find all: {words}", (lambda: self.searching.search(query)) if query else None),
            ("Forget bookmark" if marked else "Bookmark\tCtrl+D", lambda: self._desk.session.bookmark(id)),
        ]

    # the session

    def _changed(self, topic: Topic) -> None:
        network = self._network
        if topic == "network" and network is not None:
            if network.origin is not self._origin:
                self._origin = network.origin
                self.visits.clear()
                self.box.field.clear()
            self.visits.keep(set(network.study.hierarchy.parent))
        if topic == "selection" and self._selected is not None and not self._returning:
            self.visits.visit(self._selected)
        if topic in ("network", "selection", "bookmarks", "compared"):
            self._follow()

    def _follow(self) -> None:
        network, selected = self._network, self._selected
        self.back.setEnabled(self.visits.has_back)
        self.forward.setEnabled(self.visits.has_forward)
        marked = selected is not None and selected in self._desk.session.bookmarks
        self.mark.setEnabled(selected is not None)
        self.mark.setChecked(marked)
        self.star.setText("★" if marked else "☆")
        if network is not None:
            from explorer.present.places import trail

            self.trail.show_trail(network.title, trail(network.study, selected) if selected is not None else ())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The mouse's own buttons for back and forward."""
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress and event.button() in _WAYS:
            self._travel(_WAYS[event.button()])
            return True
        return super().eventFilter(watched, event)


def _is_there(network: Network | None, id: str) -> bool:
    return network is not None and id.split(",")[0] in network.study.hierarchy.parent


def _named(network: Network | None, id: str) -> str:
    if network is None or not _is_there(network, id):
        return "No longer there"
    from explorer.present.places import title_of

    return title_of(network.study, id)


def _all_like(network: Network, id: str) -> tuple[str, str]:
    """A query for everything of a card's kind, and what to call it."""
    from explorer.present.places import like

    return like(network.study, id)
