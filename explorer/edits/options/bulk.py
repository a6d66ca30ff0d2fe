"""Options of all layers of a kind in a block, a stage, the network or several cards."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.base.languages import tr
from explorer.edits.edit import EditError
from explorer.edits.layer_settings import CONVOLUTIONS, get_layer_settings, layers_with_setting, square_window
from explorer.edits.options.scope import OptionScope, common_value
from explorer.edits.options.widths import possible_widths, produced_row
from explorer.edits.options.windows import pooling_labels
from explorer.edits.set_layer import SetLayer
from explorer.edits.subgraph import subgraphs_at
from explorer.edits.widths import SetWidth
from explorer.graph.node import Node
from explorer.viewmodels.panels import Option


def bulk_kernel_options(scope: OptionScope) -> Iterator[Option]:
    """The odd, square windows of all convolutions."""
    tip = tr(
        "Kernel size of all these convolutions. Padding is adapted, so that maps keep their size; 1×1 and 1×n stay."
    )
    found = layers_with_setting(scope.nodes, "kernel", "windowed")
    if not found:
        yield scope.disabled_option(
            tr("Kernel"),
            tr("There is no convolution with a square window of odd size {place}.", place=scope.location),
            tip,
        )
        return
    sides = [side for side in range(3, 14, 2) if all(_keeps_map_size(scope, node, side) for node in found)]
    present = common_value(get_layer_settings(node)["kernel"] for node in found)
    if sides in ([], [present]):
        yield scope.disabled_option(
            tr("Kernel"), tr("No other kernel keeps the size of the maps {place}.", place=scope.location), tip
        )
    else:
        values = [square_window(found, side) for side in sides]
        labels = [value if isinstance(value, str) else f"{value}×{value}" for value in values]
        choices = [
            (side, label, SetLayer(scope.at, "kernel", value, "windowed"))
            for side, label, value in zip(sides, labels, values, strict=True)
        ]
        yield scope.slider_option(tr("Kernel"), present, choices, tip)


def _keeps_map_size(scope: OptionScope, node: Node, side: int) -> bool:
    """Does the map keep its size with this window, its padding following?"""
    layer = node.layer
    if not isinstance(layer, CONVOLUTIONS) or not isinstance(layer.padding, tuple):
        return False
    more = [d * (side - k) // 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True)]
    padding = [p + m for p, m in zip(layer.padding, more, strict=True)]
    mirrored = layer.padding_mode != "zeros"  # what is mirrored around a map must be there
    return min(padding) >= 0 and not (mirrored and max(padding) >= min(scope.dims(node.inputs[0])[2:]))


def bulk_pooling_options(scope: OptionScope) -> Iterator[Option]:
    """Strongest or mean, of all poolings with a window."""
    found = layers_with_setting(scope.nodes, "pooling", "windowed_pool")
    if found:
        present = common_value(get_layer_settings(node)["pooling"] for node in found)
        choices = [
            (kind, label, SetLayer(scope.at, "pooling", kind, "windowed_pool"))
            for kind, label in pooling_labels().items()
        ]
        yield scope.choice_option(tr("Pooling"), present, choices, tr("Maximum or average of neighbouring positions."))


def bulk_width_options(scope: OptionScope) -> Iterator[Option]:
    """One width for all the cards of a selection."""
    tip = tr("Number of output channels of each of these layers. Coupled layers are adapted.")
    channel_groups, targets = scope.channel_groups, list(subgraphs_at(scope.architecture, scope.at))
    rows = {target.id: row for target in targets if (row := produced_row(scope, target)) is not None}
    silent = next((target for target in targets if target.id not in rows), None)
    if silent is not None:
        yield scope.disabled_option(
            tr("Width"), tr("{name} has no output channels of its own.", name=silent.label), tip
        )
        return
    common = set[int].intersection(*(set(possible_widths(scope, rows[target.id], target)) for target in targets))
    if len(common) <= 1:  # what one of them can have by itself, the others cannot
        common |= set(possible_widths(scope, rows[targets[-1].id], *targets))
    found = [(width, str(width), SetWidth(scope.at, width)) for width in sorted(common)]
    found = [(width, words, edit) for width, words, edit in found if _has_solution(scope, edit)]
    present = common_value(channel_groups.size(row) for row in rows.values())
    if all(width == present for width, _, _ in found):
        yield scope.disabled_option(tr("Width"), tr("No other width is possible for all of these cards."), tip)
    else:
        yield scope.slider_option(tr("Width"), present, found, tip)


def _has_solution(scope: OptionScope, edit: SetWidth) -> bool:
    try:
        edit.compute_targets(scope.architecture)
    except EditError:
        return False
    return True
