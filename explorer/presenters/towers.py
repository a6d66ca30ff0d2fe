"""Towers: channels that stay apart over several layers, as on the two graphics cards of AlexNet's figure.

Read from the structure alone. An op works in g towers where it is a group convolution with g groups, or keeps the
channels apart that such a one made (norm, activation, pooling, depthwise convolution). What is read by group
convolutions only makes towers too: each of its parts goes to one group, whatever it has read itself. Up to
`MOST_TOWERS` are drawn beside each other; more groups (ResNeXt's 32) are a mark on the card.
Source: Krizhevsky et al. 2012, figure 2; Zhang et al., ShuffleNet, 2017, figure 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.base.memo import per_object
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant
from explorer.viewmodels.diagram import Towers

#: More groups than this are a mark on the card.
MOST_TOWERS = 4

#: Kinds of op that keep channels apart.
_CHANNELWISE = frozenset({"activation", "pool", "dropout", "depthwise"})
#: Norms that do. Local response normalisation looks at neighbours; it is drawn as the paper has it, inside a tower.
_CHANNELWISE_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm, nn.LocalResponseNorm)


@dataclass(frozen=True, slots=True)
class TowerCount:
    """How many towers an op makes, two or more, and whether each of them reads all of its input."""

    count: int
    reads_all: bool


@per_object
def find_towers(architecture: Architecture) -> Mapping[str, TowerCount]:
    """Return the towers of every live op that has some, by name."""
    made, wanted = _output_towers(architecture), _required_towers(architecture)
    found: dict[str, TowerCount] = {}
    for name, node in architecture.live.items():
        if 1 < made[name] <= MOST_TOWERS:
            found[name] = TowerCount(made[name], reads_all=False)
        elif 1 < wanted[name] <= MOST_TOWERS and (op_kinds.kind(node) == "conv" or _keeps_apart(node, architecture)):
            found[name] = TowerCount(wanted[name], reads_all=op_kinds.kind(node) == "conv")
    return found


def build_towers(analysis: Analysis, node: Node, last: str) -> Towers | None:
    """Return what the towers of a card say: one part of the op's settings, and of the shape that `last` makes; None
    where the channels are not apart."""
    found, shape = find_towers(analysis.architecture).get(node.name), analysis.figures.shape(last)
    if found is None or shape is None or len(shape.dims) < 2 or shape.dims[1] % found.count:
        return None
    part = replace(shape, dims=(shape.dims[0], shape.dims[1] // found.count, *shape.dims[2:]))
    lines = tuple(filter(None, (op_kinds.tower_attributes(node, found.count),)))
    return Towers(found.count, lines, str(part), found.reads_all)


def marked_groups(node: Node) -> int:
    """Return the groups of a convolution that are too many to be drawn as towers; 1 for others."""
    groups = tower_count(node)
    return groups if groups > MOST_TOWERS else 1


def tower_count(node: Node) -> int:
    """Return the groups of a group convolution; 1 for any other op, depthwise convolutions too."""
    layer = node.layer
    if not isinstance(layer, nn.modules.conv._ConvNd) or op_kinds.kind(node) == "depthwise":
        return 1
    return layer.groups


def _output_towers(architecture: Architecture) -> dict[str, int]:
    """In how many parts that know nothing of each other the channels of each op are."""
    made: dict[str, int] = {}
    for name, node in architecture.live.items():
        made[name] = tower_count(node)
        if made[name] == 1 and _keeps_apart(node, architecture):
            made[name] = made[_map_inputs(node, architecture)[0]]
    return made


def _required_towers(architecture: Architecture) -> dict[str, int]:
    """In how many parts all readers of each op take its channels."""
    wanted: dict[str, int] = {}
    for name in reversed([*architecture.live]):
        readers = [architecture.live[user] for user in architecture.users[name] if user in architecture.live]
        parts = {
            wanted[reader.name] if _keeps_apart(reader, architecture) else tower_count(reader) for reader in readers
        }
        wanted[name] = parts.pop() if len(parts) == 1 else 1
    return wanted


def _keeps_apart(node: Node, architecture: Architecture) -> bool:
    is_apart = op_kinds.kind(node) in _CHANNELWISE or isinstance(node.op, Bypass)
    is_apart |= isinstance(node.layer, _CHANNELWISE_NORMS)
    return is_apart and len(_map_inputs(node, architecture)) == 1


def _map_inputs(node: Node, architecture: Architecture) -> list[str]:
    return [name for name in node.inputs if not isinstance(architecture.nodes[name].op, Constant)]
