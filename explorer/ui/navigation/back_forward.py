"""List of the cards visited, with a way back and forward as in a browser."""

from __future__ import annotations

from explorer.viewmodels.card_ids import members_of

_MAX_ENTRIES = 200


class BackForwardList:
    """Ids of the cards visited, oldest first, and which of them is the current one; at most 200."""

    def __init__(self) -> None:
        self._card_ids: list[str] = []
        self._index = -1

    @property
    def has_back(self) -> bool:
        """True while there is an earlier card."""
        return self._index > 0

    @property
    def has_forward(self) -> bool:
        """True while there is a later card, after going back."""
        return self._index < len(self._card_ids) - 1

    def visit(self, card_id: str) -> None:
        """Append a card and drop those ahead of the current one; the current card again changes nothing."""
        if self._index >= 0 and self._card_ids[self._index] == card_id:
            return
        self._card_ids = [*self._card_ids[: self._index + 1], card_id][-_MAX_ENTRIES:]
        self._index = len(self._card_ids) - 1

    def go(self, by: int) -> str | None:
        """Move one step back (-1) or forward (1) and return that card's id; None where there is none."""
        if not 0 <= self._index + by < len(self._card_ids):
            return None
        self._index += by
        return self._card_ids[self._index]

    def retain(self, existing: set[str]) -> None:
        """Drop cards that no longer exist, because an edit removed them."""
        current = self._index
        retained = [
            (number, card_id) for number, card_id in enumerate(self._card_ids) if members_of(card_id)[0] in existing
        ]
        self._card_ids = [card_id for _, card_id in retained]
        self._index = sum(number <= current for number, _ in retained) - 1

    def clear(self) -> None:
        """Drop all cards, as when another network is opened."""
        self._card_ids, self._index = [], -1
