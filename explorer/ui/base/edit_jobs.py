"""Jobs that say what an edit or a drop would change, off the window's thread: as in `jobs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from explorer.base.languages import add_note, tr
from explorer.base.number_format import format_signed
from explorer.viewmodels.mismatch import MismatchView
from explorer.viewmodels.panels import Choice

if TYPE_CHECKING:
    from explorer.base.cancellation import KeepGoing
    from explorer.edits import Repair
    from explorer.network import Network
    from explorer.viewmodels.panels import EditPreview


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


def drop_preview_job(network: Network, edit: Any) -> Callable[[KeepGoing], EditPreview]:
    """Job that computes what dropping something would cost, by the edit or the repair that would be applied, which the
    title says; or why it cannot be. It shows nothing else, and is done while the pointer is over the place."""

    def job(keep_going: KeepGoing) -> EditPreview:
        from explorer import presenters
        from explorer.edits.drops import find_drop_cost

        drop, params, macs = find_drop_cost(network.architecture, edit)
        if not drop.is_possible:
            return presenters.build_refusal(edit.title, drop.reason)
        title = f"{drop.edit.title}\n{drop.repair}".strip()
        return presenters.build_cost_preview(title, network.figures.total, params, macs)

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
    return add_note("", tr("{params} params, {macs} MACs", params=params, macs=macs))
