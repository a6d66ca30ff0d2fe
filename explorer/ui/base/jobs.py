"""Jobs of the window that run off the UI thread: functions over frozen values that return a frozen result.

Each `*_job` function returns a callable for `Lane.submit`, which passes it `keep_going`. Torch is imported only inside
them, on the lane's thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from explorer.base.torch_environment import set_torch_environment
from explorer.ui.base.settings import read_text, read_whole
from explorer.viewmodels.card_ids import rename_ids

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.base.cancellation import KeepGoing
    from explorer.drawing import Picture
    from explorer.network import Network
    from explorer.presenters.difference_groups import DifferenceGroup
    from explorer.presenters.differences import Differences
    from explorer.presenters.history_rows import HistoryRows
    from explorer.viewmodels.diagram import Colouring, Direction
    from explorer.viewmodels.panels import FiguresSummary, Inspection, OutputComparison, PhotoDistanceView


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
    """Import torch and the core in advance, so that the first click does not wait for it; also what reads files, which
    lanes would otherwise import at the same time."""
    from explorer.base.gc_pause import freeze_imports, gc_paused

    set_torch_environment()
    with gc_paused():
        import explorer.network
        import explorer.project.files  # noqa: F401 - imported for its cost
    freeze_imports()

    set_thread_count()
    set_weights_folder()


def set_thread_count() -> None:
    """Give passes the processor cores that the user has chosen."""
    import torch

    # By default one core stays free for the window: torch's own threads would wait for each other on a busy machine.
    count = read_whole("threads")
    torch.set_num_threads(min(count, os.cpu_count() or 1) if count else max((os.cpu_count() or 2) - 1, 1))


def set_weights_folder() -> None:
    """Look for published weights, and keep them, in the folder that the user has chosen; torch's own by default."""
    import torch

    if chosen := read_text("weights_folder"):
        torch.hub.set_dir(chosen)


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
