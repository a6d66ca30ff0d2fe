"""What the panel's sweep is served by: starts sweeps in a process of their own, and follows them by their files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import join_list, tr, tr_noop, with_label
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.training.trained_networks import open_trained

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.training.sweep_choices import VariedOption
    from explorer.training.sweep_folder import SweepFolder
    from explorer.training.sweep_progress import SweepProgress, SweepReader
    from explorer.training.sweep_results import TrialResult
    from explorer.training.sweep_spec import Sweep
    from explorer.ui.base.opening_jobs import OpenedNetwork
    from explorer.ui.training.panel import TrainingPanel

_POLL_MS = 800
_MOST_SWEEPS = 20  # earlier ones that are offered


class SweepControl:
    """Connects the sweep's form and results with what computes: the window holds nothing that a sweep needs."""

    def __init__(self, context: ToolContext) -> None:
        self.context, self.session = context, context.session
        self.lane = context.add_lane("sweep")
        self.read_lane = context.add_lane("progress of a sweep", latest_only=True)
        self.options_lane = context.add_lane("what a sweep can vary", latest_only=True)
        self.panel: TrainingPanel | None = None
        self.folder: SweepFolder | None = None
        self._reader: SweepReader | None = None
        self._timer = QTimer(context.window, interval=_POLL_MS)
        self._timer.timeout.connect(self._read)
        for topic in ("network", "selection", "language"):
            self.session.on(topic, self._find_options)

    def serve(self, panel: TrainingPanel) -> None:
        """Serve a panel that was created."""
        self.panel = panel
        panel.sweep_requested.connect(self._start)
        panel.mode.tab_clicked.connect(lambda _: self._find_options())
        results = panel.sweep_results
        results.pause_requested.connect(self._pause)
        results.resume_requested.connect(self._resume)
        results.copy_requested.connect(self._copy)
        results.sweep_chosen.connect(self._follow)
        results.trial_chosen.connect(self._open_trial)
        self.lane.submit(list_earlier_sweeps, self._show_sweeps, self._show_failure)

    # what can be varied

    def _find_options(self) -> None:
        network = self.session.network
        if self.panel is not None and self.panel.is_sweep and network is not None:
            job = partial(find_varied, network, self.session.selection)
            self.options_lane.submit(job, self._show_options, self._show_failure)

    def _show_options(self, found: tuple[str, dict[str, str], tuple[VariedOption, ...]]) -> None:
        if self.panel is not None:
            self.panel.sweep_form.show_network(*found)

    # sweeps

    def _start(self) -> None:
        panel, network = self.panel, self.session.network
        data = panel.data_choice.spec() if panel is not None else None
        if panel is None or network is None or data is None:
            return
        form = panel.sweep_form
        try:
            plan = form.plan(data, panel.recipe(), panel.seeds.value())
        except ValueError as failure:
            self._show_failure(failure)
            return
        panel.sweep_results.show_message(tr("Starting…"))
        how = (form.workers.value(), form.cluster)
        self.lane.submit(partial(begin_sweep, plan, network, *how), self._started, self._show_failure)

    def _started(self, folder: SweepFolder) -> None:
        self._follow(folder)
        self.lane.submit(list_earlier_sweeps, self._show_sweeps, self._show_failure)

    def _show_sweeps(self, sweeps: list[tuple[str, SweepFolder]]) -> None:
        if self.panel is not None:
            self.panel.sweep_results.show_sweeps(sweeps)
            if self.folder is None and sweeps:
                self._follow(sweeps[0][1])

    def _follow(self, folder: SweepFolder) -> None:
        self.folder, self._reader = folder, None
        self._timer.start()
        self._read()

    def _read(self) -> None:
        if self.folder is not None and not self.read_lane.busy:
            job = partial(read_sweep, self.folder, self._reader)
            self.read_lane.submit(job, self._show_progress, self._show_failure)

    def _show_progress(self, found: tuple[SweepReader, SweepProgress]) -> None:
        self._reader, progress = found
        if progress.state in ("finished", "failed", "paused", "interrupted"):
            self._timer.stop()
        if progress.state == "finished":
            self.session.note_trained()
        if self.panel is not None:
            self.panel.sweep_results.show_progress(progress)

    def _pause(self) -> None:
        if self.folder is not None:
            self.folder.request_pause()

    def _resume(self) -> None:
        if self.folder is not None and self.panel is not None:
            form = self.panel.sweep_form
            job = partial(resume_sweep, self.folder, form.workers.value(), form.cluster)
            self.lane.submit(job, self._follow, self._show_failure)

    def _copy(self, kind: str) -> None:
        progress = self.panel.sweep_results.progress if self.panel is not None else None
        if progress is not None:
            result = progress.result
            QApplication.clipboard().setText(result.as_csv() if kind == "csv" else result.as_markdown())
            self.context.commands.show_status(tr("Copied the table"))

    def _open_trial(self, trial: TrialResult) -> None:
        self.lane.submit(
            partial(open_trial, trial), self.context.commands.show_opened, self.context.commands.show_error
        )

    def _show_failure(self, failure: Exception) -> None:
        self._timer.stop()
        if self.panel is not None:
            self.panel.sweep_results.show_message(str(failure))


