"""Tool of the strip above the canvas: back and forward, bookmarks, breadcrumb, search."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.ui.base.live_texts import live_text
from explorer.ui.navigation.back_forward import BackForwardList
from explorer.ui.navigation.breadcrumb import Breadcrumb
from explorer.ui.navigation.search_box import SearchBox
from explorer.ui.navigation.search_navigator import SearchNavigator
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.card_ids import card_id_of, describe_card_id, members_of

if TYPE_CHECKING:
    from explorer.network import Network

_MOUSE_STEPS = {Qt.MouseButton.BackButton: -1, Qt.MouseButton.ForwardButton: 1}


class NavigationTool(QObject):
    """Wires the strip above the canvas to the session, the menus and the mouse's own buttons."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self._context = context
        self._visited: WeakKeyDictionary[Document, BackForwardList] = WeakKeyDictionary()
        self._is_travelling = False  # the selection changes by going back or forward
        self._add_actions()
        self.search_box, self.breadcrumb = SearchBox(context.canvas), Breadcrumb()
        self.search_navigator = SearchNavigator(context, self.search_box)
        self.breadcrumb.card_requested.connect(self._go_to_card)
        context.add_strip_above_canvas(self._build_strip())
        context.card_actions.append(self._card_actions)
        context.canvas.installEventFilter(self)
        context.canvas.link_followed.connect(self._go_to_card)
        session = context.session
        session.on("network", self._on_network_changed)
        session.on("selection", self._on_selection_changed)
        session.on("bookmarks", self._update_controls)
        session.on("baseline", self._update_controls)
        session.on("language", self._update_controls)
        self._update_controls()

    def _add_actions(self) -> None:
        a = self._context.add_action
        self.find_action = a(
            "Edit",
            tr_noop("Find…"),
            lambda: self.search_box.focus_field(),
            "Ctrl+F",
            tr_noop("Search names, kinds, attributes and figures"),
            needs_network=True,
        )
        self.next_action = a(
            "Edit",
            tr_noop("Find next"),
            lambda: self.search_navigator.step(1),
            "F3",
            tr_noop("Go to the next match"),
            needs_network=True,
        )
        self.previous_action = a(
            "Edit",
            tr_noop("Find previous"),
            lambda: self.search_navigator.step(-1),
            "Shift+F3",
            tr_noop("Go to the previous match"),
            needs_network=True,
        )
        self.back_action = a(
            "Go",
            tr_noop("Back"),
            lambda: self._go_back_or_forward(-1),
            "Alt+Left",
            tr_noop("Go back to the card selected before"),
        )
        self.forward_action = a(
            "Go",
            tr_noop("Forward"),
            lambda: self._go_back_or_forward(1),
            "Alt+Right",
            tr_noop("Go forward to the card you came back from"),
        )
        menu = self._context.get_menu("Go")
        menu.addSeparator()
        self.bookmark_action = a(
            "Go",
            tr_noop("Bookmark"),
            self._toggle_bookmark,
            "Ctrl+D",
            tr_noop("Add or remove a bookmark; saved with the project"),
        )
        self.bookmark_action.setCheckable(True)
        self.bookmarks_menu = live_text(menu.addMenu(""), QMenu.setTitle, "Bookmarks")
        self.bookmarks_menu.aboutToShow.connect(self._fill_bookmarks)

    def _build_strip(self) -> QWidget:
        strip = QFrame()
        strip.setObjectName("way")
        strip.setStyleSheet("#way { background: palette(window); border-bottom: 1px solid palette(mid); }")
        row = QHBoxLayout(strip)
        row.setContentsMargins(6, 3, 8, 3)
        row.setSpacing(2)
        for action, text in ((self.back_action, "‹"), (self.forward_action, "›")):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setText(text)
            action.changed.connect(lambda button=button, text=text: button.setText(text))
            button.setProperty("role", "muted")
            action.changed.connect(lambda button=button, action=action: button.setAccessibleName(action.toolTip()))
            button.setAccessibleName(action.toolTip())
            row.addWidget(button)
        self.bookmark_button = QToolButton()
        self.bookmark_button.setProperty("role", "muted")
        self.bookmark_button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.bookmark_button.setMenu(self.bookmarks_menu)
        self.bookmark_button.setStyleSheet("QToolButton { padding-right: 17px; }")  # room for the arrow
        live_text(
            self.bookmark_button, QWidget.setToolTip, "Bookmark the selection (Ctrl+D); the arrow lists all bookmarks"
        )
        live_text(self.bookmark_button, QWidget.setAccessibleName, "Bookmark the selection (Ctrl+D)")
        self.bookmark_button.clicked.connect(lambda: self.bookmark_action.trigger())
        row.addWidget(self.bookmark_button)
        row.addWidget(self.breadcrumb, 1)
        row.addWidget(self.search_box)
        return strip

    # cards

    @property
    def back_forward(self) -> BackForwardList:
        """The cards that were visited in the document in sight."""
        return self._visited.setdefault(self._context.session.document, BackForwardList())

    @property
    def _network(self) -> Network | None:
        return self._context.session.network

    @property
    def _selected_card(self) -> str | None:
        """Id of the card that was selected last; a stack of equal cards counts as one."""
        selection, picture = self._context.session.selection, self._context.canvas.picture
        if not selection:
            return None
        together = card_id_of(selection)
        return together if picture is not None and picture.card(together) is not None else selection[-1]

    def _go_to_card(self, id: str) -> None:
        if id:
            self._context.commands.go_to_card(id)
        else:
            self._context.session.select(None)
            self._context.canvas.fit()

    def _go_back_or_forward(self, by: int) -> None:
        card_id = self.back_forward.go(by)
        if card_id is not None:
            self._is_travelling = True
            self._context.commands.go_to_card(card_id)
            self._is_travelling = False
        self._update_controls()

    def _toggle_bookmark(self) -> None:
        if self._selected_card is not None:
            self._context.session.toggle_bookmark(self._selected_card)

    def _fill_bookmarks(self) -> None:
        self.bookmarks_menu.clear()
        network = self._network
        bookmarks = self._context.session.bookmarks if network is not None else ()
        for number, id in enumerate(bookmarks, 1):
            text = f"{_bookmark_title(network, id)}\t{describe_card_id(id)}".replace("&", "&&")
            action = self.bookmarks_menu.addAction(f"&{number}  {text}" if number < 10 else text)
            action.setEnabled(_is_card(network, id))
            action.triggered.connect(self._go_to_slot(id))
        if not bookmarks:
            self.bookmarks_menu.addAction(tr("No bookmarks: select a card and press Ctrl+D")).setEnabled(False)

    def _go_to_slot(self, id: str) -> Callable[[], None]:
        return lambda: self._go_to_card(id)

    def _card_actions(self, card_id: str) -> list[tuple[str, Callable[[], None] | None]]:
        """Return the entries for the context menu of a card."""
        network = self._network
        query, label = _similar_query(network, card_id) if network is not None else ("", "")
        is_bookmarked = card_id in self._context.session.bookmarks
        return [
            (tr("Find all: {kind}", kind=label), (lambda: self.search_navigator.search(query)) if query else None),
            (
                tr("Remove bookmark") if is_bookmarked else tr("Bookmark"),
                lambda: self._context.session.toggle_bookmark(card_id),
            ),
        ]

    # the session

    def _on_network_changed(self) -> None:
        network = self._network
        if network is not None:
            self.back_forward.retain(set(network.analysis.hierarchy.parent))
        self._update_controls()

    def _on_selection_changed(self) -> None:
        if self._selected_card is not None and not self._is_travelling:
            self.back_forward.visit(self._selected_card)
        self._update_controls()

    def _update_controls(self) -> None:
        network, selected = self._network, self._selected_card
        self.back_action.setEnabled(self.back_forward.has_back)
        self.forward_action.setEnabled(self.back_forward.has_forward)
        is_bookmarked = selected is not None and selected in self._context.session.bookmarks
        self.bookmark_action.setEnabled(selected is not None)
        self.bookmark_action.setChecked(is_bookmarked)
        self.bookmark_button.setText("★" if is_bookmarked else "☆")
        if network is None:
            self.breadcrumb.show_path("", ())
        else:
            from explorer.presenters.search_index import build_breadcrumb

            self.breadcrumb.show_path(
                network.shown_title, build_breadcrumb(network.analysis, selected) if selected is not None else ()
            )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The mouse's own buttons for back and forward."""
        if (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonPress
            and event.button() in _MOUSE_STEPS
        ):
            self._go_back_or_forward(_MOUSE_STEPS[event.button()])
            return True
        return super().eventFilter(watched, event)


def _is_card(network: Network | None, id: str) -> bool:
    return network is not None and members_of(id)[0] in network.analysis.hierarchy.parent


def _bookmark_title(network: Network | None, id: str) -> str:
    if network is None or not _is_card(network, id):
        return tr("No longer exists")
    from explorer.presenters.search_index import card_title

    return card_title(network.analysis, id)


def _similar_query(network: Network, id: str) -> tuple[str, str]:
    """Return a query that finds everything of a card's kind, and a label for it."""
    from explorer.presenters.search_index import similar_query

    return similar_query(network.analysis, id)
