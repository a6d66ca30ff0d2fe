"""The list of the open documents of a window, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from explorer.document import Document
from explorer.session import Session


class OpenDocuments(QObject):
    """Documents from the first tab to the last, never none; `Session.document` is the one in sight."""

    changed = Signal()  # which there are, their order, or which one is in sight
    closed = Signal(object)  # a document that is no longer open

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._documents = [session.document]
        self._paired: frozenset[Document] = frozenset()
        session.on("document", self._adopt)

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._documents))

    def __len__(self) -> int:
        return len(self._documents)

    def __getitem__(self, index: int) -> Document:
        return self._documents[index]

    def index(self, document: Document) -> int:
        """Return the position of a document's tab, from 0. Raises ValueError for one that is not open here."""
        return self._documents.index(document)

    @property
    def active(self) -> Document:
        """The document in sight."""
        return self._session.document

    @property
    def paired(self) -> frozenset[Document]:
        """The documents that stand side by side; none where one stands alone."""
        return self._paired

    def set_paired(self, documents: frozenset[Document]) -> None:
        """Say which documents stand side by side."""
        if documents != self._paired:
            self._paired = documents
            self.changed.emit()

    # finding

    def find_file(self, path: str) -> Document | None:
        """Return the document that was opened from a file or is saved in it; None where there is none."""
        wanted = Path(path).absolute()
        return next((document for document in self._documents if wanted in (document.path, document.source)), None)

    def find_network(self, key: str, options: Mapping[str, Any], edits: tuple[Any, ...]) -> Document | None:
        """Return the document of a network of the catalogue as it would be opened now; None where there is none."""
        return next((document for document in self._documents if _is_as_opened(document, key, options, edits)), None)

    # changing

    def activate(self, document: Document) -> None:
        """Bring an open document into sight."""
        self.index(document)  # raises for one that is not open
        self._session.show_document(document)

    def step(self, by: int) -> None:
        """Bring the next (1) or the previous (-1) document into sight, round the ends."""
        self.activate(self._documents[(self.index(self.active) + by) % len(self)])

    def add(self, document: Document, *, activate: bool = True) -> None:
        """Add a document behind the one in sight."""
        self._documents.insert(self.index(self.active) + 1, document)
        if activate:
            self._session.show_document(document)
        else:
            self.changed.emit()

    def place(self, document: Document, instead_of: Document | None = None) -> None:
        """Bring a newly opened document into sight: in place of `instead_of`, or of an empty tab in sight, or of the
        preview where it is one itself, or else in a tab of its own."""
        former = self.active if self.active.network is None and instead_of is None else instead_of
        if former is None and document.is_preview:
            former = next((other for other in self._documents if other.is_preview), None)
        if former is None:
            self.add(document)
            return
        self._documents[self.index(former)] = document
        former.is_open = False
        self._session.show_document(document)
        self.closed.emit(former)

    def move(self, old: int, new: int) -> None:
        """Move a tab from one position to another."""
        self._documents.insert(new, self._documents.pop(old))
        self.changed.emit()

    def remove(self, document: Document) -> None:
        """Close a document without a question; the next one, or else the previous one, comes into sight."""
        index = self.index(document)
        if len(self) == 1:
            self._documents.append(Document(level=self._session.default_level))
        del self._documents[index]
        document.is_open = False
        if document is self.active:
            self._session.show_document(self._documents[min(index, len(self) - 1)])
        else:
            self.changed.emit()
        self.closed.emit(document)

    def detach(self, document: Document) -> None:
        """Take a document out of this window, still open, for another one."""
        self.remove(document)
        document.is_open = True

    def _adopt(self) -> None:
        """Keep the session's document among the open ones, whoever brought it into sight."""
        if self.active not in self._documents:
            self._documents.append(self.active)
        self.changed.emit()


def _is_as_opened(document: Document, key: str, options: Mapping[str, Any], edits: tuple[Any, ...]) -> bool:
    network = document.network
    if network is None or network.context.entry is None or document.path is not None or document.source is not None:
        return False
    same = network.context.entry.key == key and network.context.options == dict(options)
    return same and document.current_edits == edits
