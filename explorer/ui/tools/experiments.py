"""Experiments that prove what the guide says, in a window of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.ui.experiments.window import ExperimentsWindow


class ExperimentsTool:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lane = desk.lane("experiments", newest=True)
        self._waiting: tuple[str, Mapping[str, Any]] | None = None
        self.window: ExperimentsWindow | None = None
        tip = "Questions about the networks, answered with numbers made here and now"
        desk.action("View", "Experiments…", self.show, "Ctrl+Shift+X", tip)
        desk.session.listen(self._changed)

    def show(self, id: str = "", controls: Mapping[str, Any] | None = None) -> None:
        """Show the window, made when it is first asked for; with an id, that experiment with these controls."""
        if self.window is not None:
            self._show_window(id, controls or {})
            return
        self._desk.intent.say("Getting the experiments ready…")
        self._waiting = id, controls or {}
        self._lane.submit(_ready, lambda _: self._show_window(*(self._waiting or ("", {}))), self._desk.intent.complain)

    def _show_window(self, id: str, controls: Mapping[str, Any]) -> None:
        fresh = self.window is None
        if self.window is None:
            from explorer.ui.experiments.window import ExperimentsWindow

            self.window = ExperimentsWindow(self._lane, self._desk.window)
            self.window.open_wanted.connect(self._desk.intent.open)
            self.window.said.connect(self._desk.intent.say)
            self.window.speak(self._desk.session.language)
            self._desk.intent.say("")
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        if id or fresh:
            try:
                self.window.show_experiment(id or self.window.experiment.id, controls)
            except (LookupError, ValueError) as failure:
                self._desk.intent.complain(failure)

    def _changed(self, topic: Topic) -> None:
        session = self._desk.session
        if topic == "experiment" and session.experiment is not None:
            self.show(*session.experiment)
        elif topic == "language" and self.window is not None:
            self.window.speak(session.language)


def _ready(wanted: Wanted) -> None:
    """Import the experiments, and torch with them, off the UI thread."""
    from explorer.experiments import experiments

    experiments()
