"""Keeps the panels in step with the session: draws, inspects, measures and runs, newest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.drawing import Picture
from explorer.session import Session, Topic
from explorer.ui import requests
from explorer.ui.canvas import Canvas
from explorer.ui.figures import FiguresPanel
from explorer.ui.history import HistoryPanel
from explorer.ui.inspector import InspectorPanel
from explorer.ui.output import OutputPanel
from explorer.ui.work import Lane

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.panels import Output


@dataclass(frozen=True)
class Panels:
    canvas: Canvas
    inspector: InspectorPanel
    figures: FiguresPanel
    output: OutputPanel
    history: HistoryPanel


class Refreshing(QObject):
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, panels: Panels, parent: QObject) -> None:
        super().__init__(parent)
        self.keep: str | None = None  # what should stay where it is when the next picture comes
        self._then: Callable[[], None] | None = None
        self._drawn: tuple[Network, frozenset[str]] | None = None  # what the canvas shows, and what is open in it
        self.drawing = Lane("drawing", parent, newest=True)
        self.inspecting = Lane("inspecting", parent, newest=True)
        self.measuring = Lane("measuring", parent, newest=True)
        self.running = Lane("output", parent, newest=True)
        self.lanes = (self.drawing, self.inspecting, self.measuring, self.running)
        self._session, self._panels = session, panels
        session.listen(self._changed)

    def keep_in_place(self) -> None:
        """What is selected, or else what one looks at, stays where it is: the same network in another state."""
        selection = self._session.selection
        self.keep = selection.split(",")[0] if selection else self._panels.canvas.in_the_middle or "input"

    def then(self, happens: Callable[[], None]) -> None:
        """Once the canvas shows the session as it is now: at once, or when the picture on its way has come."""
        if self.drawing.busy:
            self._then = happens
        else:
            happens()

    def inspect(self) -> None:
        network, selection = self._session.network, self._session.selection
        show = self._panels.inspector.show_inspection
        if network is None:
            self.inspecting.cancel()
            show(None)
        else:
            self.inspecting.submit(requests.inspect(network, selection or ""), show, self.failed.emit)

    def _changed(self, topic: Topic) -> None:
        if topic == "colours":
            self.keep_in_place()
        if topic == "direction":
            self.keep = None
        if topic in ("network", "opened", "compared", "colours", "direction"):
            self._draw()
        if topic in ("network", "selection"):
            self.inspect()
        if topic in ("network", "compared"):
            self._measure()
        if topic in ("network", "sample", "compared"):
            self._run()
        if topic == "selection":
            self._panels.canvas.light(frozenset())  # what was pointed out has been seen
            self._panels.canvas.select(self._session.selection)

    def _draw(self) -> None:
        network = self._session.shown
        if network is not None:
            session = self._session
            shown = network, session.opened
            work = requests.draw(network, session.opened, session.colouring, session.direction)
            self.drawing.submit(work, lambda picture: self._show_picture(picture, shown), self.failed.emit)

    def give_up_drawing(self) -> None:
        """What would have been unfolded is folded again; another network, or another state of it, comes folded."""
        if not self.drawing.busy:
            return
        self.drawing.cancel()
        self._then = None
        session = self._session
        drawn, opened = self._drawn or (None, frozenset())
        if drawn is session.shown:
            session.open_groups(opened)
        elif session.opened:
            session.open_groups(frozenset())
        else:
            self._draw()  # as little as there can be

    def _show_picture(self, picture: Picture, shown: tuple[Network, frozenset[str]]) -> None:
        self._drawn = shown
        self._panels.canvas.show_picture(picture, keep=self.keep)
        self._panels.canvas.select(self._session.selection)
        if self._then is not None:
            then, self._then = self._then, None
            then()

    def _measure(self) -> None:
        network, shown = self._session.network, self._session.shown
        if network is not None and shown is not None:
            self.measuring.submit(requests.measure(network, shown), self._show_measured, self.failed.emit)

    def _show_measured(self, found: requests.Measured) -> None:
        self._panels.figures.show_summary(found.summary)
        self._panels.history.show_track(found.track)

    def _run(self) -> None:
        network, sample = self._session.shown, self._session.sample
        if network is None or sample is None:
            return
        panel = self._panels.output
        panel.show_busy(True)

        def show(found: Output) -> None:
            panel.show_busy(False)
            panel.show_output(found)

        def fail(failure: Exception) -> None:
            panel.show_busy(False)
            panel.show_error(str(failure), requests.ways_out(failure))

        self.running.submit(requests.run(network, sample), show, fail)
