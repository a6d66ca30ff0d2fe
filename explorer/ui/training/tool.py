"""Tool of training: starts runs in a process of their own, and follows them by their files.

The window holds nothing that a run needs: closed and opened again, it finds the newest training and goes on showing it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.ui.plugin.dock_size import enlarge_dock
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.training.data_control import DataControl
from explorer.ui.training.sweep_control import SweepControl
from explorer.ui.training.trained_networks import load_trained, open_trained

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.training.closer_look import CloserLook
    from explorer.training.data_spec import DataSpec
    from explorer.training.groups import RunGroup
    from explorer.training.progress import GroupProgress, ProgressReader
    from explorer.training.recipe import Recipe
    from explorer.ui.training.panel import TrainingPanel

_POLL_MS = 400
_MOST_GROUPS = 20  # earlier trainings that are offered


class TrainingTool:
    """Panel that trains the open network, and its baseline where it is edited, on a small data set."""

    title, shortcut, preferred_height = tr_noop("Training"), "Ctrl+Shift+Y", 360

    def __init__(self, context: ToolContext) -> None:
        self.context, self.session = context, context.session
        self.start_lane = context.add_lane(self.title)
        self.read_lane = context.add_lane("curves of training", latest_only=True)
        self.look_lane = context.add_lane("mistakes of trained networks", latest_only=True)
        self.panel: TrainingPanel | None = None
        self.group: RunGroup | None = None
        self._reader: ProgressReader | None = None
        self.dock = context.add_dock(
            self.title, self._create_panel, "bottom", self.shortcut, icon="training", needs_height=True
        )
        self.session.on("network", self._show_contestants)
        context.documents.changed.connect(self._show_contestants)
        self.session.on("selection", self._show_freezable)
        self._timer = QTimer(context.window, interval=_POLL_MS)
        self._timer.timeout.connect(self._read)
        self.sweeps, self.data = SweepControl(context), DataControl(context)

    def _create_panel(self) -> TrainingPanel:
        from explorer.ui.training.panel import TrainingPanel

        panel = self.panel = TrainingPanel()
        panel.start_requested.connect(self._start)
        panel.results.pause_requested.connect(self._pause)
        panel.results.resume_requested.connect(self._resume)
        panel.results.weights_requested.connect(self._use_weights)
        panel.results.group_chosen.connect(self._follow)
        panel.results.look_requested.connect(self._look_closer)
        panel.results.save_requested.connect(self._save)
        self._show_contestants()
        self._show_freezable()
        self.sweeps.serve(panel)
        self.data.serve(panel.data_choice, panel.examples)
        self.start_lane.submit(find_devices, panel.show_devices, self._show_failure)
        self.start_lane.submit(list_trainings, self._show_groups, self._show_failure)
        enlarge_dock(self.context.window, self.dock, self.preferred_height)
        return panel

    def _show_contestants(self) -> None:
        if self.panel is not None:
            others = [document for document in self.context.documents if document is not self.session.document]
            self.panel.show_contestants(self.session.network, others)

    def _show_freezable(self) -> None:
        network = self.session.network
        if self.panel is not None and network is not None:
            cards = self.session.selection
            self.panel.recipe_form.show_freezable(find_last_layer(network, cards), cards[-1] if cards else "")

    # runs

    def _start(self) -> None:
        network, panel = self.session.network, self.panel
        data = panel.data_choice.spec() if panel is not None else None
        if network is None or panel is None or data is None:
            return
        try:
            recipe = panel.recipe()
        except ValueError as failure:
            self._show_failure(failure)
            return
        panel.start_button.setEnabled(False)
        positions, others = panel.contestants.positions, panel.contestants.others
        job = partial(start_training, network, positions, others, data, recipe, panel.seeds.value(), panel.device())
        self.start_lane.submit(job, self._started, self._show_failure)
        panel.results.verdict.setText(tr("Starting…"))
        panel.results.verdict.show()

    def _started(self, group: RunGroup) -> None:
        self._follow(group)
        self._show_contestants()
        self.start_lane.submit(list_trainings, self._show_groups, self._show_failure)

    def _show_groups(self, groups: list[tuple[str, RunGroup]]) -> None:
        if self.panel is not None:
            self.panel.results.show_groups(groups)
            if self.group is None and groups:
                self._follow(groups[0][1])

    def _follow(self, group: RunGroup) -> None:
        self.group, self._reader = group, None
        self._timer.start()
        self._read()

    def _read(self) -> None:
        if self.group is None or self.read_lane.busy:
            return
        self.read_lane.submit(partial(read_progress, self.group, self._reader), self._show_progress, self._show_failure)

    def _show_progress(self, found: tuple[ProgressReader, GroupProgress]) -> None:
        self._reader, progress = found
        if progress.state in ("finished", "failed", "paused", "interrupted"):
            self._timer.stop()
        if progress.state == "finished":
            self.session.note_trained()
        if self.panel is not None:
            self.panel.results.show_progress(progress)

    def _pause(self) -> None:
        if self.group is not None:
            for folder in self.group.folders:
                if folder.read_state().state != "finished":
                    folder.request_pause()

    def _resume(self) -> None:
        if self.group is not None:
            self.start_lane.submit(partial(resume_training, self.group), self._follow, self._show_failure)

    def _use_weights(self, place: int) -> None:
        network = self.session.network
        if self.group is None or network is None:
            return
        run, commands = self.group.contestants[place][0], self.context.commands
        if run.read_spec().network in ("", network.title):
            commands.rebuild_network(partial(load_trained, run))
        else:
            self.start_lane.submit(partial(open_trained, run), commands.show_opened, commands.show_error)

    def _look_closer(self) -> None:
        if self.group is not None:
            self.look_lane.submit(partial(compute_closer_look, self.group), self._show_closer_look, self._show_failure)

    def _save(self) -> None:
        group = self.group
        kinds = {tr("Page (*.html)"): ".html", tr("CSV (*.csv)"): ".csv"}
        path, kind = QFileDialog.getSaveFileName(
            self.context.window, tr("Save training"), "training.html", ";;".join(kinds)
        )
        if path and group is not None:
            path = path if Path(path).suffix.lower() in kinds.values() else path + kinds.get(kind, ".html")
            said = partial(self._say_saved, path)
            self.look_lane.submit(partial(write_training, group, path), said, self._show_failure)

    def _say_saved(self, path: str, _: None) -> None:
        self.context.commands.show_status(tr("Saved {path}", path=path))

    def _show_closer_look(self, look: CloserLook) -> None:
        from explorer.ui.training.closer_look_dialog import CloserLookDialog

        CloserLookDialog(look, self.context.window).show()

    def _show_failure(self, failure: Exception) -> None:
        self._timer.stop()
        if self.panel is not None:
            self._show_contestants()
            self.panel.results.show_failure(str(failure))


def find_last_layer(network: Network, cards: tuple[str, ...]) -> str:
    """Return the path of the last layer, in the order of the data, in the cards that are selected; "" without one."""
    from explorer.graph.to_module import module_paths

    paths = module_paths(network.architecture)
    inside = [
        paths[node.name]
        for node in network.architecture.live.values()
        if node.name in paths
        and any(card in (node.name, node.path) or node.path.startswith(f"{card}.") for card in cards)
    ]
    return inside[-1] if inside else ""


# jobs


def find_devices(keep_going: KeepGoing) -> tuple[str, ...]:
    """Return the devices of this machine that can train."""
    import torch

    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return ("cpu", *(name for name, there in found.items() if there))


def start_training(
    network: Network,
    positions: tuple[int, ...],
    others: tuple[Network, ...],
    data: DataSpec,
    recipe: Recipe,
    seeds: int,
    device: str,
    keep_going: KeepGoing,
) -> RunGroup:
    """Make the runs of a network, as it is and at points of its history, and of others, and start them in a process."""
    from explorer.training.groups import create_group
    from explorer.training.launch import start_run
    from explorer.training.train import fit_network, history_points, name_networks

    points = history_points(network, (*positions, network.history.position))
    fitted = {title: fit_network(one, data) for title, one in name_networks([*points.values(), *others]).items()}
    group = create_group(fitted, data, recipe, range(seeds), device=device)
    start_run(*group.folders, trusted=True)  # the network is open: its code has been agreed to
    return group


def resume_training(group: RunGroup, keep_going: KeepGoing) -> RunGroup:
    """Start what is not finished again."""
    from explorer.training.launch import start_run

    waiting = [folder for folder in group.folders if folder.read_state().state not in ("finished", "failed")]
    if waiting:
        start_run(*waiting, trusted=True)
    return group


def read_progress(
    group: RunGroup, reader: ProgressReader | None, keep_going: KeepGoing
) -> tuple[ProgressReader, GroupProgress]:
    """Return where a training stands, and the reader that knows what was read."""
    from explorer.training.progress import ProgressReader

    known = reader or ProgressReader(group)
    return known, known.read()


def compute_closer_look(group: RunGroup, keep_going: KeepGoing) -> CloserLook:
    """Return what the networks of a training get wrong."""
    from explorer.training.closer_look import look_closer

    return look_closer(group, trusted=True, keep_going=keep_going)


def write_training(group: RunGroup, path: str, keep_going: KeepGoing) -> None:
    """Write a training as a page, or its curves."""
    from explorer.training.report import save_training

    save_training(group, path)


def list_trainings(keep_going: KeepGoing) -> list[tuple[str, Any]]:
    """Return earlier trainings with their titles, the newest first."""
    from explorer.training.groups import list_groups
    from explorer.training.launch import time_of_folder

    found = []
    for group in list_groups(most=_MOST_GROUPS):
        spec = group.folders[0].read_spec()
        found.append((f"{time_of_folder(group.path)}  {spec.title} · {spec.data.title}", group))
    return found
