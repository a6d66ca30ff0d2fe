"""Cells of an editable stage table about what a row is made of and how wide: block, expansion, width, repeats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from explorer.base.languages import tr, with_label
from explorer.edits.depth import RemoveBlock, RepeatBlock
from explorer.edits.edit import Edit, EditError, place_of
from explorer.edits.hidden_widths import SetBottleneckRatio, SetExpansion, SetGrowthRate, hidden_width_ratio
from explorer.edits.insertion import ReplaceByPart
from explorer.edits.options import block_widths, blocks, bulk, depth, layers, widths
from explorer.edits.repairs import is_applicable
from explorer.edits.stage_widths import SetStageWidth
from explorer.edits.subgraph import Subgraph
from explorer.edits.widths import SetWidth
from explorer.graph import op_kinds
from explorer.graph.recognition import patterns
from explorer.parts import find_part
from explorer.presenters.cell_values import MIXED, TableEntryError, first_option, join_values, nothing_option
from explorer.presenters.editable_rows import TableRow
from explorer.viewmodels.panels import Choice, Option

# block


def read_block(row: TableRow) -> str:
    """Return the text of the cell: the kind of block or layer."""
    analysis = row.analysis
    if not row.is_block:
        node = analysis.architecture.nodes[row.layer]
        known = {"conv": tr("Conv"), "linear": tr("Linear"), "depthwise": tr("Depthwise")}.get(op_kinds.kind(node))
        return known or op_kinds.label(node)
    groups = analysis.hierarchy.groups
    titles = (analysis.pattern(groups[id]).without_addition(patterns.GATED).title for id in row.ids)
    return join_values(titles)


def block_option(row: TableRow) -> Option:
    """The forms that the blocks may take: each choice of the options about form is one."""
    scope = row.scope()
    builders = (
        (layers.conv_form_options, blocks.shortcut_options, depth.inversion_options, blocks.linear_bottleneck_options)
        if row.is_block
        else (layers.conv_form_options,)
    )
    present = Choice(read_block(row), None)
    forms = [
        replace(choice, label=with_label(option.title, choice.label), tip=choice.tip or option.tip)
        for builder in builders
        for option in builder(scope)
        for choice in option.choices
        if choice.edit is not None
    ]
    return Option(tr("Block"), scope.name, (present, *_part_choices(row, present.label), *forms), 0)


#: The blocks of other families that a row can be made of; all parts are in the panel Parts.
_ROW_PARTS = (
    "conv_norm_act", "basic_residual", "bottleneck", "inverted_residual", "mbconv", "depthwise_separable", "fire",
    "ghost", "shuffle_v2",
)  # fmt: skip


def _part_choices(row: TableRow, present: str) -> Iterator[Choice]:
    """The row made of another family's block, with the widths and the stride that it has; each was tried."""
    if op_kinds.kind(row.layers[0]) in ("linear", "pool") and not row.is_block:
        return
    for key in _ROW_PARTS:
        part, edit = find_part(key), ReplaceByPart(row.place, key)
        title = tr(part.title)
        if title != present and is_applicable(edit, row.analysis.architecture):
            yield Choice(title, edit, tr(part.sentence))


def parse_nothing(words: str) -> Any:
    """Raise ValueError: this is chosen, not typed."""
    raise ValueError(words)


# expansion


def _hidden_blocks(row: TableRow) -> tuple[list[Subgraph], str]:
    """The blocks with a hidden width, and what it is counted in: "entering" for inverted residuals."""
    found = [block for block in row.subgraphs if hidden_width_ratio(block, "entering") is not None]
    return found, "entering" if all(block.is_inverted for block in found) else "leaving"


def read_expansion(row: TableRow) -> str:
    """Return the text of the cell: the hidden width as a multiple."""
    if not row.is_block:
        return ""
    found, relative_to = _hidden_blocks(row)
    ratios = [hidden_width_ratio(block, relative_to) for block in found]
    if not found or None in ratios or first_option(block_widths.hidden_width_options(row.scope())).reason:
        return ""
    current, _ = block_widths.ratio_choices(ratios, [n / 16 for n in range(1, 16)] + [float(n) for n in range(1, 17)])
    return tr(MIXED) if current is None else block_widths.format_ratio(current)


