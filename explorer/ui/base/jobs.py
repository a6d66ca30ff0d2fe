"""Jobs of the window that run off the UI thread: functions over frozen values that return a frozen result.

Each `*_job` function returns a callable for `Lane.submit`, which passes it `keep_going`. Torch is imported only inside
them, on the lane's thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings

from explorer.base.child_process import Limits
from explorer.base.languages import tr
from explorer.base.number_format import format_signed
from explorer.base.torch_environment import set_torch_environment
from explorer.viewmodels.card_ids import rename_ids
from explorer.viewmodels.mismatch import MismatchView
from explorer.viewmodels.panels import Choice

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.base.cancellation import KeepGoing
    from explorer.drawing import Picture
    from explorer.edits import Repair
    from explorer.network import Network
    from explorer.networks.user_module import UserModule
    from explorer.presenters.difference_groups import DifferenceGroup
    from explorer.presenters.differences import Differences
    from explorer.presenters.history_rows import HistoryRows
    from explorer.viewmodels.diagram import Colouring, Direction, Level
    from explorer.viewmodels.panels import EditPreview, FiguresSummary, Inspection, OutputComparison, PhotoDistanceView


@dataclass(frozen=True)
class OpenedNetwork:
    """A newly opened network, and the state of the view that comes with it."""

    network: Network
    expanded: frozenset[str]
    level: Level
    selection: tuple[str, ...] = ()
    sample: str = ""  # name of a built-in photo; empty for the one that is shown
    path: str = ""  # of the file it came from
    fingerprint: str = ""  # of that file when it was read, where it is a project
    bookmarks: tuple[str, ...] = ()
    complaint: str = ""  # what of the file could not be opened


@dataclass(frozen=True)
class FiguresResult:
    """Contents of the figures and the history panel."""

    summary: FiguresSummary
    history_rows: HistoryRows


@dataclass(frozen=True)
class ComparisonResult:
    """Differences of two networks that are shown side by side."""

    networks: tuple[Network, Network]  # the left one and the right one
    differences: Differences
    counterparts: Mapping[str, str]  # ops and groups of the right -> those of the left
    groups: tuple[DifferenceGroup, ...]  # the differences, by block
    figures: FiguresSummary  # of the right one, with the left one as its baseline


def import_torch(keep_going: KeepGoing) -> None:
    """Import torch and the core in advance, so that the first click does not wait for it."""
    from explorer.base.gc_pause import freeze_imports, gc_paused

    set_torch_environment()
    with gc_paused():
        import explorer.network  # noqa: F401 - imported for its cost
    freeze_imports()

    set_thread_count()
    set_weights_folder()


def set_thread_count() -> None:
    """Give passes the processor cores that the user has chosen."""
    import torch

    # By default one core stays free for the window: torch's own threads would wait for each other on a busy machine.
    chosen = str(QSettings().value("threads", "0"))
    count = int(chosen) if chosen.isdecimal() else 0
    torch.set_num_threads(min(count, os.cpu_count() or 1) if count else max((os.cpu_count() or 2) - 1, 1))


def set_weights_folder() -> None:
    """Look for published weights, and keep them, in the folder that the user has chosen; torch's own by default."""
    import torch

    if chosen := str(QSettings().value("weights_folder", "")):
        torch.hub.set_dir(chosen)


def open_at_level_job(network: Network, level: Level) -> Callable[[KeepGoing], OpenedNetwork]:
    """Job that returns an already opened network, expanded to `level`."""

    def job(keep_going: KeepGoing) -> OpenedNetwork:
        import explorer.project.journal  # noqa: F401 - asked next by the window, whose thread should not import it
        from explorer.presenters import expanded_at_level

        return OpenedNetwork(network, expanded_at_level(network.analysis, level), level)

    return job


