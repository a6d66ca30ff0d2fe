"""Tool that opens the experiments window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.ui.base.dialogs import ask_handout_path
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.ui.experiments.window import ExperimentsWindow


class ExperimentsTool:
    """Menu entry of the experiments, and their window once it has been opened."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._lane = context.add_lane("experiments", latest_only=True)
        self._saving_lane = context.add_lane("handout of an experiment")
        self._pending: tuple[str, Mapping[str, Any]] | None = None
        self.window: ExperimentsWindow | None = None
        tip = tr_noop("Answer questions about the networks with numbers computed here")
        action = context.add_action("View", tr_noop("Experiments…"), self.show, "Ctrl+Shift+X", tip)
        context.add_activity(action, "experiments")
        context.session.on("experiment", self._show_from_session)
        context.session.on("language", self._update_language)

    def show(self, id: str = "", controls: Mapping[str, Any] | None = None) -> None:
        """Show the window, created on first use; with an id, that experiment with these controls."""
        if self.window is not None:
            self._show_window(id, controls or {})
            return
        self._context.commands.show_status(tr("Loading the experiments…"))
        self._pending = id, controls or {}
        self._lane.submit(
            _import_experiments,
            lambda _: self._show_window(*(self._pending or ("", {}))),
            self._context.commands.show_error,
        )

    def _show_window(self, id: str, controls: Mapping[str, Any]) -> None:
        fresh = self.window is None
        if self.window is None:
            from explorer.ui.experiments.window import ExperimentsWindow

            self.window = ExperimentsWindow(self._lane, self._context.window)
            self.window.open_requested.connect(self._context.commands.open_network)
            self.window.message_posted.connect(self._context.commands.show_status)
            self.window.save_requested.connect(self._ask_where_to_save)
            self.window.set_language(self._context.session.language)
            self._context.commands.show_status("")
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        if id or fresh:
            try:
                self.window.show_experiment(id or self.window.experiment.id, controls)
            except (LookupError, ValueError) as failure:
                self._context.commands.show_error(failure)

    def _ask_where_to_save(self) -> None:
        if self.window is not None:
            path = ask_handout_path(self.window, self.window.experiment.id)
            if path:
                self.save(path)

    def save(self, path: str) -> None:
        """Write the experiment in sight as a handout, with its outcome as it is shown."""
        window, language = self.window, self._context.session.language
        if window is None or window.outcome is None:
            return
        experiment, values, outcome = window.experiment, dict(window.values), window.outcome
        picture, commands = window.pictures.render_image(), self._context.commands

        def write(_: KeepGoing) -> None:
            from explorer.export.documents.handout import export_handout
            from explorer.export.documents.handout_sources import build_experiment_handout

            export_handout(build_experiment_handout(experiment, values, outcome, picture, language), path)

        window.message_posted.emit(tr("Writing {path}…", path=path))
        self._saving_lane.submit(
            write, lambda _: window.message_posted.emit(tr("Saved {path}", path=path)), commands.show_error
        )

    def _show_from_session(self) -> None:
        if self._context.session.experiment is not None:
            self.show(*self._context.session.experiment)

    def _update_language(self) -> None:
        if self.window is not None:
            self.window.set_language(self._context.session.language)


def _import_experiments(wanted: KeepGoing) -> None:
    """Import the experiments, and torch with them, off the UI thread."""
    from explorer.experiments import all_experiments

    all_experiments()
