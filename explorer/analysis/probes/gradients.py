"""Passes with gradients, from known values to a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from explorer.analysis.forward.forward_pass import PassError
from explorer.analysis.forward.node_value import compute_node_value
from explorer.analysis.probes.probe import NotAvailable, Probe, first_tensor
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import tr
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node


def run_with_gradients(
    start: Mapping[str, Any],
    goal: str,
    probe: Probe,
    keep_going: KeepGoing = always,
    on_value: Callable[[Node, Any], None] = lambda node, value: None,
) -> Any:
    """Return the value of node `goal`, computed from the values of the nodes in `start`; gradients can flow back to
    them.

        Args:
            start: values by name of node; what they leave undetermined is computed from the image.
            on_value: called with each node that runs and its value.

    Raises PassError naming the node that failed; Cancelled.
    """
    nodes = probe.architecture.nodes
    missing = probe.architecture.ancestors(goal, within=nodes.keys() - start.keys())
    needed = [name for name in nodes if name in missing]
    last = {read: name for name in needed for read in nodes[name].inputs}
    values = dict(start)
    image = probe.image.to(probe.forward.device)
    for done, name in enumerate(needed):
        if not keep_going(done / len(needed)):
            raise Cancelled
        node = nodes[name]
        with torch.enable_grad():
            values[name] = _value(node, values, probe, image)
        on_value(node, values[name])
        for read in node.inputs:
            if last[read] == name and read != goal:
                values.pop(read, None)
    return values[goal]


def class_score(output: Any, target: int) -> torch.Tensor:
    """Return the logit of class `target` for the first image, a scalar; summed over places if it has any.

    Raises NotAvailable when there is no such class.
    """
    tensor = first_tensor(output)
    if tensor is None or tensor.dim() < 2 or not 0 <= target < tensor.shape[1]:
        shape = "nothing" if tensor is None else " × ".join(map(str, tensor.shape[1:]))
        raise NotAvailable(tr("The output ({shape}) has no class number {target}.", shape=shape, target=target))
    return tensor[0, target].sum()


def main_output_node(architecture: Architecture) -> str:
    """Return the name of the node that makes the (first) output; auxiliary heads make the others."""
    return architecture.output.inputs[0]


def _value(node: Node, values: Mapping[str, Any], probe: Probe, image: torch.Tensor) -> Any:
    try:
        return compute_node_value(node, values, probe.weights, image, probe.layer(node))
    except Exception as failure:
        raise PassError.at(node, values, failure) from failure
