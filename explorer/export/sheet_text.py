"""The texts around a picture of a network: title, caption and figures.

Invariant: they are of what is in the picture. A picture of a selection, or of what is in sight (the cards whose middle
is), has the title, the input and output shape and the figures of that part; only a picture of the whole network has its
totals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from explorer.analysis.figures.figures import Total
from explorer.base import number_format
from explorer.base.languages import add_note, join_with_and, tr, tr_n, tr_noop
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Constant
from explorer.network import Network
from explorer.presenters import build_summary
from explorer.presenters.counterparts import find_former_nodes
from explorer.presenters.titles import selection_title
from explorer.viewmodels.panels import HeadlineFigure

if TYPE_CHECKING:
    from explorer.export.sheet import SheetText

_MAX_SHAPES = 4  # more of them say less


def sheet_text(network: Network, drawn: Sequence[str] = ()) -> SheetText:
    """Return title, caption and figures for a picture of a network, or of these nodes and groups of it alone.

    Figures of a selection stand against those of the same part before the edits; weights that two of its layers share
    count once.
    """
    from explorer.export.sheet import SheetText

    if drawn:
        counts = _part_figures(network, drawn)
        title = f"{selection_title(network.analysis, drawn)} · {network.shown_title}"
        return SheetText(title, _part_caption(network, drawn), _as_rows(counts))
    counts = build_summary(network.analysis, network.baseline.analysis).headline_figures
    return SheetText(network.shown_title, caption(network), _as_rows(counts))


def caption(network: Network) -> str:
    """Return parameters, MACs, FLOPs and input shape in one line, with the FLOP convention."""
    shape = network.figures.shape(network.architecture.input.name)
    edits = len(network.history.applied_edits)
    parts = [_counts_text(network.figures.total), tr("input {shape}", shape=shape)]
    return " · ".join([*parts, tr_n("{n} edit", "{n} edits", edits)] if edits else parts)


def _counts_text(total: Total) -> str:
    return tr(
        "{params} parameters · {macs} MACs ({flops} FLOPs = 2 × MACs)",
        params=number_format.format_exact(total.params),
        macs=number_format.format_exact(total.macs),
        flops=number_format.format_short(total.flops),
    )


def _part_nodes(network: Network, drawn: Sequence[str]) -> tuple[str, ...]:
    groups = network.analysis.hierarchy.groups
    return tuple(dict.fromkeys(n for id in drawn for n in (groups[id].all_nodes if id in groups else (id,))))


def _part_caption(network: Network, drawn: Sequence[str]) -> str:
    """Parameters, MACs and FLOPs of a part, and the shapes of the maps that go in and come out."""
    inside = _part_nodes(network, drawn)
    entering, leaving = _find_seams(network.architecture, inside)
    words = [_counts_text(network.figures.sum(inside))]
    for text, names in ((tr_noop("input {shape}"), entering), (tr_noop("output {shape}"), leaving)):
        counted = Counter(str(shape) for name in names if (shape := network.figures.shape(name)) is not None)
        shapes = [tr("{n} of {shape}", n=n, shape=shape) if n > 1 else shape for shape, n in counted.items()]
        listed = shapes[:_MAX_SHAPES]
        if len(shapes) > _MAX_SHAPES:
            listed.append(tr("{count} more", count=len(shapes) - _MAX_SHAPES))
        words += [tr(text, shape=join_with_and(listed))] if shapes else []
    return " · ".join(words)


def _find_seams(architecture: Architecture, inside: Sequence[str]) -> tuple[list[str], list[str]]:
    """The nodes whose maps go into a part, and those in it whose maps leave it."""
    live, held = architecture.live, set(inside)
    reads = (read for name in inside if name in live for read in live[name].inputs)
    entering = dict.fromkeys(node.name for node in architecture.inputs if node.name in held)
    entering |= dict.fromkeys(r for r in reads if r not in held and not isinstance(live[r].op, Constant))
    leaving = [
        name
        for name in live
        if name in held
        and (name == architecture.output.name or any(u in live and u not in held for u in architecture.users[name]))
    ]
    return list(entering), leaving


def _part_figures(network: Network, drawn: Sequence[str]) -> tuple[HeadlineFigure, ...]:
    """Figures of a part, now and before the edits."""
    baseline = network.baseline
    now = network.figures.sum(_part_nodes(network, drawn))
    before = baseline.figures.sum(find_former_nodes(baseline.analysis, network.analysis, drawn))
    return (
        HeadlineFigure(tr("Parameters"), now.params, before.params, ""),
        HeadlineFigure("MACs", now.macs, before.macs, ""),
        HeadlineFigure("FLOPs (2 × MACs)", now.flops, before.flops, ""),
        HeadlineFigure(tr("All ops"), now.all_ops, before.all_ops, ""),
        HeadlineFigure(tr("Activations"), now.activation_elements, before.activation_elements, ""),
    )


def _as_rows(counts: Sequence[HeadlineFigure]) -> tuple[tuple[str, str], ...]:
    return tuple((count.name, _figure_text(count)) for count in counts)


def _figure_text(count: HeadlineFigure) -> str:
    now = number_format.format_bytes(count.now) if count.unit == "bytes" else number_format.format_exact(count.now)
    if count.unit == "px":
        now = f"{now} px" if count.now else tr("whole image")
    return (
        now
        if count.now == count.baseline
        else add_note(now, number_format.format_percent_change(count.now, count.baseline))
    )
