"""The numbers that an op reads and makes, as arrays: fetched once, then any of its values can be explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.analysis.arithmetic.explanation import NumberPlace, Terms
from explorer.analysis.probes.feature_maps import MAX_VALUES
from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.graph.call_op import call_op
from explorer.graph.node import Node

AnyArray = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Operand:
    """One tensor that an op reads or makes: part `part` of what a node computes."""

    node: str
    part: int
    values: AnyArray = field(repr=False)

    def place(self, index: tuple[int, ...]) -> NumberPlace:
        """Return the place of one of its numbers."""
        return NumberPlace(self.node, tuple(int(at) for at in index), self.part)

    def terms(self, indices: AnyArray, factors: AnyArray) -> Terms:
        """Return terms at `indices`, (terms, axes), each with its factor."""
        found = np.asarray(self.values[tuple(indices.T)], np.float64)
        return Terms(self.node, np.asarray(indices, np.int64), found, np.asarray(factors, np.float64), self.part)


@dataclass(frozen=True, eq=False)
class OpCall:
    """One op with its layer and the values it was called with and returned."""

    node: Node
    layer: nn.Module | None = field(repr=False)  # with weights, on the CPU or another device
    arguments: Mapping[str, Any] = field(repr=False)  # what each node that it reads computed, on the CPU
    inputs: tuple[Operand, ...] = field(repr=False)  # tensors only, one for each that it reads, without repeats
    outputs: tuple[Operand, ...] = field(repr=False)

    @property
    def input(self) -> Operand:
        """The first tensor that it reads."""
        return self.inputs[0]

    @property
    def output(self) -> Operand:
        """The first tensor that it makes."""
        return self.outputs[0]

    def parameter(self, name: str) -> AnyArray | None:
        """Return a parameter or buffer of its layer by its path, in float32; None where it has none."""
        found: Any = self.layer
        for step in name.split("."):
            found = getattr(found, step, None)
        return found.detach().float().cpu().numpy() if isinstance(found, torch.Tensor) else None

    def operand(self, name: str) -> Operand | None:
        """Return the first tensor of a node that it reads."""
        return next((read for read in self.inputs if read.node == name), None)

    def compute(self, values: Mapping[str, Any]) -> Any:
        """Return what the op makes of other values, by the names of the nodes that it reads."""
        args, kwargs = self.node.bind_arguments(values)
        return self.layer(*args, **kwargs) if self.layer is not None else call_op(self.node, args, kwargs)


def fetch_call(name: str, probe: Probe, keep_going: KeepGoing = always) -> OpCall:
    """Return a live node with its values on the probe's image. Raises NotAvailable, PassError, Cancelled."""
    architecture = probe.architecture
    if name not in architecture.live:
        raise NotAvailable(tr("{name} is not part of the network any more: an edit took it out.", name=name))
    node = architecture.nodes[name]
    with probe.lock:
        found = dict(probe.values({name, *node.inputs}, keep_going))
    outputs = tuple(_operands(name, found[name]))
    if not outputs:
        raise NotAvailable(tr("{name} makes no numbers of the image; it only reads sizes.", name=name))
    inputs = tuple(read for source in dict.fromkeys(node.inputs) for read in _operands(source, found[source]))
    return OpCall(node, probe.layer(node), {source: found[source] for source in node.inputs}, inputs, outputs)


def _operands(name: str, value: Any) -> Iterator[Operand]:
    for part, tensor in enumerate(iterate_tensors(value)):
        if tensor.numel() > MAX_VALUES:
            raise NotAvailable(
                tr(
                    "{name} makes {count:,} numbers; more than {maximum:,} are not drawn.",
                    name=name,
                    count=tensor.numel(),
                    maximum=MAX_VALUES,
                )
            )
        if tensor.dim():
            yield Operand(name, part, (tensor.float() if tensor.is_floating_point() else tensor).numpy())


def iterate_tensors(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors of a value in their order, those in tuples, lists and dicts too."""
    if isinstance(value, torch.Tensor):
        yield value.detach().cpu()
    elif isinstance(value, dict):
        for item in value.values():
            yield from iterate_tensors(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from iterate_tensors(item)
