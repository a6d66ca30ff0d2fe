"""The places one has been to, and the way back and forth between them, as in a browser."""

from __future__ import annotations

_MAX_ENTRIES = 200


class BackForwardList:
    def __init__(self) -> None:
        self._card_ids: list[str] = []
        self._index = -1

    @property
    def has_back(self) -> bool:
        return self._index > 0

    @property
    def has_forward(self) -> bool:
        return self._index < len(self._card_ids) - 1

    def visit(self, card_id: str) -> None:
        """One is somewhere now. Places that one had come back from are given up, unless it is where one is already."""
        if self._index >= 0 and self._card_ids[self._index] == card_id:
            return
        self._card_ids = [*self._card_ids[: self._index + 1], card_id][-_MAX_ENTRIES:]
        self._index = len(self._card_ids) - 1

    def go(self, by: int) -> str | None:
        """One step back (-1) or forward (1); None where there is none."""
        if not 0 <= self._index + by < len(self._card_ids):
            return None
        self._index += by
        return self._card_ids[self._index]

    def retain(self, existing: set[str]) -> None:
        """Forget places that are no more: an edit took them away."""
        here = self._index
        kept = [(number, place) for number, place in enumerate(self._card_ids) if place.split(",")[0] in existing]
        self._card_ids = [place for _, place in kept]
        self._index = sum(number <= here for number, _ in kept) - 1

    def clear(self) -> None:
        self._card_ids, self._index = [], -1
