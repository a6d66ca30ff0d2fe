"""Looks for what is typed, lights up what is found and goes from hit to hit."""

from __future__ import annotations

from PySide6.QtCore import QObject

from explorer.session import Topic
from explorer.ui import requests
from explorer.ui.desk import Desk
from explorer.ui.finding.search_box import SearchBox


class Searching(QObject):
    def __init__(self, desk: Desk, box: SearchBox) -> None:
        super().__init__(desk.window)
        self._desk, self._box = desk, box
        self._lane = desk.lane("search", newest=True)
        self._hits: tuple[str, ...] = ()
        self._at: int | None = None  # the hit that was visited last
        self._searching = False
        self._step = 0  # asked for while the search still ran
        box.asked.connect(lambda _: self._search(afresh=True))
        box.stepped.connect(self.step)
        box.left.connect(desk.canvas.setFocus)
        desk.session.listen(self._changed)

    @property
    def hits(self) -> tuple[str, ...]:
        return self._hits

    def search(self, text: str) -> None:
        """Look for something that the user did not type."""
        self._box.field.setText(text)

    def step(self, by: int) -> None:
        """To the next hit or the previous one, round and round; what hides it unfolds."""
        if self._searching:
            self._step = by
            return
        network = self._desk.session.shown
        if not self._hits or network is None:
            if not self._box.field.text().strip():
                self._box.take_focus()
            return
        start = self._at if self._at is not None else -1 if by > 0 else 0
        self._at = (start + by) % len(self._hits)
        self._box.show_found(self._at, len(self._hits))
        from explorer.present.places import seen_on

        card = seen_on(network.study, self._hits[self._at], self._desk.session.opened)
        self._desk.intent.go_to_card(card)

    def _search(self, *, afresh: bool) -> None:
        network, text = self._desk.session.shown, self._box.field.text()
        if afresh:
            self._at, self._step = None, 0
        if network is None or not text.strip():
            self._lane.cancel()
            self._show(())
            return
        self._searching = True
        self._lane.submit(requests.search(network, text), self._show, self._refused)

    def _show(self, hits: tuple[str, ...]) -> None:
        here = self._hits[self._at] if self._at is not None else None
        self._hits = hits
        self._at = hits.index(here) if here in hits else None
        self._box.show_found(self._at, len(hits))
        self._light()
        self._searching = False
        if self._step:
            step, self._step = self._step, 0
            self.step(step)

    def _refused(self, failure: Exception) -> None:
        self._searching = False
        self._hits, self._at, self._step = (), None, 0
        self._light()
        self._box.show_refused(str(failure))

    def _light(self) -> None:
        """All hits, or the folded cards they are in."""
        session = self._desk.session
        network, found = session.shown, frozenset[str]()
        if network is not None and self._hits:
            from explorer.present.places import card_of

            study = network.study
            found = frozenset(card_of(study, hit, session.opened) for hit in self._hits)
        self._desk.canvas.show_found(found)

    def _changed(self, topic: Topic) -> None:
        if topic in ("network", "compared"):
            self._search(afresh=False)
        elif topic == "opened" and self._hits:
            self._light()
