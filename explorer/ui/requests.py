"""What the window has done off the UI thread: plain functions over frozen values.

They are the only place of the window's where torch gets imported, on the thread that runs them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.panels import Choice

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.diagram import Colouring, Direction, Level
    from explorer.drawing import Picture
    from explorer.network import Network
    from explorer.networks.own import Own
    from explorer.panels import Inspection, Output, Preview, Summary
    from explorer.present.differences import Differences
    from explorer.present.steps import Track
    from explorer.wanted import Wanted


@dataclass(frozen=True)
class Opened:
    """A newly opened network, and what the screen should show of it."""

    network: Network
    opened: frozenset[str]
    level: Level
    selection: str | None = None
    sample: str = ""  # name of a built-in photo; empty for the one that is shown
    path: str = ""  # of the file it came from
    bookmarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What the panels show of a network's figures."""

    summary: Summary
    track: Track


@dataclass(frozen=True)
class Beside:
    """What is known of two networks side by side."""

    differences: Differences
    back: Mapping[str, str]  # ops and groups of the right -> those of the left
    unpaired: frozenset[str]  # groups of the left that are open at first


def warm_up(wanted: Wanted) -> None:
    """Import what the first click would have to wait for."""
    from explorer.garbage import keep_loaded, undisturbed

    # Feature maps are kept, so each pass writes to fresh memory: on Linux torch takes it in pages of 2 MB instead of
    # 4 kB, if it is told before it takes the first. Half of a pass of ResNet-152 went into first touches otherwise.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    with undisturbed():
        import torch

        import explorer.network  # noqa: F401 - imported for its cost
    keep_loaded()

    # One core stays free for the window; torch's own threads would also wait for each other on a busy machine.
    torch.set_num_threads(max((os.cpu_count() or 2) - 1, 1))


def unfolded(network: Network, level: Level) -> Callable[[Wanted], Opened]:
    """A network that was opened, to be shown at `level`."""

    def work(wanted: Wanted) -> Opened:
        from explorer.present import at_level

        return Opened(network, at_level(network.study, level), level)

    return work


def open_network(
    key: str, level: Level, options: dict[str, object] | None = None, edits: tuple[Any, ...] = ()
) -> Callable[[Wanted], Opened]:
    def work(wanted: Wanted) -> Opened:
        from explorer import network

        return unfolded(network.open_network(key, options=options, edits=edits), level)(wanted)

    return work


def open_own(own: Own, level: Level) -> Callable[[Wanted], Opened]:
    """Run the user's own code, which they have agreed to, and open the network it makes."""

    def work(wanted: Wanted) -> Opened:
        from explorer.trusted import open_own

        return unfolded(open_own(own), level)(wanted)

    return work


def read_again(network: Network) -> Network:
    """The same edits of what the user's own code makes now; those that were undone can still be redone."""
    from explorer.trusted import open_own

    own, history = network.origin.own, network.history
    if own is None:
        return network
    fresh = open_own(own, history.edits)
    return replace(fresh, history=fresh.history.at(min(history.position, fresh.history.position)))


def open_project(path: str, level: Level, agreed: Own | None = None) -> Callable[[Wanted], Opened]:
    """Open what a project's file describes; `level` is for files that say nothing of the view, and `agreed` is the
    user's own code that may run."""

    def work(wanted: Wanted) -> Opened:
        from explorer import reopening
        from explorer.analysis.photos import BUILT_IN
        from explorer.present import at_level

        network, project = reopening.open_project(path, wanted, agreed=agreed)
        view = project.view
        if view.opened is None:
            return Opened(network, at_level(network.study, level), level, path=path)
        sample = view.sample if view.sample in BUILT_IN else ""
        return Opened(network, frozenset(view.opened), view.level, view.selection, sample, path, view.bookmarks)

    return work


def save_project(network: Network, path: str, view: dict[str, Any]) -> Callable[[Wanted], None]:
    """`view` holds the fields of a project's view."""

    def work(wanted: Wanted) -> None:
        from explorer.project import View, write_project
        from explorer.reopening import project_of

        write_project(path, project_of(network, View(**view), Path(path).parent))

    return work


def measure(network: Network, shown: Network) -> Callable[[Wanted], Measured]:
    """The figures of what is shown, and what each edit of the network changed."""

    def work(wanted: Wanted) -> Measured:
        from explorer.present import summary
        from explorer.present.stacks import all_stacks
        from explorer.present.steps import track
        from explorer.reopening import as_python

        all_stacks(network.study)  # kept: unfolding everything asks for them, on the window's thread
        return Measured(summary(shown.study, network.baseline.study), track(network.history, as_python(network)))

    return work


def preview(network: Network, edit: Any, opened: frozenset[str]) -> Callable[[Wanted], Preview]:
    """What an edit would do to `network`, or why it cannot be made."""

    def work(wanted: Wanted) -> Preview:
        from explorer import present
        from explorer.edits import EditError

        try:
            then = network.edit(edit)
        except EditError as failure:
            return present.refusal(edit.title, str(failure), ways_out(failure))
        return present.preview(edit.title, network.study, then.study, network.baseline.study, opened)

    return work


def ways_out(failure: Exception) -> tuple[Choice, ...]:
    """What could be done instead of an edit that was refused."""
    return tuple(Choice(repair.title, repair.edit, repair.edit.title) for repair in getattr(failure, "repairs", ()))


def draw(
    network: Network, opened: frozenset[str], by: str | Colouring, direction: Direction
) -> Callable[[Wanted], Picture]:
    """`by` is what cards are coloured by: a key of `COLOURS`, or numbers of nodes."""

    def work(wanted: Wanted) -> Picture:
        from explorer.drawing import compose
        from explorer.present import diagram
        from explorer.wanted import Cancelled

        def step(done: float) -> None:
            if not wanted(done):
                raise Cancelled

        told = network.weights_of
        found = diagram(network.study, opened, network.history.baseline, by, told, lambda done: step(0.4 * done))
        return compose(found, direction, lambda done: step(0.4 + 0.6 * done))

    return work


def run(network: Network, sample: Sample | str) -> Callable[[Wanted], Output]:
    """Show the network, and the one it was, the sample image."""

    def work(wanted: Wanted) -> Output:
        from explorer.present.outputs import output, weights_in_words

        now = network.run(sample, wanted)
        before = network.baseline.run(sample, wanted)
        origin = network.origin
        note = " ".join(filter(None, (origin.forward.fell_back, origin.weights.note)))
        found = output(now.result, before.result, note, weights_in_words(network.architecture, origin.weights))
        return replace(found, crop=network.crop(sample))

    return work


def inspect(network: Network, selected: str) -> Callable[[Wanted], Inspection | None]:
    def work(wanted: Wanted) -> Inspection | None:
        from explorer.present import inspection

        return inspection(network.study, selected, network.weights_of)

    return work


def compare(left: Network, right: Network, level: Level) -> Callable[[Wanted], Beside]:
    """How two networks differ; groups of the left that answer to none of the right are open at `level`."""

    def work(wanted: Wanted) -> Beside:
        from explorer.present import at_level
        from explorer.present.differences import between, since_baseline

        compare = since_baseline if left.origin is right.origin else between
        found = compare(left.study, right.study)
        return Beside(
            differences=found,
            back={right: left for left, right in found.pairs.items()},
            unpaired=at_level(left.study, level) - found.pairs.keys(),
        )

    return work


def search(network: Network, text: str) -> Callable[[Wanted], tuple[str, ...]]:
    def work(wanted: Wanted) -> tuple[str, ...]:
        from explorer.present.search import find

        return find(network.study, text)

    return work