def open_network_job(
    source: str,
    level: Level,
    options: dict[str, object] | None = None,
    edits: tuple[Any, ...] = (),
    *,
    trusted: bool = False,
    limits: Limits | None = None,
) -> Callable[[KeepGoing], OpenedNetwork]:
    """Job that opens a key of the catalogue, a name of a library or a file of a model, with `options`, and applies
    `edits`. What is foreign is opened in a process of its own, within `limits`; code only where it is `trusted`."""

    def job(keep_going: KeepGoing) -> OpenedNetwork:
        from explorer.opening.open_any import Apart, open_any

        apart = Apart(limits or Limits(), keep_going)
        network = open_any(source, options=options, edits=edits, trusted=trusted, apart=apart)
        opened = open_at_level_job(network, level)(keep_going)
        return replace(opened, path=source) if Path(source).is_file() else opened

    return job


def open_user_module_job(
    user_module: UserModule, level: Level, limits: Limits | None = None
) -> Callable[[KeepGoing], OpenedNetwork]:
    """Job that runs the user's code, which they have agreed to, in its own process and opens what it builds."""

    def job(keep_going: KeepGoing) -> OpenedNetwork:
        from explorer.project.user_code import open_user_module_apart

        network = open_user_module_apart(user_module, limits=limits, keep_going=keep_going)
        return open_at_level_job(network, level)(keep_going)

    return job


def reload_user_module_job(limits: Limits | None = None) -> Callable[[Network, KeepGoing], Network]:
    """Job that returns the network that the user's code builds now, with the same history; undone edits can be
    redone."""

    def job(network: Network, keep_going: KeepGoing) -> Network:
        from explorer.project.user_code import open_user_module_apart

        own, history = network.context.user_module, network.history
        if own is None:
            return network
        fresh = open_user_module_apart(own, history.edits, limits=limits, keep_going=keep_going)
        return replace(fresh, history=fresh.history.at_position(min(history.position, fresh.history.position)))

    return job


def open_project_job(
    path: str,
    level: Level,
    agreed: UserModule | None = None,
    limits: Limits | None = None,
    *,
    trusts_file: bool = False,
) -> Callable[[KeepGoing], OpenedNetwork]:
    """Job that opens a project file. `level` is for files that store no view; `agreed` is user code that may run, in
    its own process and within `limits`; `trusts_file` agrees to a model file that can run code."""

    def job(keep_going: KeepGoing) -> OpenedNetwork:
        import explorer.project.journal  # noqa: F401 - as above
        from explorer.analysis.sample_names import BUILT_IN_SAMPLES
        from explorer.opening.open_any import Apart, model_file_opener
        from explorer.presenters import expanded_at_level
        from explorer.project import opening
        from explorer.project.saving import file_fingerprint
        from explorer.project.weights_file import describe_missing_weights

        mark = file_fingerprint(Path(path))  # before: what is written meanwhile counts as another program's
        apart = Apart(limits or Limits(), keep_going)
        network, project = opening.open_project(
            path,
            keep_going,
            trusted=agreed,
            limits=apart.limits,
            trusts_file=trusts_file,
            open_file=model_file_opener(trusted=trusts_file, apart=apart),
        )
        view, missing = project.view, describe_missing_weights(network, project)
        if view.opened is None:
            expanded = expanded_at_level(network.analysis, level)
            return OpenedNetwork(network, expanded, level, path=path, fingerprint=mark, complaint=missing)
        sample = view.sample if view.sample in BUILT_IN_SAMPLES else ""
        return OpenedNetwork(
            network,
            frozenset(view.opened),
            view.level,
            view.selection,
            sample,
            path,
            fingerprint=mark,
            bookmarks=view.bookmarks,
            complaint=missing,
        )

    return job


def save_project_job(
    network: Network, path: str, view: dict[str, Any], expected: str = ""
) -> Callable[[KeepGoing], str]:
    """Job that writes a project file and returns its fingerprint; `view` holds the fields of
    `explorer.project.files.ProjectView`. A file whose fingerprint is not `expected` is not overwritten."""

    def job(keep_going: KeepGoing) -> str:
        from explorer.project.files import ProjectView
        from explorer.project.opening import build_project
        from explorer.project.saving import save_project
        from explorer.project.weights_file import copy_weights_beside

        kept = copy_weights_beside(network, Path(path))
        project = build_project(kept, ProjectView(**view), Path(path).parent)
        return save_project(Path(path), project, expected)

    return job


