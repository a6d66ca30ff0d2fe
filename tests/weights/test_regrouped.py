"""A convolution in other groups keeps what lies in a block of both: an independent surgery on whole matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from explorer.edits import SetCardinality, SetLayer, SetWidth
from explorer.edits.edit import Edit
from explorer.graph.node import Node
from explorer.network import Network
from explorer.weights.provenance import describe_provenance, infer_provenance

Opened = Callable[[str], Network]

#: Edits, and what is said of the first layer that they change.
CASES: tuple[tuple[str, Edit, str], ...] = (
    ("resnet18", SetCardinality("layer1.0", 2), "sliced: kept 2,048 of 4,096"),
    ("resnet18", SetLayer("layer2.1.conv2", "groups", 32), "sliced: kept 512 of 16,384"),
    ("resnet18", SetCardinality("layer1.1", "depthwise"), "sliced: kept 64 of 4,096"),
    (
        "resnext50_32x4d",
        SetCardinality("*", 1),
        "extended: kept 512 of 512 connections of channels in other groups, 15",
    ),
    ("resnext50_32x4d", SetCardinality("layer1.0", 4), "extended: kept 512 of 512"),
    ("resnext50_32x4d", SetCardinality("layer2.1", 64), "sliced: kept 1,024 of 2,048"),
    ("alexnet_2012", SetLayer("features.4", "groups", 1), "extended: kept 12,288 of 12,288"),
    ("alexnet_2012", SetLayer("features.10", "groups", 3), "extended: kept 40,960 of 73,728"),
    ("vgg11", SetLayer("features.8", "groups", 4), "sliced: kept 16,384 of 65,536"),
    ("shufflenet_v1_g3", SetCardinality("*", 1, of="pointwise"), "extended: kept 4,320 of 4,320"),
    ("shufflenet_v1_g4", SetCardinality("stage3", 2, of="pointwise"), "extended: kept"),
    ("mobilenet_v2", SetCardinality("features.3", 4), "extended: kept 144 of 144"),
    ("mobilenet_v1", SetCardinality("features.5", 1), "extended: kept 256 of 256"),
    ("densenet121", SetLayer("features.denseblock1.denselayer2.conv2", "groups", 2), "sliced: kept 2,048 of 4,096"),
    ("googlenet_2014", SetLayer("inception3a.branch2.1.conv", "groups", 2), "sliced: kept 6,144 of 12,288"),
    ("efficientnet_b0", SetCardinality("features.4.1", 2), "extended: kept 480 of 480"),
)


def regrouped(network: Network) -> Iterator[Node]:
    for node in network.architecture.live.values():
        now, then = node.layer, node.original.layer if node.original is not None else None
        if getattr(now, "groups", 1) != getattr(then, "groups", 1) and not node.added and then is not None:
            yield node


def whole(weight: Tensor, groups: int) -> Tensor:
    """The weight as of one group; NaN for what is not connected."""
    rows, columns = weight.shape[0], weight.shape[1] * groups
    found = torch.full((rows, columns, *weight.shape[2:]), float("nan"))
    for row in range(rows):
        first = row // (rows // groups) * weight.shape[1]
        found[row, first : first + weight.shape[1]] = weight[row]
    return found


@pytest.mark.parametrize(("key", "edit", "said"), CASES, ids=lambda value: str(value)[:40])
def test_what_both_groupings_connect_is_kept(key: str, edit: Edit, said: str, opened: Opened) -> None:
    before = opened(key)
    after = before.edit(edit)
    nodes = list(regrouped(after))
    assert nodes
    first = nodes[0]
    provenance = infer_provenance(first)
    assert provenance is not None
    assert describe_provenance(first, provenance).startswith(said)
    for node in nodes[:6]:
        check(node, before, after)
    others = [
        n for n in after.architecture.live.values() if infer_provenance(n) not in (None, "kept") and n not in nodes
    ]
    assert not others, [n.name for n in others]


def check(node: Node, before: Network, after: Network) -> None:
    layer: Any = node.layer
    then: Any = before.architecture.nodes[node.name].layer
    old = before.context.weights.tensors(before.architecture.nodes[node.name])["weight"]
    new = after.context.weights.tensors(node)["weight"]
    scale = (old.shape[1] / new.shape[1]) ** 0.5  # seeded weights go with the fan-in
    was, now = whole(old, then.groups), whole(new, layer.groups)
    both = ~was.isnan() & ~now.isnan()
    assert both.any()
    assert torch.allclose(now[both], was[both] * scale, rtol=1e-5, atol=1e-7)
    fresh = was.isnan() & ~now.isnan()
    if fresh.any():
        assert bool((now[fresh] != 0).float().mean() > 0.9)
        kept, made = now[both].std(), now[fresh].std()
        assert 0.3 < float(kept / made) < 3.3


def test_there_and_back_is_as_it_was(opened: Opened) -> None:
    network = opened("resnext50_32x4d")
    back = network.edit(SetCardinality("layer1", 1)).edit(SetCardinality("layer1", 32))
    for name, node in back.architecture.live.items():
        assert infer_provenance(node) in (None, "kept"), name


@pytest.mark.parametrize("order", [0, 1])
def test_a_width_and_groups_together(order: int, opened: Opened) -> None:
    """Of a narrower layer in groups each filter keeps the columns that it read and that are left in its group."""
    before = opened("resnet18")
    edits: list[Edit] = [SetWidth("layer2.1.conv1", 96), SetLayer("layer2.1.conv2", "groups", 2)]
    after = before.edit(*(edits if order == 0 else edits[::-1]))
    node = after.architecture.nodes["layer2.1.conv2"]
    new = after.context.weights.tensors(node)["weight"]
    old = before.context.weights.tensors(before.architecture.nodes["layer2.1.conv2"])["weight"]
    columns = [*range(48), *range(64, 112)]  # of each group the first, whichever edit came first
    scale = (128 / 48) ** 0.5
    assert torch.allclose(new[:64], old[:64, columns[:48]] * scale)
    assert torch.allclose(new[64:], old[64:, columns[48:]] * scale)
