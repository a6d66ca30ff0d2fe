"""What is written is run: a source that computes anything else than the network does not leave.

Invariant: `save_network(network, "net.py")` either writes a module that, with the network's weights, gives the output
of `network.module()`, or raises ExportError that names the node where the two part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from explorer.analysis.example_inputs import input_value
from explorer.base.languages import tr
from explorer.export.page import ExportError
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref, tensors_in
from explorer.graph.node import Node
from explorer.graph.ops import Input, Output
from explorer.graph.to_module import build_module, complete_state, to_class_name
from explorer.network import Network

#: Networks with more multiply-adds are not run to check them: it would take minutes.
MAX_CHECKED_MACS = 50e9
_TOLERANCE = 1e-5  # of the largest number; kernels may add up in another order


def module_of(source: str, architecture: Architecture) -> nn.Module:
    """Return the module that a source defines, in eval mode."""
    held: dict[str, object] = {"__name__": "exported"}
    exec(compile(source, "exported.py", "exec"), held)
    cls = held[to_class_name(architecture.title)]
    assert isinstance(cls, type)
    module = cls()
    assert isinstance(module, nn.Module)
    return module.eval()


def computes_the_same(source: str, network: Network) -> bool:
    """Return whether a source, with the network's weights, computes what the network does.

    True without a run for a network of more than `MAX_CHECKED_MACS`. Raises whatever the source raises.
    """
    if network.figures.total.macs > MAX_CHECKED_MACS:
        return True
    own = network.module()
    written = module_of(source, network.architecture)
    written.load_state_dict(complete_state(own), assign=True)
    return _is_equal(_run(written, network.architecture), _run(own, network.architecture))


def _run(module: nn.Module, architecture: Architecture) -> Any:
    inputs = [input_value(node.op) for node in architecture.inputs if isinstance(node.op, Input)]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        return module(*inputs)


def _is_equal(value: Any, expected: Any) -> bool:
    ours, theirs = list(tensors_in(value)), list(tensors_in(expected))
    return len(ours) == len(theirs) and all(
        a.shape == b.shape
        and a.dtype == b.dtype
        and torch.allclose(a, b, _TOLERANCE, _TOLERANCE * _largest(b), equal_nan=True)
        for a, b in zip(ours, theirs, strict=True)
    )


def _largest(tensor: torch.Tensor) -> float:
    finite = tensor[torch.isfinite(tensor)]
    finite = finite.int() if finite.dtype == torch.bool else finite
    return float(finite.abs().max()) if finite.numel() else 0.0


def explain_difference(network: Network, write: Callable[[Architecture], str]) -> ExportError:
    """Return the refusal of a network that is written as something else, with the first node where the two part.

    Args:
        write: from a snapshot to its source.
    """
    architecture = network.architecture
    nodes = [node for node in architecture.live.values() if not isinstance(node.op, (Input, Output))]
    low, high = 0, len(nodes) - 1
    while low < high:
        middle = (low + high) // 2
        if _parts_at(network, nodes[middle], write):
            high = middle
        else:
            low = middle + 1
    name = nodes[low].name if nodes else "input"
    return ExportError(
        tr(
            "{title} cannot be written as Python: from {name!r} on, what is written computes "
            "something else; save the weights (.safetensors) or ONNX instead, or move that part "
            "of the code into a layer of its own",
            title=architecture.title,
            name=name,
        )
    )


def _parts_at(network: Network, node: Node, write: Callable[[Architecture], str]) -> bool:
    """Does what is written differ from the network up to this node?"""
    architecture = network.architecture
    output = architecture.output.replace(args=(Ref(node.name),), kwargs={})
    cut = architecture.with_replaced([output])
    own = network.module()
    try:
        written = module_of(write(cut), cut)
        written.load_state_dict(complete_state(own), strict=False, assign=True)
        return not _is_equal(_run(written, cut), _run(_up_to(own, cut), cut))
    except Exception:
        return True


def _up_to(own: nn.Module, cut: Architecture) -> nn.Module:
    module = build_module(cut)
    module.load_state_dict(complete_state(own), strict=False, assign=True)
    return module