def figures_job(network: Network, shown: Network) -> Callable[[KeepGoing], FiguresResult]:
    """Job that computes the figures of the displayed network against its baseline, and the rows of its history."""

    def job(keep_going: KeepGoing) -> FiguresResult:
        from explorer.presenters import build_summary
        from explorer.presenters.history_rows import build_history_rows
        from explorer.presenters.stacks import all_stack_ids
        from explorer.project.python_script import to_python

        all_stack_ids(network.analysis)  # kept: unfolding everything asks for them, on the window's thread
        return FiguresResult(
            build_summary(shown.analysis, network.baseline.analysis),
            build_history_rows(network.history, to_python(network)),
        )

    return job


def edit_preview_job(network: Network, edit: Any, expanded: frozenset[str]) -> Callable[[KeepGoing], EditPreview]:
    """Job that computes what an edit would change in `network`, or why it is refused."""

    def job(keep_going: KeepGoing) -> EditPreview:
        from explorer import presenters
        from explorer.edits import EditError

        try:
            then = network.edit(edit)
        except EditError as failure:
            return presenters.build_refusal(edit.title, str(failure), find_repairs(failure))
        return presenters.build_preview(
            edit.title, network.analysis, then.analysis, network.baseline.analysis, expanded
        )

    return job


def drop_preview_job(network: Network, edit: Any, expanded: frozenset[str]) -> Callable[[KeepGoing], EditPreview]:
    """Job that computes what dropping something would change, by the edit or the repair that would be applied, which
    the title says; or why it cannot be."""

    def job(keep_going: KeepGoing) -> EditPreview:
        from explorer import presenters
        from explorer.edits.drops import find_drop

        drop = find_drop(network.architecture, edit)
        if not drop.is_possible:
            return presenters.build_refusal(edit.title, drop.reason)
        preview = edit_preview_job(network, drop.edit, expanded)(keep_going)
        return replace(preview, title=f"{preview.title}\n{drop.repair}".strip())

    return job


def apply_drop(network: Network, edit: Any) -> Network:
    """Return the network after what a drop makes: the edit, or the repair that was shown. Raises EditError."""
    from explorer.edits.drops import find_drop

    return network.edit(find_drop(network.architecture, edit).edit)


def find_repairs(failure: Exception) -> tuple[Choice, ...]:
    """Return edits that could be made instead of one that was refused, each with what it costs; none for other
    failures."""
    return tuple(
        Choice(f"{repair.title}{_cost_text(repair)}", repair.edit, repair.edit.title)
        for repair in getattr(failure, "repairs", ())
    )


def find_mismatch_view(failure: Exception) -> MismatchView | None:
    """Return the shapes that do not meet behind an error, as the canvas shows them; None for other errors."""
    from explorer.edits.edit import find_mismatch

    found = find_mismatch(failure)
    return MismatchView(found.node, found.inputs, found.reason) if found is not None else None


def _cost_text(repair: Repair) -> str:
    """ " (+8.2 K params, +25.7 M MACs)"; empty where it was not counted, or costs nothing."""
    if repair.added_params is None or repair.added_macs is None:
        return ""
    params, macs = format_signed(repair.added_params), format_signed(repair.added_macs)
    return f" ({tr('{params} params, {macs} MACs', params=params, macs=macs)})"


