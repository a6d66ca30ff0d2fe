"""Cells of an editable stage table about the layers of a row: kernel, stride, groups, gate, activation."""

from __future__ import annotations

from dataclasses import replace

from explorer.base.languages import tr
from explorer.edits.cardinality import SetCardinality, group_candidates, require_conv
from explorer.edits.edit import Edit, place_of
from explorer.edits.gates import SetSqueezeRatio, ToggleSqueezeExcitation, gate_products_at, squeezes_at
from explorer.edits.layer_settings import get_layer_settings, layers_with_setting, square_window
from explorer.edits.options import block_widths, blocks, bulk, layers, windows
from explorer.edits.set_layer import SetLayer
from explorer.edits.switches import SwapActivation, swappable_activations
from explorer.graph import op_kinds
from explorer.graph.layers import is_depthwise
from explorer.graph.op_kinds import ACTIVATION_TITLES
from explorer.graph.ops import Bypass
from explorer.presenters.cell_values import (
    MIXED,
    TableEntryError,
    find_setting_option,
    first_option,
    join_values,
    normalise_entry,
    nothing_option,
)
from explorer.presenters.editable_rows import TableRow
from explorer.presenters.row_strides import find_row_stride, stride_edits
from explorer.viewmodels.panels import Option

# kernel


def read_kernel(row: TableRow) -> str:
    """Return the text of the cell: the side of the window."""
    if not row.is_block:
        return str(get_layer_settings(row.analysis.architecture.nodes[row.layer]).get("kernel", ""))
    return join_values(get_layer_settings(n)["kernel"] for n in layers_with_setting(row.layers, "kernel", "windowed"))


def kernel_option(row: TableRow) -> Option:
    """Return what may be set here: the side of the window."""
    if row.is_block or len(row.ids) > 1:
        return first_option(bulk.bulk_kernel_options(row.scope()))
    return find_setting_option(windows.window_options(row.scope(row.layer)), "kernel") or nothing_option(row)


def kernel_edit(row: TableRow, value: int) -> Edit:
    """Return the edit that sets the side of the window."""
    if row.is_block or len(row.ids) > 1:
        return SetLayer(
            row.place, "kernel", square_window(layers_with_setting(row.layers, "kernel", "windowed"), value), "windowed"
        )
    layer = row.analysis.architecture.nodes[row.layer]
    return SetLayer(place_of(row.layer), "kernel", square_window((layer,), value))


# stride


def stride_option(row: TableRow) -> Option:
    """Return what may be set here: the stride of the first."""
    present = find_row_stride(row)
    if present is None:
        return nothing_option(row)
    found = stride_edits(row)
    entries = [(value, str(value), edit) for value, edit in found.items()]
    if len(entries) < 2:
        return row.scope().disabled_option(tr("Stride"), tr("No other stride fits what follows."))
    return row.scope().choice_option(tr("Stride"), present, entries)


def read_stride(row: TableRow) -> str:
    """Return the text of the cell: the stride of the first."""
    present = find_row_stride(row)
    return "" if present is None else str(present)


def stride_edit(row: TableRow, value: int) -> Edit:
    """Return the edit that sets the stride of the first."""
    found = stride_edits(row, (value,))
    if value not in found:
        raise TableEntryError(tr("Stride {stride} does not fit this row and what follows.", stride=value))
    return found[value]


# groups


def read_groups(row: TableRow) -> str:
    """Return the text of the cell: the groups."""
    if row.is_block:
        convs = group_candidates(row.subgraphs, "windows")
    else:
        convs = [
            node for node in row.layers if "groups" in get_layer_settings(node) and op_kinds.kind(node) != "shuffle"
        ]
    found = [require_conv(node) for node in convs]
    return join_values("dw" if is_depthwise(layer) else str(layer.groups) for layer in found)


def groups_option(row: TableRow) -> Option:
    """Return what may be set here: the groups."""
    if row.is_block:
        return first_option(blocks.cardinality_options(row.scope()))
    if len(row.ids) == 1:
        return first_option(layers.group_options(row.scope(row.layer))) if read_groups(row) else nothing_option(row)
    return nothing_option(row)


def groups_edit(row: TableRow, value: int | str) -> Edit:
    """Return the edit that sets the groups."""
    return SetCardinality(row.place, value) if row.is_block else SetLayer(row.place, "groups", value)


def parse_groups(words: str) -> int | str:
    """Return the value that was typed: the groups. Raises ValueError."""
    return "depthwise" if words in ("dw", "depthwise", tr("depthwise")) else int(words)