def expansion_option(row: TableRow) -> Option:
    """Return what may be set here: the hidden width as a multiple."""
    return first_option(block_widths.hidden_width_options(row.scope()))


def expansion_edit(row: TableRow, value: float) -> Edit:
    """Return the edit that sets the hidden width as a multiple."""
    relative_to = _hidden_blocks(row)[1]
    return SetExpansion(row.place, value) if relative_to == "entering" else SetBottleneckRatio(row.place, value)


# width


def _width_ids(row: TableRow) -> tuple[str, ...]:
    """One id for each width that is set by itself: blocks joined by shortcuts have one together."""
    scope, found = row.scope(), dict[tuple[int, ...], str]()
    for part in reversed(row.subgraphs):
        channels = widths.produced_row(scope, part)
        if channels is not None:
            found.setdefault(tuple(sorted(scope.channel_groups.linear_form(channels))), part.id)
    return tuple(reversed(found.values()))


def read_width(row: TableRow) -> str:
    """Return the text of the cell: the output channels."""
    scope = row.scope()
    rows = [widths.produced_row(scope, part) for part in row.subgraphs]
    return join_values(scope.channel_groups.size(channels) for channels in rows if channels is not None)


def _is_dense(row: TableRow) -> bool:
    return row.is_block and all(part.is_dense_layer for part in row.subgraphs)


def width_option(row: TableRow) -> Option:
    """Return what may be set here: the output channels."""
    if _is_dense(row):
        return first_option(block_widths.growth_rate_options(row.scope()))
    ids = _width_ids(row)
    if not ids:
        return nothing_option(row)
    option = first_option((widths.width_options if len(ids) == 1 else bulk.bulk_width_options)(row.scope(*ids)))
    choices = (
        replace(choice, edit=width_edit(row, choice.edit.to)) if isinstance(choice.edit, SetWidth) else choice
        for choice in option.choices
    )
    return replace(option, choices=tuple(choices))


def width_edit(row: TableRow, value: int) -> Edit:
    """Return the edit that sets the output channels; multiples of them that the table shows stay what they are."""
    if _is_dense(row):
        return SetGrowthRate(row.place, value)
    place = place_of(*_width_ids(row))
    proportional = SetStageWidth(place, value)
    try:
        if proportional.has_hidden_widths(row.analysis.architecture):
            return proportional
    except EditError:
        pass  # groups inside do not divide what would be: the width alone is set, or says why it is not
    return SetWidth(place, value)


# repeats


def read_repeats(row: TableRow) -> str:
    """Return the text of the cell: the number of repeats."""
    kind = op_kinds.kind(row.analysis.architecture.nodes[row.layer]) if row.layer else ""
    return str(len(row.ids)) if row.is_block or kind == "conv" else ""


def repeats_option(row: TableRow) -> Option:
    """Return what may be set here: the number of repeats."""
    if not read_repeats(row):
        return nothing_option(row)
    present = len(row.ids)
    last = row.scope(row.ids[-1])
    grows = any(
        isinstance(choice.edit, RepeatBlock) for option in depth.depth_options(last) for choice in option.choices
    )
    entries = [(n, str(n), repeats_edit(row, n)) for n in range(1, present)]
    if entries:
        kept = depth.depth_options(row.scope(*row.ids[1:]))
        entries = entries if any(isinstance(c.edit, RemoveBlock) for o in kept for c in o.choices) else []
    more = range(present + 1, max(2 * present, present + 6) + 1) if grows else ()
    entries += [(n, str(n), repeats_edit(row, n)) for n in (present, *more)]
    return last.slider_option(tr("Repeats"), present, [(n, words, edit) for n, words, edit in entries])  # type: ignore[misc]


def repeats_edit(row: TableRow, value: int) -> Edit | None:
    """Return the edit that sets the number of repeats."""
    if value < 1:
        raise TableEntryError(tr("A row is repeated once at least; remove the row to take it out."))
    if value == len(row.ids):
        return None
    if value > len(row.ids):
        return RepeatBlock(place_of(row.ids[-1]), value - len(row.ids))
    return RemoveBlock(place_of(*row.ids[value:]))