# jobs


def find_varied(
    network: Network, selection: tuple[str, ...], keep_going: KeepGoing
) -> tuple[str, dict[str, str], tuple[VariedOption, ...]]:
    """Return what a plan calls the open network, the networks there are (titles by key), and what can be varied."""
    from explorer.networks.catalogue import all_entries
    from explorer.training.sweep_choices import list_varied_options

    entry = network.context.entry
    name = entry.key if entry is not None else network.title
    named = {name: network.title} | {other.key: other.title for other in all_entries()}
    return name, named, list_varied_options(network, selection)


def begin_sweep(plan: Sweep, network: Network, workers: int, address: str, keep_going: KeepGoing) -> SweepFolder:
    """Make the folder of a sweep of the open network, and lead it in a process of its own."""
    from explorer.training.sweep_folder import create_sweep, start_sweep

    plan.points()
    folder = create_sweep(plan, network)
    start_sweep(folder, workers=workers, threads=1 if workers > 1 else 0, address=address, trusted=True)
    return folder


def resume_sweep(folder: SweepFolder, workers: int, address: str, keep_going: KeepGoing) -> SweepFolder:
    """Start what is not finished again."""
    from explorer.training.sweep_folder import start_sweep

    start_sweep(folder, workers=workers, threads=1 if workers > 1 else 0, address=address, trusted=True)
    return folder


def read_sweep(
    folder: SweepFolder, reader: SweepReader | None, keep_going: KeepGoing
) -> tuple[SweepReader, SweepProgress]:
    """Return where a sweep stands, and the reader that knows what was read."""
    from explorer.training.sweep_progress import SweepReader

    known = reader or SweepReader(folder)
    return known, known.read()


def list_earlier_sweeps(keep_going: KeepGoing) -> list[tuple[str, SweepFolder]]:
    """Return earlier sweeps with their titles, the newest first."""
    from explorer.training.launch import time_of_folder
    from explorer.training.sweep_folder import list_sweeps

    found = []
    for folder in list_sweeps(most=_MOST_SWEEPS):
        plan = folder.read_plan()
        varied = join_list(plan.title_of(name) for name in plan.vary)
        found.append((with_label(f"{time_of_folder(folder.path)}  {plan.network}", varied), folder))
    return found


def open_trial(trial: TrialResult, keep_going: KeepGoing) -> OpenedNetwork:
    """Open the network of a point, with the weights of its first seed. Raises RunError where it was not begun."""
    from explorer.training.locked_folder import RunError
    from explorer.training.run_folder import RunFolder

    if trial.weights is None:
        raise RunError(tr(_NOT_BEGUN))
    return open_trained(RunFolder(trial.weights), keep_going)


_NOT_BEGUN = tr_noop("This point has not been trained yet.")