# squeeze-and-excitation


def read_gate(row: TableRow) -> str:
    """Return the text of the cell: the gate and its squeeze ratio."""
    if not row.is_block:
        return ""
    architecture = row.analysis.architecture
    states = [not isinstance(node.op, Bypass) for node in gate_products_at(architecture, row.place)]
    if not any(states):
        able = not first_option(blocks.squeeze_excitation_options(row.scope())).reason
        return "–" if able else ""
    if not all(states) or len(states) < len(row.ids):
        return tr(MIXED)
    groups = row.scope().channel_groups
    squeezes = squeezes_at(architecture, row.place)
    ratios = [groups.size(groups.rows[weighed]) / groups.size(groups.rows[squeeze]) for squeeze, weighed in squeezes]
    current, _ = block_widths.ratio_choices(ratios, [float(n) for n in range(1, 65)])
    return "✓" if not ratios else tr(MIXED) if current is None else f"1/{current:.3g}"


def gate_option(row: TableRow) -> Option:
    """Return what may be set here: the gate and its squeeze ratio."""
    if not row.is_block:
        return nothing_option(row)
    switch, *ratio = blocks.squeeze_excitation_options(row.scope())
    if switch.reason:
        return switch
    off, on = switch.choices
    entries = [replace(off, label="–"), *([replace(on, label="✓")] if on.edit is not None else [])]
    entries += [choice for option in ratio for choice in option.choices]
    present = next((n for n, choice in enumerate(entries) if choice.label == read_gate(row)), -1)
    return Option(switch.title, switch.scope, tuple(entries), present, "choice", "", switch.tip)


def parse_gate(words: str) -> int | bool:
    """Return the value that was typed: the gate and its squeeze ratio. Raises ValueError."""
    if words in ("–", "-", "0", "no", "off", "false", tr("off")):
        return False
    if words in ("✓", "yes", "on", "true", "se", tr("on")):
        return True
    return int(words.removeprefix("1/")) if words != "1" else True


def gate_edit(row: TableRow, value: int | bool) -> Edit | None:
    """Return the edit that sets the gate and its squeeze ratio."""
    if isinstance(value, bool):
        return None if value and read_gate(row).startswith(("1/", "✓")) else ToggleSqueezeExcitation(row.place, value)
    if read_gate(row) == "–":
        return ToggleSqueezeExcitation(row.place, True, value)
    return SetSqueezeRatio(row.place, value)


# activation


def _activations(row: TableRow) -> dict[str, str]:
    """The activations of the row by node, without those that a gate has inside where there are others."""
    architecture = row.analysis.architecture
    found = {node.name: op_kinds.activation_name(node) or "" for node in swappable_activations(architecture, row.place)}
    squeezed = {squeeze for block in row.subgraphs for squeeze in block.squeeze_layers}
    outside = {n: v for n, v in found.items() if squeezed.isdisjoint(architecture.nodes[n].inputs)}
    return outside or found


def _activation_place(row: TableRow) -> str:
    """All of the row, or its activations outside of gates."""
    found = _activations(row)
    count = sum(1 for _ in swappable_activations(row.analysis.architecture, row.place))
    return row.place if len(found) == count else place_of(*found)


def activation_edit(row: TableRow, value: str) -> Edit:
    """Return the edit of all activations that are read."""
    return SwapActivation(_activation_place(row), value)


def read_activation(row: TableRow) -> str:
    """Return the text of the cell: the activation."""
    names = (name for name in _activations(row).values() if name)
    return join_values(names, lambda name: tr(ACTIVATION_TITLES[name]))


def activation_option(row: TableRow) -> Option:
    """Return what may be set here: the activation."""
    return first_option(layers.activation_options(replace(row.scope(), at=_activation_place(row))))


#: How the MobileNetV3 paper and others write activations.
_SHORT_ACTIVATIONS = {"re": "relu", "hs": "hardswish", "h-swish": "hardswish", "swish": "silu", "none": "linear"}


def parse_activation(words: str) -> str:
    """Return the value that was typed: the activation. Raises ValueError."""
    titles = {normalise_entry(tr(title)): name for name, title in ACTIVATION_TITLES.items()}
    names = titles | {normalise_entry(name): name for name in ACTIVATION_TITLES} | _SHORT_ACTIVATIONS
    if words not in names:
        raise ValueError(words)
    return names[words]
