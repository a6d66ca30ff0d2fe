"""The last results of the panels for the documents seen last, so that going back to a tab shows them at once."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from explorer.document import Document

_MAX_DOCUMENTS = 8  # pictures of large networks, fully expanded, have tens of megabytes


class PanelResultCache:
    """One result for each panel of a document, with its causes: what it was computed from."""

    def __init__(self, max_documents: int = _MAX_DOCUMENTS) -> None:
        self._max_documents = max_documents
        self._results: OrderedDict[Document, dict[str, tuple[tuple[object, ...], Any]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._results)

    def put(self, document: Document, panel: str, causes: tuple[object, ...], result: Any) -> None:
        """Keep a result in place of the panel's last one; those of the document seen longest ago may go."""
        if not document.is_open:
            return
        self._results.setdefault(document, {})[panel] = causes, result
        self._results.move_to_end(document)
        while len(self._results) > self._max_documents:
            self._results.popitem(last=False)

    def get(self, document: Document, panel: str, causes: tuple[object, ...]) -> Any | None:
        """Return the kept result if it was computed from just this; None otherwise."""
        found = self._results.get(document, {}).get(panel)
        if found is None or len(found[0]) != len(causes):
            return None
        same = all(_is_same(was, now) for was, now in zip(found[0], causes, strict=True))
        return found[1] if same else None

    def clear(self) -> None:
        """Forget all: they are in another language."""
        self._results.clear()

    def drop(self, document: Document) -> None:
        """Forget a document."""
        self._results.pop(document, None)


def _is_same(was: object, now: object) -> bool:
    """Networks are the same object or another: comparing their graphs would take longer than drawing them."""
    return was is now or (isinstance(was, (str, tuple, frozenset)) and was == now)
