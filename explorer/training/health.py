"""What a forward pass says about a network that is being trained: dead units, and where numbers stop being numbers."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F

_RELU_LAYERS = (nn.ReLU, nn.ReLU6)
_RELU_CALLS = (F.relu, F.relu6, torch.relu, torch.relu_)


class _Observer(fx.Interpreter):
    """Runs a module op by op, and forgets what is not needed any more."""

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        self.look(n, value)
        return value

    def look(self, node: fx.Node, value: Any) -> None:
        """Called with the value of each op."""


class _DeadUnits(_Observer):
    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.dead, self.units = 0, 0

    def look(self, node: fx.Node, value: Any) -> None:
        if _is_relu(self.module, node) and isinstance(value, torch.Tensor) and value.dim() >= 2:
            largest = value.transpose(0, 1).flatten(1).amax(1)  # of each channel
            self.dead += int((largest <= 0).sum())
            self.units += len(largest)


class _FirstBad(_Observer):
    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.name = ""

    def look(self, node: fx.Node, value: Any) -> None:
        if not self.name and isinstance(value, torch.Tensor) and not bool(torch.isfinite(value).all()):
            self.name = str(node.target) if node.op in ("call_module", "get_attr") else node.name


def dead_unit_share(module: fx.GraphModule, images: torch.Tensor) -> float:
    """Return the part (0 to 1) of the channels behind ReLUs that are zero everywhere on every image of a batch."""
    observer = _DeadUnits(module)
    observer.run(images)
    return observer.dead / observer.units if observer.units else 0.0


def first_bad_op(module: fx.GraphModule, images: torch.Tensor) -> str:
    """Return the path of the first layer, or the name of the first op, whose value is infinite or no number; "" where
    all are finite."""
    observer = _FirstBad(module)
    observer.run(images)
    return observer.name


def _is_relu(module: Any, node: fx.Node) -> bool:
    if node.op == "call_module":
        return isinstance(module.get_submodule(str(node.target)), _RELU_LAYERS)
    return (node.op == "call_function" and node.target in _RELU_CALLS) or (
        node.op == "call_method" and node.target in ("relu", "relu_")
    )
