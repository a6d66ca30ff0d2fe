"""Keeps the panels up to date with the session: draws, inspects, measures and runs, the latest state only.

When another document comes into sight, whatever is computed of the former is dropped; then the panels show what they
showed of this one when it was last in sight, if nothing has changed since, or are emptied until it is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from explorer.base.cancellation import KeepGoing
from explorer.document import Document, ViewState
from explorer.drawing import Picture
from explorer.session import Session
from explorer.ui.base import edit_jobs, jobs
from explorer.ui.base.lanes import Lane
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.documents.panel_result_cache import PanelResultCache
from explorer.ui.figures.panel import FiguresPanel
from explorer.ui.history.panel import HistoryPanel
from explorer.ui.inspector.panel import InspectorPanel
from explorer.ui.output.panel import OutputPanel
from explorer.viewmodels.card_ids import rename_ids

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.viewmodels.diagram import Colouring, Direction
    from explorer.viewmodels.panels import OutputComparison


@dataclass(frozen=True)
class Panels:
    """The panels that every window has."""

    canvas: Canvas
    inspector: InspectorPanel
    figures: FiguresPanel
    output: OutputPanel
    history: HistoryPanel


class PanelUpdater(QObject):
    """Listens to the session and submits the jobs whose results the panels show."""

    failed = Signal(object)  # the exception

    def __init__(self, session: Session, panels: Panels, parent: QObject) -> None:
        super().__init__(parent)
        self._anchor: str | None = None  # the card that stays where it is when the next picture comes
        self._when_drawn: Callable[[], None] | None = None
        self._displayed: tuple[Network, frozenset[str]] | None = None  # what the canvas shows, and what is open in it
        self.kept = PanelResultCache()
        self._document = session.document  # whose results the panels show
        self._is_returning = False  # its results were there before
        self._is_drawing = False  # a picture is on its way
        self._view: ViewState | None = None  # where to look when its picture comes
        self.draw_lane = Lane("drawing", parent, latest_only=True)
        self.inspect_lane = Lane("inspecting", parent, latest_only=True)
        self.figures_lane = Lane("measuring", parent, latest_only=True)
        self.output_lane = Lane("output", parent, latest_only=True)
        self.distance_lane = Lane("photo distance", parent, latest_only=True)
        self.lanes = (self.draw_lane, self.inspect_lane, self.figures_lane, self.output_lane, self.distance_lane)
        self._session, self._panels = session, panels
        self._follow_session()

    def keep_view(self, renamed: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> None:
        """Keep the selected card, or else the central one, in place when the next picture is shown; stages that it
        calls otherwise are given in `renamed`."""
        selection = self._session.selection
        kept = selection[0] if selection else self._panels.canvas.central_card or "input"
        self.anchor_to(next(iter(rename_ids((kept,), renamed)), "input"))

    def anchor_to(self, card_id: str | None) -> None:
        """Keep this card in its place on the screen when the next picture comes; None fits the whole picture in."""
        self._anchor = card_id

    def when_drawn(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the canvas shows the current state: now, or when the picture being drawn arrives."""
        if self._is_drawing:
            self._when_drawn = callback
        else:
            callback()

    def update_inspector(self) -> None:
        """Inspect the selection again."""
        network, selection = causes = self._inspection_causes()
        show = self._panels.inspector.show_inspection
        if network is None:
            self.inspect_lane.cancel()
            show(None)
        else:
            self._run(self.inspect_lane, causes, jobs.inspection_job(network, selection), show)

    # what each panel's result is computed from

    def _drawing_causes(self) -> tuple[Network | None, frozenset[str], str | Colouring, Direction, Network | None]:
        session = self._session
        return session.displayed_network, session.expanded, session.colouring, session.direction, session.network

    def _inspection_causes(self) -> tuple[Network | None, tuple[str, ...]]:
        return self._session.network, self._session.selection

    def _figures_causes(self) -> tuple[Network | None, Network | None]:
        return self._session.network, self._session.displayed_network

    def _output_causes(self) -> tuple[Network | None, Sample | None]:
        return self._session.displayed_network, self._session.sample

    def _run(
        self,
        lane: Lane,
        causes: tuple[object, ...],
        job: Callable[[KeepGoing], Any],
        show: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Show what a job gives; on returning to a document at once, if the causes are those of the last time."""
        document = self._session.document
        kept = self.kept.get(document, lane.name, causes) if self._is_returning else None
        if kept is not None:
            show(kept)
            return

        def receive(result: Any) -> None:
            self.kept.put(document, lane.name, causes, result)
            show(result)

        lane.submit(job, receive, failed or self.failed.emit)

    def _change_document(self) -> None:
        """Drop what is computed and shown of the former document, and remember where one looked."""
        panels = self._panels
        if panels.canvas.picture is not None and self._document.is_open:
            self._document.view = panels.canvas.capture_view()
        for lane in self.lanes:
            lane.cancel()
        self._document = self._session.document
        self._view, self._anchor, self._when_drawn, self._displayed = self._document.view, None, None, None
        panels.canvas.highlight(frozenset())
        panels.canvas.select(())
        panels.inspector.set_page_aside()
        panels.output.show_busy(False)
        self._empty_panels()
        self._is_returning, self._is_drawing = True, False

    def _empty_panels(self) -> None:
        """Empty the panels that have no result of the document in sight; the others show theirs at once instead."""
        panels, document = self._panels, self._document

        def is_kept(lane: Lane, causes: tuple[object, ...]) -> bool:
            return self.kept.get(document, lane.name, causes) is not None

        if not is_kept(self.draw_lane, self._drawing_causes()):
            panels.canvas.show_picture(None)
        if not is_kept(self.inspect_lane, self._inspection_causes()):
            panels.inspector.show_inspection(None)
        if not is_kept(self.figures_lane, self._figures_causes()):
            panels.figures.show_summary(None)
            panels.history.show_rows(None)
        if not is_kept(self.output_lane, self._output_causes()):
            panels.output.show_output(None)

    def _follow_session(self) -> None:
        """Callbacks of one topic are called in the order in which they stand here."""
        on = self._session.on
        on("document", self._change_document)
        on("network", self._update_canvas)
        on("network", self.update_inspector)
        on("network", self._update_figures)
        on("network", self._update_output)
        on("network", self._end_returning)
        on("baseline", self._update_canvas)
        on("baseline", self._update_figures)
        on("baseline", self._update_output)
        on("expanded", self._update_canvas)
        on("colouring", self.keep_view)
        on("colouring", self._update_canvas)
        on("direction", lambda: self.anchor_to(None))
        on("direction", self._update_canvas)
        on("selection", self.update_inspector)
        on("selection", self._select_on_canvas)
        on("sample", self._update_output)
        on("language", self.kept.clear)
        on("language", self._show_anew)

    def _show_anew(self) -> None:
        """Show everything in another language. A picture that fills the canvas does so again, in other sizes."""
        canvas = self._panels.canvas
        is_fitted = canvas.is_fitted
        self.keep_view()
        self._update_canvas()
        if is_fitted:
            self.when_drawn(canvas.fit)
        self.update_inspector()
        self._update_figures()
        self._update_output()

    def _end_returning(self) -> None:
        self._is_returning = False

    def _select_on_canvas(self) -> None:
        self._panels.canvas.highlight(frozenset())  # highlighted cards end with the next selection
        self._panels.canvas.select(self._displayed_selection())

    def _displayed_selection(self) -> tuple[str, ...]:
        """The selection by the names that stages have in the displayed network."""
        from explorer.presenters.counterparts import find_renamed_parts

        network, displayed, selection = self._session.network, self._session.displayed_network, self._session.selection
        if network is None or displayed is None or displayed is network or not selection:
            return selection
        return rename_ids(selection, find_renamed_parts(network.analysis, displayed.analysis))

    def remember_picture(self, document: Document, picture: Picture) -> None:
        """Keep the picture of a document out of sight, drawn as it is now, for when it comes into sight."""
        colouring = document.colourings.get(document.colour_mode, document.colour_mode)
        causes = (document.displayed_network, document.expanded, colouring, self._session.direction, document.network)
        self.kept.put(document, self.draw_lane.name, causes, picture)

    def _update_canvas(self) -> None:
        displayed, expanded, colouring, direction, network = causes = self._drawing_causes()
        if displayed is not None:
            self._is_drawing = True
            job = jobs.draw_job(displayed, expanded, colouring, direction, network)
            self._run(self.draw_lane, causes, job, lambda picture: self._show_picture(picture, (displayed, expanded)))

    def cancel_drawing(self) -> None:
        """Stop drawing and return to the last expansion that was drawn; an undrawn network is shown collapsed."""
        if not self.draw_lane.busy:
            return
        self.draw_lane.cancel()
        self._when_drawn, self._is_drawing = None, False
        session = self._session
        drawn, opened = self._displayed or (None, frozenset())
        if drawn is session.displayed_network:
            session.set_expanded(opened)
        elif session.expanded:
            session.set_expanded(frozenset())
        else:
            self._update_canvas()  # as little as there can be

    def _show_picture(self, picture: Picture, shown: tuple[Network, frozenset[str]]) -> None:
        is_edited = self._displayed is not None and self._displayed[0] is not shown[0]
        was_whole = self._panels.canvas.is_fitted
        self._displayed, self._is_drawing = shown, False
        self._panels.canvas.show_picture(picture, anchor=self._anchor)
        if is_edited and was_whole:
            self._panels.canvas.stay_whole()
        if self._view is not None:
            self._panels.canvas.restore_view(self._view)
            self._view = None
        self._panels.canvas.select(self._displayed_selection())
        if self._when_drawn is not None:
            then, self._when_drawn = self._when_drawn, None
            then()

    def _update_figures(self) -> None:
        network, shown = causes = self._figures_causes()
        if network is not None and shown is not None:
            self._run(self.figures_lane, causes, jobs.figures_job(network, shown), self._show_figures)

    def _show_figures(self, found: jobs.FiguresResult) -> None:
        self._panels.figures.show_summary(found.summary)
        self._panels.history.show_rows(found.history_rows)

    def _update_output(self) -> None:
        network, sample = causes = self._output_causes()
        if network is None or sample is None:
            return
        panel = self._panels.output
        panel.show_busy(True)
        self.distance_lane.cancel()

        def show(found: OutputComparison) -> None:
            panel.show_busy(False)
            panel.show_output(found)
            if found.predictions:  # after the output: it is waited for, the yardstick is not
                self._run(
                    self.distance_lane,
                    (network,),
                    jobs.photo_distance_job(network),
                    panel.show_photo_distance,
                    lambda _: panel.show_photo_distance(None),
                )

        def fail(failure: Exception) -> None:
            panel.show_busy(False)
            panel.show_error(str(failure), edit_jobs.find_repairs(failure))

        self._run(self.output_lane, causes, jobs.output_job(network, sample), show, fail)
