"""The places one has been to, and the way back and forth between them, as in a browser."""

from __future__ import annotations

_MOST = 200


class Visits:
    def __init__(self) -> None:
        self._places: list[str] = []
        self._at = -1

    @property
    def has_back(self) -> bool:
        return self._at > 0

    @property
    def has_forward(self) -> bool:
        return self._at < len(self._places) - 1

    def visit(self, place: str) -> None:
        """One is somewhere now. Places that one had come back from are given up, unless it is where one is already."""
        if self._at >= 0 and self._places[self._at] == place:
            return
        self._places = [*self._places[: self._at + 1], place][-_MOST:]
        self._at = len(self._places) - 1

    def go(self, by: int) -> str | None:
        """One step back (-1) or forward (1); None where there is none."""
        if not 0 <= self._at + by < len(self._places):
            return None
        self._at += by
        return self._places[self._at]

    def keep(self, known: set[str]) -> None:
        """Forget places that are no more: an edit took them away."""
        here = self._at
        kept = [(number, place) for number, place in enumerate(self._places) if place.split(",")[0] in known]
        self._places = [place for _, place in kept]
        self._at = sum(number <= here for number, _ in kept) - 1

    def clear(self) -> None:
        self._places, self._at = [], -1
