"""Runs queries, highlights their hits on the canvas and goes from one to the next."""

from __future__ import annotations

from PySide6.QtCore import QObject

from explorer.ui.base import jobs
from explorer.ui.navigation.search_box import SearchBox
from explorer.ui.plugin.tool_context import ToolContext


class SearchNavigator(QObject):
    """Hits of the query in the search box, and which of them was visited last."""

    def __init__(self, context: ToolContext, box: SearchBox) -> None:
        super().__init__(context.window)
        self._context, self._box = context, box
        self._lane = context.add_lane("search", latest_only=True, of_document=True)
        self._hits: tuple[str, ...] = ()
        self._hit_index: int | None = None  # the hit that was visited last
        self._is_searching = False
        self._pending_step = 0  # requested while the query still ran
        box.query_changed.connect(lambda _: self._run_query(reset=True))
        box.step_requested.connect(self.step)
        box.escaped.connect(context.canvas.setFocus)
        context.session.on("document", self._forget_hits)
        context.session.on("network", self._rerun_query)
        context.session.on("baseline", self._rerun_query)
        context.session.on("expanded", self._update_highlights)

    @property
    def hits(self) -> tuple[str, ...]:
        """Ids of the cards found, in order of execution."""
        return self._hits

    def search(self, text: str) -> None:
        """Put a query into the search box and run it."""
        self._box.field.setText(text)

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) hit, cyclically, expanding the groups that hide it."""
        if self._is_searching:
            self._pending_step = by
            return
        network = self._context.session.displayed_network
        if not self._hits or network is None:
            if not self._box.field.text().strip():
                self._box.focus_field()
            return
        start = self._hit_index if self._hit_index is not None else -1 if by > 0 else 0
        self._hit_index = (start + by) % len(self._hits)
        self._box.show_hit_count(self._hit_index, len(self._hits))
        from explorer.presenters.search_index import find_card_when_shown

        card = find_card_when_shown(network.analysis, self._hits[self._hit_index], self._context.session.expanded)
        self._context.commands.go_to_card(card)

    def _run_query(self, *, reset: bool) -> None:
        network, text = self._context.session.displayed_network, self._box.field.text()
        if reset:
            self._hit_index, self._pending_step = None, 0
        if network is None or not text.strip():
            self._lane.cancel()
            self._show_hits(())
            return
        self._is_searching = True
        self._lane.submit(jobs.search_job(network, text), self._show_hits, self._show_query_error)

    def _show_hits(self, hits: tuple[str, ...]) -> None:
        current = self._hits[self._hit_index] if self._hit_index is not None else None
        self._hits = hits
        self._hit_index = hits.index(current) if current in hits else None
        self._box.show_hit_count(self._hit_index, len(hits))
        self._highlight_hits()
        self._is_searching = False
        if self._pending_step:
            step, self._pending_step = self._pending_step, 0
            self.step(step)

    def _show_query_error(self, failure: Exception) -> None:
        self._is_searching = False
        self._hits, self._hit_index, self._pending_step = (), None, 0
        self._highlight_hits()
        self._box.show_query_error(str(failure))

    def _highlight_hits(self) -> None:
        """Highlight the hits, or the collapsed groups that contain them."""
        session = self._context.session
        network, card_ids = session.displayed_network, frozenset[str]()
        if network is not None and self._hits:
            from explorer.presenters.search_index import find_card

            analysis = network.analysis
            card_ids = frozenset(find_card(analysis, hit, session.expanded) for hit in self._hits)
        self._context.canvas.show_matches(card_ids)

    def _forget_hits(self) -> None:
        """Another document is in sight: its cards have nothing to do with the hits."""
        self._hits, self._hit_index, self._pending_step, self._is_searching = (), None, 0, False
        self._box.field.clear()
        self._context.canvas.show_matches(frozenset())

    def _rerun_query(self) -> None:
        self._run_query(reset=False)

    def _update_highlights(self) -> None:
        if self._hits:
            self._highlight_hits()
