"""Where a network looks for a class: Grad-CAM on its last feature map.

Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks", ICCV 2017; computed by captum. Only what
lies behind the map runs: the map itself is remembered from the pass, so another class costs milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.analysis.gradients import main_output, run_from, score
from explorer.analysis.showing import NothingThere, Showing, first_tensor
from explorer.analysis.study import Study
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture
from explorer.wanted import Cancelled, Wanted, always


@dataclass(frozen=True, eq=False)
class Attention:
    """Where the network looks: `heat` of shape (height, width) of the map, zero where nothing speaks for the class."""

    name: str  # the node whose map it is
    target: int
    score: float  # the logit of the class
    probability: float
    heat: NDArray[np.float32] = field(repr=False)


def class_activation(showing: Showing, target: int | None = None, wanted: Wanted = always) -> Attention:
    """Grad-CAM of class `target`, or of the likeliest one.

    Raises NothingThere where there is no feature map to look at, or no such class; PassError; Cancelled.
    """
    return showing.steadily(lambda: _attention(showing, target, wanted))


def _attention(showing: Showing, target: int | None, wanted: Wanted) -> Attention:
    from captum.attr import LayerGradCam  # takes seconds to import, as it brings matplotlib

    name = last_map(showing.study)
    values = _known(name, showing, wanted)
    head = _Head(name, values, showing, wanted)
    with torch.no_grad():
        output = head(values[name])
        logits = output[0].cpu()
        chosen = int(logits.argmax()) if target is None else target
        logit = float(score(output, chosen))
    heat = LayerGradCam(head, head.looked_at).attribute(values[name], target=chosen, relu_attributions=True)
    shown = heat[0, 0].detach().float().cpu().numpy()
    if not np.isfinite(shown).all():
        raise NothingThere(f"What reaches {name} is not finite, so nothing can be said of where it comes from.")
    return Attention(name, chosen, logit, float(torch.softmax(logits.double(), 0)[chosen]), shown)


def last_map(study: Study) -> str:
    """The node that makes the last feature map before everything is pooled.

    Raises NothingThere when there is none: the message says why.
    """
    architecture, measures = study.architecture, study.figures.measures
    order = _leading_to(main_output(architecture), architecture)
    shapes = {name: measures[name].shape for name in order if name != architecture.input.name}
    maps = [name for name, shape in shapes.items() if shape is not None and _is_map(shape.dims)]
    if not maps:
        raise NothingThere("This network makes no feature maps: there are no places it could look at.")
    name = maps[-1]
    behind = order[order.index(name) + 1 :]
    if any(vocabulary.kind(architecture.nodes[later]) == "attention" for later in behind):
        raise NothingThere(
            "After its first layer this network works on tokens, and attention mixes them everywhere: "
            "there is no last feature map whose places are places of the image, as Grad-CAM needs."
        )
    while vocabulary.kind(architecture.nodes[name]) in ("pool", "dropout"):  # what pools the map shows less of it
        before = architecture.nodes[name].inputs[0]
        shape = measures[before].shape
        if shape is None or not _is_map(shape.dims) or before == architecture.input.name:
            break
        name = before
    return name


class _Head(nn.Module):
    """What lies behind a feature map, as a module whose `looked_at` captum can watch. Gives logits (1, classes)."""

    def __init__(self, name: str, known: dict[str, Any], showing: Showing, wanted: Wanted) -> None:
        super().__init__()
        self.looked_at = nn.Identity()
        self._name, self._known, self._showing, self._wanted = name, known, showing, wanted

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        start = {**self._known, self._name: self.looked_at(value)}
        output = run_from(start, main_output(self._showing.architecture), self._showing, self._wanted)
        return score_of_all(output)[None]


def score_of_all(output: Any) -> torch.Tensor:
    """Logits of all classes for the first image, shape (classes,); summed over places where there are any."""
    score(output, 0)  # refuses what has no classes
    logits = first_tensor(output)
    assert logits is not None
    return logits[0].reshape(logits.shape[1], -1).sum(1)


def _known(name: str, showing: Showing, wanted: Wanted) -> dict[str, Any]:
    """The values of the map, and of whatever else what lies behind it reads, as tensors that gradients can pass."""
    architecture = showing.architecture
    behind = {name}
    for node in architecture.live.values():
        if not behind.isdisjoint(node.inputs):
            behind.add(node.name)
    order = _leading_to(main_output(architecture), architecture)
    beside = {read for later in behind & {*order} - {name} for read in architecture.nodes[later].inputs} - behind
    with showing.lock:
        found = dict(showing.values({name, *beside}, wanted))
    if not wanted(0.5):
        raise Cancelled
    device = showing.forward.device
    values = {key: v.to(device, copy=True) if isinstance(v, torch.Tensor) else v for key, v in found.items()}
    values[name].requires_grad_(True)
    return values


def _leading_to(name: str, architecture: Architecture) -> list[str]:
    """The nodes that lead to one, itself the last, in the order of execution."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(architecture.nodes[name].inputs)
    return [name for name in architecture.live if name in found]


def _is_map(dims: tuple[int, ...]) -> bool:
    return len(dims) == 4 and max(dims[2:]) > 1
