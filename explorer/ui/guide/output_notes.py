"""What to look at in the output, measured while the page is in sight: after each edit and for each image anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from explorer.base.cancellation import KeepGoing
from explorer.ui.documents.panel_result_cache import PanelResultCache
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.guide.filled_page import FilledPage
    from explorer.guide.output_notes import OutputNote
    from explorer.guide.page import GuidePage
    from explorer.network import Network


class OutputNotes:
    """Measures the notes of the page in sight and passes them on."""

    def __init__(
        self, context: ToolContext, kept: PanelResultCache, receive: Callable[[tuple[OutputNote, ...]], None]
    ) -> None:
        self._session, self._kept, self._receive = context.session, kept, receive
        self._lane = context.add_lane("what to look at", latest_only=True, of_document=True)
        self._page: FilledPage | None = None
        self._is_in_sight = False
        self._measured: tuple[object, ...] = ()  # what the last request was about
        self._session.on("network", self._measure)
        self._session.on("sample", self._measure)

    def find_kept(self, page: FilledPage) -> tuple[OutputNote, ...]:
        """Return what was measured of this page, when the document in sight was seen last; nothing if that is old."""
        causes = (page, self._session.network, self._session.sample)
        return self._kept.get(self._session.document, "notes", causes) or ()

    def set_page(self, page: FilledPage | None) -> None:
        """Measure for this page from now on; None for none."""
        self._lane.cancel()
        self._page, self._measured = page, ()
        self._measure()

    def set_in_sight(self, is_in_sight: bool) -> None:
        """Measure only while the page is in sight."""
        self._is_in_sight = is_in_sight
        self._measure()

    def _measure(self) -> None:
        page, network, sample = self._page, self._session.network, self._session.sample
        if page is None or network is None or sample is None or not self._is_in_sight:
            return
        if network.baseline.architecture.key != page.network or self._measured == (id(page), network, id(sample)):
            return
        self._measured = (id(page), network, id(sample))
        if kept := self.find_kept(page):
            self._lane.cancel()
            self._receive(kept)
            return

        def receive(notes: tuple[OutputNote, ...]) -> None:
            self._kept.put(self._session.document, "notes", (page, network, sample), notes)
            self._receive(notes)

        self._lane.submit(partial(measure_notes, page.page, network, sample), receive, self._forget)

    def _forget(self, _: Exception) -> None:
        """The output says itself why there is none."""
        self._measured = ()
        self._receive(())


def measure_notes(page: GuidePage, network: Network, sample: Sample, keep_going: KeepGoing) -> tuple[OutputNote, ...]:
    """Measure what to look at in the output. A job."""
    from explorer.guide.output_notes import measure_output_notes

    return measure_output_notes(page, network, sample, keep_going)
