"""Tool that selects many cards at once and copies them as a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.ui.card_clipboard.card_picture import CardPicture, paint_cards
from explorer.ui.plugin.tool_context import ToolContext


class CardClipboardTool:
    """Entries of Edit, of the menu of a card, and of the canvas."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session, self._canvas = context, context.session, context.canvas
        self._lane = context.add_lane("copying", latest_only=True)
        context.get_menu("Edit").addSeparator()
        add = context.add_action
        tip = tr_noop("Copy the selected cards, or the whole diagram, as a picture, SVG and text")
        self.copy_action = add("Edit", tr_noop("Copy cards"), self.copy, "Ctrl+Shift+C", tip)
        tip = tr_noop("Select all stages; Shift and a drag select cards in a rectangle")
        self.select_action = add("Edit", tr_noop("Select all"), self.select_all, "Ctrl+A", tip)
        context.card_actions.append(self._card_entries)
        self._canvas.cards_banded.connect(self._session.select_cards)
        self._canvas.background_menu_requested.connect(self._show_menu)

    def select_all(self) -> None:
        """Select every outermost card of the diagram."""
        picture = self._canvas.picture
        if picture is not None:
            self._session.select_cards(picture.diagram.children[picture.diagram.root])

    def copy(self) -> None:
        """Copy the selected cards, or all."""
        self._copy(self._session.selection)

    def _copy(self, selection: tuple[str, ...]) -> None:
        picture, theme = self._canvas.picture, self._canvas.theme
        if picture is None:
            self._context.commands.show_status(tr("Open a network first."))
            return
        ids = tuple(dict.fromkeys(picture.visible_card(id) for id in selection))
        self._lane.submit(
            lambda keep_going: paint_cards(picture, theme, ids),
            partial(self._put_on_clipboard, len(ids)),
            self._context.commands.show_error,
        )

    def _put_on_clipboard(self, count: int, made: CardPicture) -> None:
        QGuiApplication.clipboard().setMimeData(made.to_mime_data())
        said = tr_n("Copied {n} card", "Copied {n} cards", count) if count else tr("Copied the whole diagram")
        self._context.commands.show_status(said)

    def _card_entries(self, id: str) -> list[tuple[str, Callable[[], None] | None]]:
        return [(tr("Copy as picture"), lambda: self._copy((id,)))]

    def _show_menu(self, position: QPoint) -> None:
        """Show the menu of the canvas where no card is."""
        menu = QMenu(self._canvas)
        for text, callback in (
            (tr("Fit"), self._canvas.fit),
            (tr("Select all"), self.select_all),
            (tr("Copy as picture"), lambda: self._copy(())),
        ):
            menu.addAction(text).triggered.connect(lambda _=False, callback=callback: callback())
        menu.exec(position)
        menu.deleteLater()
