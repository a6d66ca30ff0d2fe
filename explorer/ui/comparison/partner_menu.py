"""The menu of what may stand beside the open network: the other tabs, states of its history, any other network."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from PySide6.QtWidgets import QDialog, QMenu, QVBoxLayout, QWidget

from explorer.base.languages import tr
from explorer.document import Document
from explorer.networks.catalogue import all_entries
from explorer.ui.comparison.pair import state_title
from explorer.ui.library.panel import LibraryPanel, build_network_rows

_Choice = tuple[str, Callable[[], object]]


class Chooser(Protocol):
    """What knows the documents, and shows one beside that in sight."""

    @property
    def active(self) -> Document:
        """The document in sight."""

    def other_documents(self) -> list[Document]:
        """Return the documents that can stand beside it."""

    def show_document(self, document: Document) -> None:
        """Show one of them."""

    def show_state(self, position: int) -> None:
        """Show the document in sight as it was after so many edits."""

    def choose_network(self) -> None:
        """Ask for another network, and show that."""


def fill_partner_menu(menu: QMenu, chooser: Chooser) -> None:
    """Fill a menu anew with what may stand beside the document in sight."""
    menu.clear()
    for choices in (tuple(_tabs(chooser)), tuple(_states(chooser)), (_another(chooser),)):
        if menu.actions() and choices:
            menu.addSeparator()
        for text, run in choices:
            menu.addAction(text.replace("&", "&&")).triggered.connect(lambda _=False, run=run: run())


def _tabs(chooser: Chooser) -> Iterator[_Choice]:
    for document in chooser.other_documents():
        yield document.title, partial(_show, chooser, weakref.ref(document))


def _show(chooser: Chooser, reference: weakref.ref[Document]) -> None:
    """Show a document beside the one in sight; a menu that is filled the next time it is shown keeps none alive."""
    if (document := reference()) is not None:
        chooser.show_document(document)


def _states(chooser: Chooser) -> Iterator[_Choice]:
    document = chooser.active
    steps = len(document.network.history.edits) if document.network is not None else 0
    for position in range(steps + 1):
        yield state_title(document, position), partial(chooser.show_state, position)


def _another(chooser: Chooser) -> _Choice:
    return tr("Another network…"), chooser.choose_network


def ask_network(parent: QWidget, chosen: Callable[[str], object]) -> None:
    """Show the list of networks in a dialog; call `chosen` with the key of the one that is clicked."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("Compare with another network"))
    dialog.resize(360, 560)
    networks = LibraryPanel()
    networks.show_rows(build_network_rows(all_entries()))
    networks.network_requested.connect(chosen)
    networks.network_requested.connect(lambda _: dialog.accept())
    column = QVBoxLayout(dialog)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(networks)
    networks.filter.setFocus()
    dialog.exec()
    dialog.deleteLater()
