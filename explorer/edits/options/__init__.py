"""What may be changed about a selection, and why not.

The inspector shows what this returns; it knows nothing else about edits. An option that is offered can be made: where
that cannot be told quickly and for sure, it is not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from explorer.analysis.study import Study
from explorer.edits.edit import EVERYWHERE, places
from explorer.edits.options import blocks, joins, layers, several, whole
from explorer.edits.options.place import Place
from explorer.graph.remembered import remembered
from explorer.panels import Option

Topic = Callable[[Place], Iterator[Option]]

_OF_BLOCKS: tuple[Topic, ...] = (
    blocks.shortcut,
    joins.join,
    layers.activation,
    layers.norm,
    blocks.hidden_width,
    blocks.growth_rate,
    blocks.cardinality,
    layers.form,
    blocks.shuffle,
    blocks.linear_bottleneck,
    blocks.squeeze_excitation,
    layers.gate,
    blocks.inversion,
    several.kernel,
    several.pooling,
    layers.bias,
)

#: The topics of each scope, in the order they are shown.
TOPICS: dict[str, tuple[Topic, ...]] = {
    "this layer": (layers.layer_options, joins.join, joins.branch, blocks.depth),
    "this part": (
        *(layers.width, layers.activation, layers.norm, layers.form, several.kernel, several.pooling, layers.bias),
        *(joins.branch, blocks.depth),
    ),
    "these cards": (*_OF_BLOCKS, several.width, layers.dropout, blocks.depth),
    "this block": (*_OF_BLOCKS, layers.width, joins.branch, joins.branches, blocks.depth, blocks.auxiliary_head),
    "this stage": (*_OF_BLOCKS, layers.width, whole.multipliers, blocks.auxiliary_head),
    "whole network": (
        *_OF_BLOCKS,
        whole.multipliers,
        whole.compound,
        whole.head,
        blocks.auxiliary_head,
        whole.image,
        layers.dropout,
    ),
}


def options(study: Study, selected: str) -> tuple[Option, ...]:
    """The controls for a selection (a card, or several separated by commas): for itself, for the block and the stage
    around it, and for the whole network."""
    found: list[Option] = []
    for scope, at in scopes(study, selected):  # the card next to it lies in the same block, stage, network
        found.extend(remembered(study, ("options", at), partial(_found_options, study, scope, at)))
    return tuple(found)


def _found_options(study: Study, scope: str, at: str) -> tuple[Option, ...]:
    place = Place(study, scope, at)
    return tuple(option for topic in TOPICS[scope] for option in topic(place))


def scopes(study: Study, selected: str) -> Iterator[tuple[str, str]]:
    """(words for the place, what edits call it), from the narrowest."""
    hierarchy = study.hierarchy
    if len(places(selected)) > 1:
        yield "these cards", selected
        yield "whole network", EVERYWHERE
        return
    group = hierarchy.groups.get(selected)
    block = hierarchy.block_of(selected)
    around = (selected, *hierarchy.ancestors(selected))
    stage = next((id for id in around if id in hierarchy.groups and hierarchy.groups[id].role == "stage"), None)
    ends = (study.architecture.input.name, study.architecture.output.name)
    if (group is None and selected in study.architecture.live) or (group is not None and group.role == "unit"):
        if selected not in ends:
            yield "this layer", selected
    elif group is not None and selected and group is not block and group.role not in ("stage", "network"):
        yield "this part", selected
    if block is not None:
        yield "this block", block.id
    if stage is not None:
        yield "this stage", stage
    yield "whole network", EVERYWHERE


__all__ = ["TOPICS", "options", "scopes"]
