"""Tool that selects many cards at once and copies them as a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.ui.base.menus import show_menu
from explorer.ui.card_clipboard.card_picture import paint_cards
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.widgets.picture_menu import CopiedPicture

_DRAGGED_SIDE = 160  # pixels of the picture under the pointer, at most


class CardClipboardTool:
    """Entries of Edit, of the menu of a card, and of the canvas."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session, self._canvas = context, context.session, context.canvas
        self._lane = context.add_lane("copying", latest_only=True)
        context.get_menu("Edit").addSeparator()
        add = context.add_action
        tip = tr_noop("Copy the selected cards, or the whole diagram, as a picture, SVG and text")
        self.copy_action = add("Edit", tr_noop("Copy cards"), self.copy, "Ctrl+Shift+C", tip, needs_network=True)
        tip = tr_noop("Select all stages; Shift and a drag select cards in a rectangle")
        self.select_action = add("Edit", tr_noop("Select all"), self.select_all, "Ctrl+A", tip, needs_network=True)
        context.card_actions.append(self._card_entries)
        self._canvas.cards_banded.connect(self._session.select_cards)
        self._canvas.background_menu_requested.connect(self._show_menu)
        self._canvas.card_lifted.connect(self._drag_out)

    def select_all(self) -> None:
        """Select every outermost card of the diagram."""
        picture = self._canvas.picture
        if picture is not None:
            self._session.select_cards(picture.diagram.children[picture.diagram.root])

    def copy(self) -> None:
        """Copy the selected cards, or all."""
        self._copy(self._session.selection)

    def _copy(self, selection: tuple[str, ...]) -> None:
        picture = self._canvas.picture
        if picture is None:
            self._context.commands.show_status(tr("Open a network first."))
            return
        ids = tuple(dict.fromkeys(picture.visible_card(id) for id in selection))
        self._paint(ids, partial(self._put_on_clipboard, len(ids)))

    def _paint(self, ids: tuple[str, ...], done: Callable[[CopiedPicture], None]) -> None:
        picture, theme = self._canvas.picture, self._canvas.theme
        if picture is not None:
            self._lane.submit(
                lambda keep_going: paint_cards(picture, theme, ids), done, self._context.commands.show_error
            )

    def _drag_out(self, id: str) -> None:
        """Let a card be dragged into another program; with those that are selected together with it."""
        selection = self._session.selection
        self._paint(selection if id in selection else (id,), self._begin_drag)

    def _begin_drag(self, made: CopiedPicture) -> None:
        if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:  # and not let go meanwhile
            start_drag(build_drag(self._canvas, made))

    def _put_on_clipboard(self, count: int, made: CopiedPicture) -> None:
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
            *(entry for entries in self._context.canvas_actions for entry in entries()),
        ):
            menu.addAction(text).triggered.connect(lambda _=False, callback=callback: callback())
        show_menu(menu, position)


def build_drag(source: QWidget, made: CopiedPicture) -> QDrag:
    """Return the drag of a picture, which is shown small under the pointer."""
    drag = QDrag(source)
    drag.setMimeData(made.to_mime_data())
    small = QSize(_DRAGGED_SIDE, _DRAGGED_SIDE)
    smooth = Qt.TransformationMode.SmoothTransformation
    shown = made.image.scaled(small.boundedTo(made.image.size()), Qt.AspectRatioMode.KeepAspectRatio, smooth)
    drag.setPixmap(QPixmap.fromImage(shown))
    return drag


def start_drag(drag: QDrag) -> None:
    """Drag until the mouse is let go."""
    drag.exec(Qt.DropAction.CopyAction)
