"""Options of the width of a layer: its channels, and which of them stay."""

from __future__ import annotations

import math
from collections.abc import Iterator

from explorer.base.languages import tr
from explorer.edits.kept_channels import KeepChannels, cut_layers, find_batch_norm, find_keep
from explorer.edits.options.scope import OptionScope, common_value
from explorer.edits.subgraph import Subgraph, subgraphs_at
from explorer.edits.widths import MAX_WIDTH, SetWidth
from explorer.graph.layers import is_depthwise
from explorer.viewmodels.panels import Option


def width_options(scope: OptionScope) -> Iterator[Option]:
    """Number of channels that leave the place."""
    tip = tr(
        "Number of output channels. Coupled layers (norms, additions, the next layers) are adapted. Where there are "
        "fewer, the channels that stay can be chosen then."
    )
    try:
        (target,) = subgraphs_at(scope.architecture, scope.at)
    except ValueError:  # several cards
        return
    channel_groups, row = scope.channel_groups, produced_row(scope, target)
    if row is None:
        return
    found = possible_widths(scope, row, target)
    if len(found) > 1:
        yield scope.slider_option(
            tr("Width"), channel_groups.size(row), [(w, str(w), SetWidth(scope.at, w)) for w in found], tip
        )
    else:
        locked = next(
            (
                channel_groups.segments[a].lock_reason
                for a in channel_groups.linear_form(row)
                if channel_groups.segments[a].lock_reason
            ),
            "",
        )
        reason = (
            tr("Its {count} channels are fixed: {locked}.", count=channel_groups.size(row), locked=locked)
            if locked
            else tr("No other width divides evenly.")
        )
        yield scope.disabled_option(tr("Width"), reason, tip)


def kept_channel_options(scope: OptionScope) -> Iterator[Option]:
    """Which channels stay where widths were cut."""
    found = cut_layers(scope.architecture, scope.nodes)
    if not found:
        return
    measured = all(find_batch_norm(scope.architecture, node.name) is not None for node in found)
    labels = {"first": tr("the first"), "l1": tr("largest L1 norm"), "norm_scale": tr("largest batch-norm scale")}
    kinds = [keep for keep in labels if measured or keep != "norm_scale"]
    tip = tr(
        "Which channels of the original stay in layers that are narrower now, and in those "
        "coupled with them: the first ones, or the most important by the size of their "
        "filters or of their scale in the batch norm. With trained weights the output loses "
        "less when the important ones stay."
    )
    entries = [(keep, labels[keep], KeepChannels(scope.at, keep)) for keep in kinds]
    yield scope.choice_option(tr("Kept channels"), common_value(map(find_keep, found)), entries, tip)


def produced_row(scope: OptionScope, target: Subgraph) -> tuple[int, ...] | None:
    """The channels that leave a part with a layer that makes some; None for any other."""
    channel_groups, nodes = scope.channel_groups, scope.architecture.nodes
    ends = [name for name in target.exits if name in channel_groups.rows]
    makes = any(name in channel_groups.producers or is_depthwise(nodes[name].layer) for name in target.nodes)
    return channel_groups.rows[ends[-1]] if ends and makes else None


def possible_widths(scope: OptionScope, row: tuple[int, ...], *targets: Subgraph) -> list[int]:
    """Widths a row could have by what these places make, about fifty from an eighth to four times of what it has, none
    wider than any may be."""
    channel_groups, present = scope.channel_groups, scope.channel_groups.size(row)
    inside = {channel_groups.order[name] for target in targets for name in target.nodes}
    counts, chosen = channel_groups.adjustable_segments(row, inside)
    if not chosen:
        return [present]
    segments = {segment: channel_groups.segments[segment] for segment in chosen}
    if len(chosen) == 1:
        (segment,) = chosen
        size, step = segments[segment].size, segments[segment].multiple
        while 4 * size // step > 64:
            step *= 2
        sizes = [{segment: size + (n - size // step) * step} for n in range(1, 4 * size // step + 1)]
    else:  # several widths change in proportion
        sizes = [{a: known.size * eighths // 8 for a, known in segments.items()} for eighths in range(1, 33)]
        exact = [
            all(known.size * eighths % (8 * known.multiple) == 0 for known in segments.values())
            for eighths in range(1, 33)
        ]
        sizes = [size for size, fits in zip(sizes, exact, strict=True) if fits]
    found = {present}
    common = math.lcm(*(n.denominator for n in counts.values()))  # whole numbers are ten times as quick as fractions
    times = {segment: int(n * common) for segment, n in counts.items()}
    rest = sum(n * channel_groups.segments[segment].size for segment, n in times.items() if segment not in segments)
    for changed in sizes:
        total, over = divmod(rest + sum(times[segment] * size for segment, size in changed.items()), common)
        if (
            min(changed.values()) > 0
            and total <= MAX_WIDTH
            and not over
            and (not channel_groups.divisibility or channel_groups.is_divisible(changed))
        ):
            found.add(total)
    return sorted(found)
