"""The menu of what may stand beside the open network: the other tabs, states of its history, any other network."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QMenu, QVBoxLayout, QWidget

from explorer.base.languages import tr
from explorer.document import Document
from explorer.networks.catalogue import all_entries
from explorer.ui.library.panel import LibraryPanel, build_network_rows

if TYPE_CHECKING:
    from explorer.ui.comparison.tool import ComparisonTool

_Choice = tuple[str, Callable[[], object]]


def state_title(document: Document, position: int) -> str:
    """Return the name of a state of a document's history: "2. Activation GELU everywhere"."""
    if position == 0 or document.network is None:
        return tr("Baseline")
    return f"{position}. {document.network.history.edits[position - 1].title}"


def fill_partner_menu(menu: QMenu, tool: ComparisonTool) -> None:
    """Fill a menu anew with what may stand beside the document in sight."""
    menu.clear()
    for choices in (tuple(_tabs(tool)), tuple(_states(tool)), (_another(tool),)):
        if menu.actions() and choices:
            menu.addSeparator()
        for text, run in choices:
            menu.addAction(text.replace("&", "&&")).triggered.connect(lambda _=False, run=run: run())


def _tabs(tool: ComparisonTool) -> Iterator[_Choice]:
    for document in tool.other_documents():
        yield document.title, partial(_show, tool, weakref.ref(document))


def _show(tool: ComparisonTool, reference: weakref.ref[Document]) -> None:
    """Show a document beside the one in sight; a menu that is filled the next time it is shown keeps none alive."""
    if (document := reference()) is not None:
        tool.show_document(document)


def _states(tool: ComparisonTool) -> Iterator[_Choice]:
    document = tool.active
    steps = len(document.network.history.edits) if document.network is not None else 0
    for position in range(steps + 1):
        yield state_title(document, position), partial(tool.show_state, position)


def _another(tool: ComparisonTool) -> _Choice:
    return tr("Another network…"), tool.choose_network


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
