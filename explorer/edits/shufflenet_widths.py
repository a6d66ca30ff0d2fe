"""Widths of ShuffleNets at a multiplier: those of their papers, which no common rounding gives."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.edits.channel_groups import ChannelGroups
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EVERYWHERE
from explorer.edits.propagation import make_divisible
from explorer.edits.subgraph import Subgraph, blocks_at
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.networks.shufflenet import STAGE2_WIDTHS

#: Ma et al., "ShuffleNet V2", 2018, table 5: widths of the three stages and of the last 1×1, by multiplier.
_V2_WIDTHS: dict[float, tuple[int, int, int, int]] = {
    0.5: (48, 96, 192, 1024),
    1.0: (116, 232, 464, 1024),
    1.5: (176, 352, 704, 1024),
    2.0: (244, 488, 976, 2048),
}
_V2_STEM = 24


@dataclass(frozen=True, slots=True)
class _Widths:
    stem: int
    stages: tuple[int, ...]
    last: int = 0  # of the 1×1 behind the stages; v1 has none


def shufflenet_targets(architecture: Architecture, by: float) -> dict[int, int] | None:
    """Return the widths of a whole ShuffleNet times `by`, by segment of `find_channel_groups`; None for other networks
    and for ShuffleNets whose widths are not those of a paper."""
    if not any(map(_is_shuffle, architecture.live.values())):
        return None
    blocks = blocks_at(architecture, EVERYWHERE)
    groups = {op_kinds.shuffle_groups(node) for block in blocks for node in block.layers if _is_shuffle(node)}
    if len(groups) != 1 or not all(any(map(_is_shuffle, block.layers)) for block in blocks):
        return None
    channel_groups = find_channel_groups(architecture)
    stages = _stages(blocks, channel_groups)
    is_v2 = all(any(op_kinds.kind(node) == "concat" for node in block.layers) for block in blocks)
    present = tuple(width for width, _ in stages)
    number = groups.pop()
    multiplier = _v2_multiplier(present) if is_v2 else _v1_multiplier(present, number)
    if multiplier is None:
        return None
    before, after = (
        _v2_widths(times) if is_v2 else _v1_widths(times, number) for times in (multiplier, multiplier * by)
    )
    return _targets(architecture, channel_groups, stages, before, after)


def _is_shuffle(node: Node) -> bool:
    return op_kinds.kind(node) == "shuffle"


def _stages(blocks: list[Subgraph], channel_groups: ChannelGroups) -> list[tuple[int, list[Subgraph]]]:
    """The width that leaves each stage, and its units."""
    found: list[tuple[int, list[Subgraph]]] = []
    for block in blocks:
        row = channel_groups.rows.get(block.exits[-1]) if block.exits else None
        width = channel_groups.size(row) if row is not None else 0
        if not found or found[-1][0] != width:
            found.append((width, []))
        found[-1][1].append(block)
    return found


def _v2_multiplier(stages: tuple[int, ...]) -> float | None:
    return next((by for by, widths in _V2_WIDTHS.items() if widths[:3] == stages), None)


def _v2_widths(by: float) -> _Widths:
    """Between the multipliers of the paper, stage 2 is rounded to a multiple of 4, as all of them are."""
    first = make_divisible(116 * by, 4)
    *stages, last = _V2_WIDTHS.get(round(by, 6), (first, 2 * first, 4 * first, 1024 if by < 2 else 2048))
    return _Widths(_V2_STEM, tuple(stages), last)


def _v1_multiplier(stages: tuple[int, ...], groups: int) -> float | None:
    if len(stages) != 3 or groups not in STAGE2_WIDTHS or stages[1:] != (2 * stages[0], 4 * stages[0]):
        return None
    return stages[0] / STAGE2_WIDTHS[groups]


def _v1_widths(by: float, groups: int) -> _Widths:
    """Zhang et al., "ShuffleNet", 2017, §3.2: a quarter of each width is dealt to the groups. The stem is that of
    `shufflenet_v1`, and where that has another, the groups divide it: what stage 2 joins to it is made in groups."""
    first = make_divisible(STAGE2_WIDTHS[groups] * by, 4 * groups)
    stem = 12 if by < 1 else 24 if by < 2 else int(24 * by)
    return _Widths(make_divisible(stem, groups), (first, 2 * first, 4 * first))


def _targets(
    architecture: Architecture,
    channel_groups: ChannelGroups,
    stages: list[tuple[int, list[Subgraph]]],
    before: _Widths,
    after: _Widths,
) -> dict[int, int] | None:
    """Each layer that chooses its width has one that follows from its stage's; None where one has another."""
    new: dict[str, dict[int, int]] = {}  # by layer: widths it may have, and what becomes of them
    entering = (before.stem, after.stem)
    for (_, blocks), old, wide in zip(stages, before.stages, after.stages, strict=True):
        quarter = {old // 4: wide // 4, old - entering[0]: wide - entering[1]}
        known = {old // 2: wide // 2} if before.last else quarter
        new |= {name: known for block in blocks for name in block.nodes}
        entering = old, wide
    outside = {before.stem: after.stem, before.last: after.last}
    targets: dict[int, int] = {}
    for name, row in channel_groups.producers.items():
        for segment in channel_groups.resolve(row):
            size = channel_groups.segments[segment].size
            if segment in targets or channel_groups.segments[segment].derived or name in architecture.output.inputs:
                continue
            if (wanted := new.get(name, outside).get(size)) is None:
                return None
            targets[segment] = wanted
    return targets