def draw_job(
    network: Network,
    expanded: frozenset[str],
    by: str | Colouring,
    direction: Direction,
    edited: Network | None = None,
) -> Callable[[KeepGoing], Picture]:
    """Job that lays out and composes the diagram. `by` colours the cards: a key of `COLOURS`, or numbers of nodes.

    `expanded` are ids in `edited`, where that is another state of the network than the one drawn.
    """

    def job(keep_going: KeepGoing) -> Picture:
        from explorer.base.cancellation import Cancelled
        from explorer.drawing import compose_picture
        from explorer.presenters import build_diagram
        from explorer.presenters.counterparts import find_renamed_parts

        def step(done: float) -> None:
            if not keep_going(done):
                raise Cancelled

        told, unfolded = network.provenance_of, expanded
        if edited is not None and edited is not network:
            unfolded = frozenset(rename_ids(expanded, find_renamed_parts(edited.analysis, network.analysis)))
        found = build_diagram(
            network.analysis, unfolded, network.history.baseline, by, told, lambda done: step(0.4 * done)
        )
        return compose_picture(found, direction, lambda done: step(0.4 + 0.6 * done))

    return job


def output_job(network: Network, sample: Sample | str) -> Callable[[KeepGoing], OutputComparison]:
    """Job that runs a network and its baseline on the sample image and compares the two outputs."""

    def job(keep_going: KeepGoing) -> OutputComparison:
        from explorer.analysis.photo_distance import returns_picture
        from explorer.presenters.outputs import compare_outputs, weights_note

        now = network.run(sample, keep_going)
        before = network.baseline.run(sample, keep_going)
        origin = network.context
        verified = network.verification.text if network.verification is not None else ""
        note = " ".join(filter(None, (verified, origin.forward.fallback_reason, network.weights.note)))
        architecture = network.architecture
        kept, picture = weights_note(architecture, network.weights), returns_picture(architecture)
        found = compare_outputs(
            now.result, before.result, note, kept, is_picture=picture, has_batch=network.figures.has_batch
        )
        return replace(found, crop=network.crop_box(sample))

    return job


def photo_distance_job(network: Network) -> Callable[[KeepGoing], PhotoDistanceView | None]:
    """Job that compares the outputs for some photos, of a network and of its baseline; None where it cannot."""

    def job(keep_going: KeepGoing) -> PhotoDistanceView | None:
        from explorer.presenters.photo_distances import build_photo_distance_view
        from explorer.weights import SeededWeights

        now = network.measure_photo_distance(keep_going)
        baseline = network.baseline
        return build_photo_distance_view(
            now,
            baseline.measure_photo_distance(keep_going),
            is_edited=baseline.architecture is not network.architecture,
            is_seeded=isinstance(network.weights, SeededWeights),
        )

    return job


def inspection_job(network: Network, selected: tuple[str, ...]) -> Callable[[KeepGoing], Inspection | None]:
    """Job that describes what is selected for the inspector; its result is None when nothing of it is there."""

    def job(keep_going: KeepGoing) -> Inspection | None:
        from explorer.presenters import build_inspection

        return build_inspection(network.analysis, selected, network.provenance_of)

    return job


def comparison_job(left: Network, right: Network) -> Callable[[KeepGoing], ComparisonResult]:
    """Job that compares two networks, or two states of one."""

    def job(keep_going: KeepGoing) -> ComparisonResult:
        from explorer.presenters import build_summary
        from explorer.presenters.difference_groups import group_differences
        from explorer.presenters.differences import compare_networks, compare_with_baseline

        compare = compare_with_baseline if left.context is right.context else compare_networks
        found = compare(left.analysis, right.analysis)
        return ComparisonResult(
            networks=(left, right),
            differences=found,
            counterparts={right: left for left, right in found.pairs.items()},
            groups=group_differences(found, left.analysis, right.analysis),
            figures=build_summary(right.analysis, left.analysis),
        )

    return job


def search_job(network: Network, text: str) -> Callable[[KeepGoing], tuple[str, ...]]:
    """Job that returns the ids of nodes and groups that match a search text."""

    def job(keep_going: KeepGoing) -> tuple[str, ...]:
        from explorer.presenters.search import search_cards

        return search_cards(network.analysis, text)

    return job
