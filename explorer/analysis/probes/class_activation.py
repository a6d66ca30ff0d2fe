"""Grad-CAM of a class on the last feature map.

Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks", ICCV 2017; computed by captum. Only the
layers behind the map run: the map itself is cached from the pass, so another class costs milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.analysis.probes.gradients import class_score, main_output_node, run_with_gradients
from explorer.analysis.probes.probe import NotAvailable, Probe, first_tensor
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import tr
from explorer.graph import op_kinds


@dataclass(frozen=True, eq=False)
class ClassActivationMap:
    """Grad-CAM of one class: `heat` of shape (height, width) of the map, zero where nothing speaks for the class."""

    name: str  # the node whose map it is
    target: int
    score: float  # the logit of the class
    probability: float
    heat: NDArray[np.float32] = field(repr=False)


def compute_class_activation(
    probe: Probe, target: int | None = None, keep_going: KeepGoing = always
) -> ClassActivationMap:
    """Compute Grad-CAM of class `target`, or of the likeliest one.

    Raises NotAvailable where there is no feature map or no such class; PassError; Cancelled.
    """
    return probe.with_cpu_fallback(lambda: _grad_cam(probe, target, keep_going))


def _grad_cam(probe: Probe, target: int | None, keep_going: KeepGoing) -> ClassActivationMap:
    from captum.attr import LayerGradCam  # takes seconds to import, as it brings matplotlib

    name = find_last_feature_map(probe.analysis)
    values = _map_and_side_inputs(name, probe, keep_going)
    head = _Head(name, values, probe, keep_going)
    with torch.no_grad():
        output = head(values[name])
        logits = output[0].cpu()
        chosen = int(logits.argmax()) if target is None else target
        logit = float(class_score(output, chosen))
    heat = LayerGradCam(head, head.feature_map).attribute(values[name], target=chosen, relu_attributions=True)
    shown = heat[0, 0].detach().float().cpu().numpy()
    if not np.isfinite(shown).all():
        raise NotAvailable(
            tr("What reaches {name} is not finite, so nothing can be said of where it comes from.", name=name)
        )
    return ClassActivationMap(name, chosen, logit, float(torch.softmax(logits.double(), 0)[chosen]), shown)


def find_last_feature_map(analysis: Analysis) -> str:
    """Return the node that makes the last feature map before everything is pooled.

    Raises NotAvailable when there is none: the message says why.
    """
    architecture, measures = analysis.architecture, analysis.figures.measures
    leading = architecture.ancestors(main_output_node(architecture))
    order = [name for name in architecture.live if name in leading]
    shapes = {name: measures[name].shape for name in order if name != architecture.input.name}
    maps = [name for name, shape in shapes.items() if shape is not None and _is_feature_map(shape.dims)]
    if not maps:
        raise NotAvailable(tr("This network makes no feature maps: there are no places it could look at."))
    name = maps[-1]
    behind = order[order.index(name) + 1 :]
    if any(op_kinds.kind(architecture.nodes[later]) == "attention" for later in behind):
        raise NotAvailable(
            tr(
                "After its first layer this network works on tokens, and attention mixes them "
                "everywhere: there is no last feature map whose places are places of the image, as "
                "Grad-CAM needs."
            )
        )
    while op_kinds.kind(architecture.nodes[name]) in ("pool", "dropout"):  # what pools the map shows less of it
        before = architecture.nodes[name].inputs[0]
        shape = measures[before].shape
        if shape is None or not _is_feature_map(shape.dims) or before == architecture.input.name:
            break
        name = before
    return name


class _Head(nn.Module):
    """The layers behind a feature map, as a module whose `feature_map` captum can watch. Gives logits (1, classes)."""

    def __init__(self, name: str, known: dict[str, Any], probe: Probe, keep_going: KeepGoing) -> None:
        super().__init__()
        self.feature_map = nn.Identity()
        self._name, self._side_inputs, self._probe, self._keep_going = name, known, probe, keep_going

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        start = {**self._side_inputs, self._name: self.feature_map(value)}
        output = run_with_gradients(start, main_output_node(self._probe.architecture), self._probe, self._keep_going)
        return class_logits(output)[None]


def class_logits(output: Any) -> torch.Tensor:
    """Return the logits of all classes for the first image, shape (classes,), summed over places where there are
    any."""
    class_score(output, 0)  # refuses what has no classes
    logits = first_tensor(output)
    assert logits is not None
    return logits[0].reshape(logits.shape[1], -1).sum(1)


def _map_and_side_inputs(name: str, probe: Probe, keep_going: KeepGoing) -> dict[str, Any]:
    """Return the values of the map, and of whatever else the nodes behind it read, as tensors that gradients can
    pass."""
    architecture = probe.architecture
    behind = nx.descendants(architecture.graph, name) & architecture.ancestors(main_output_node(architecture))
    beside = {read for later in behind for read in architecture.nodes[later].inputs} - behind - {name}
    with probe.lock:
        found = dict(probe.values({name, *beside}, keep_going))
    if not keep_going(0.5):
        raise Cancelled
    device = probe.forward.device
    values = {key: v.to(device, copy=True) if isinstance(v, torch.Tensor) else v for key, v in found.items()}
    values[name].requires_grad_(True)
    return values


def _is_feature_map(dims: tuple[int, ...]) -> bool:
    return len(dims) == 4 and max(dims[2:]) > 1
