"""What the tabs do: new, next, close with a question, duplicate, move to a window of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.base.menus import show_menu
from explorer.ui.documents.open_documents import OpenDocuments
from explorer.ui.documents.project_files import ProjectFiles
from explorer.ui.documents.tab_strip import TabStrip

#: Texts and callbacks that a tool adds to the menu of a document's tab.
TabEntries = Callable[[Document], list[tuple[str, Callable[[], object]]]]


class TabHost(Protocol):
    """What a window does for its tabs."""

    def close(self) -> bool:
        """Close the window."""

    def open_window(self, document: Document, position: QPoint | None) -> None:
        """Show a document, which is in no window, in a window of its own."""


class Tabs(QObject):
    """Keeps the strip in step with the documents, and does what is asked there or by keys."""

    def __init__(self, documents: OpenDocuments, files: ProjectFiles, host: TabHost, window: QWidget) -> None:
        super().__init__(window)
        self._documents, self._files, self._host, self._window = documents, files, host, window
        self._let_go: set[Document] = set()  # whose edits the user lets go of, while the window is closing
        #: Entries that tools add to the menu of a tab, from its document.
        self.tool_entries: Sequence[TabEntries] = ()
        self.strip = TabStrip()
        self._build_actions()
        self._connect_strip()
        documents.changed.connect(self.update)
        files.document_changed.connect(self.update)
        self.update()

    def _build_actions(self) -> None:
        build = self._build_action
        self.new_action = build(
            tr_noop("New tab"), self.new, tr_noop("Open another network beside those that are open"), "Ctrl+T"
        )
        self.close_action = build(
            tr_noop("Close tab"), self.close_active, tr_noop("Close this network"), "Ctrl+W", "Ctrl+F4"
        )
        self.next_action = build(
            tr_noop("Next tab"),
            lambda: self._documents.step(1),
            tr_noop("Go to the tab on the right"),
            "Ctrl+Tab",
            "Ctrl+PgDown",
        )
        tip = tr_noop("Go to the tab on the left")
        self.previous_action = build(
            tr_noop("Previous tab"), lambda: self._documents.step(-1), tip, "Ctrl+Shift+Tab", "Ctrl+PgUp"
        )
        tip = tr_noop("Open the same network with the same edits in another tab")
        self.duplicate_action = build(tr_noop("Duplicate tab"), lambda: self.duplicate(self._documents.active), tip)
        tip = tr_noop("Move this tab to a window of its own")
        self.detach_action = build(tr_noop("Move tab to new window"), lambda: self.detach(self._documents.active), tip)
        tip = tr_noop("Close all tabs but this one")
        self.close_others_action = build(
            tr_noop("Close other tabs"), lambda: self.close_others(self._documents.active), tip
        )
        self.window_actions = (
            self.next_action,
            self.previous_action,
            None,
            self.duplicate_action,
            self.detach_action,
            self.close_others_action,
        )

    def _build_action(self, text: str, callback: Callable[[], object], tip: str, *keys: str) -> QAction:
        action = live_text(QAction(self._window), QAction.setText, text)
        action.setShortcuts([QKeySequence(key) for key in keys])
        shown = f" ({keys[0]})" if keys else ""
        follow_language(action, lambda made: made.setToolTip(f"{tr(tip)}{shown}"))
        live_text(action, QAction.setStatusTip, tip)
        action.triggered.connect(lambda _=False: callback())
        self._window.addAction(action)
        return action

    def _connect_strip(self) -> None:
        strip, documents = self.strip, self._documents
        strip.activated.connect(lambda index: documents.activate(documents[index]))
        strip.close_requested.connect(lambda index: self.close(documents[index]))
        strip.keep_requested.connect(lambda index: self.keep(documents[index]))
        strip.move_requested.connect(documents.move)
        strip.new_requested.connect(self.new)
        strip.menu_requested.connect(lambda index, position: self._show_menu(documents[index], position))
        strip.dragged_out.connect(lambda index, position: self.detach(documents[index], position))

    def update(self) -> None:
        """Show the documents as they are now."""
        documents = list(self._documents)
        pair = self._documents.paired
        paired = frozenset(index for index, document in enumerate(documents) if document in pair)
        self.strip.show_documents(documents, self._documents.index(self._documents.active), paired)
        several = len(documents) > 1
        for action in (self.next_action, self.previous_action, self.close_others_action, self.detach_action):
            action.setEnabled(several)
        self.duplicate_action.setEnabled(self._documents.active.network is not None)

    # commands

    def new(self) -> None:
        """Show the start page in a tab of its own; an empty one that is there already comes into sight."""
        empty = next((document for document in self._documents if document.network is None), None)
        if empty is not None:
            self._documents.activate(empty)
        else:
            self._documents.add(Document(level=self._documents.active.level))

    def keep(self, document: Document) -> None:
        """Keep a preview: the next network does not take its place."""
        document.is_preview = False
        self.update()

    def close_active(self) -> None:
        """Close the document in sight; the window, where that is the start page alone."""
        if len(self._documents) == 1 and self._documents.active.network is None:
            self._host.close()
        else:
            self.close(self._documents.active)

    def close(self, document: Document) -> bool:
        """Close a document, after a question where the user made edits; return whether it is closed now."""
        if not document.is_open:
            return True
        if document.is_modified:
            self._documents.activate(document)  # so that one sees what is asked about
        if not self._files.confirm_close(document, lambda: self.close(document)):
            return False
        self._documents.remove(document)
        return True

    def close_others(self, document: Document) -> None:
        """Close all documents but one, until the user cancels."""
        self._documents.activate(document)
        for other in list(self._documents):
            if other is not document and not self.close(other):
                return
        self._documents.activate(document)

    def confirm_close_all(self) -> bool:
        """Ask for each document with unsaved edits; return whether the window may close now. It is closed again once
        what is to be saved first is saved."""
        for document in self._documents:
            if not document.is_modified or document in self._let_go:
                continue
            self._documents.activate(document)
            if not self._files.confirm_close(document, self._host.close):
                if not self._files.is_saving(document):
                    self._let_go.clear()
                return False
            self._let_go.add(document)
        self._let_go.clear()
        return True

    def duplicate(self, document: Document) -> None:
        """Open the same network with the same edits in another tab, looked at in the same way."""
        if document.network is None:
            return
        copy = Document(
            document.network, document.expanded, document.selection, document.bookmarks, level=document.level
        )
        copy.colour_mode, copy.colourings = document.colour_mode, dict(document.colourings)
        copy.view, copy.source = document.view, document.source
        copy.saved_state = document.saved_state
        self._documents.add(copy)

    def detach(self, document: Document, position: QPoint | None = None) -> None:
        """Move a document to a window of its own, unless it is the only one here."""
        if len(self._documents) > 1:
            self._documents.detach(document)
            self._host.open_window(document, position)

    def _show_menu(self, document: Document, position: QPoint) -> None:
        several = len(self._documents) > 1
        menu = QMenu(self._window)
        entries: list[tuple[str, Callable[[], object], bool]] = [
            (tr("Keep open"), lambda: self.keep(document), document.is_preview),
            (tr("Duplicate tab"), lambda: self.duplicate(document), document.network is not None),
            (tr("Move tab to new window"), lambda: self.detach(document), several),
            *((text, run, True) for entries in self.tool_entries for text, run in entries(document)),
            (tr("Close tab"), lambda: self.close(document), True),
            (tr("Close other tabs"), lambda: self.close_others(document), several),
        ]
        for text, callback, enabled in entries:
            action = menu.addAction(text)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, callback=callback: callback())
        show_menu(menu, position)
