"""Operators of an ONNX file that nobody here can run: cards of the shape that the file gives them.

A network with such cards is there to be looked at: the rest is counted and connected, its output means nothing, and
that is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from explorer.base.languages import tr
from explorer.opening.errors import OpeningError

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True)
class Unknown:
    """An operator that is replaced: its kind, its output, and the shape of that."""

    op_type: str
    output: str
    shape: tuple[int, ...]


class ZerosOfShape(nn.Module):
    """Stands for an operator: zeros of its shape, so that what follows has something to read."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, value: torch.Tensor, *_: Any) -> torch.Tensor:
        return value.new_zeros(self.shape)


def foreign_operators(model: ModelProto) -> set[str]:
    """Kinds of operators that are not of the standard."""
    return {node.op_type for node in model.graph.node if node.domain not in _DOMAINS}


def kind_in_message(failure: Exception) -> str:
    """The kind of operator that onnx2pytorch says it has no conversion for; empty for another failure."""
    found = re.search(r"op_type=(\w+)", str(failure))
    return found[1] if found else ""


def replace_unknown(model: ModelProto, kinds: set[str]) -> list[Unknown]:
    """Take operators of these kinds out of a model, leaving an Identity in the place of each, and return what stood
    there. Raises OpeningError where the file does not give the shape of an output."""
    shapes = dict(_known_shapes(model))
    found: list[Unknown] = []
    for node in model.graph.node:
        if node.op_type not in kinds:
            continue
        shape = shapes.get(node.output[0])
        if shape is None or len([name for name in node.output if name]) != 1 or not node.input:
            raise OpeningError(
                tr(
                    "the operator {domain}.{kind} has no counterpart in PyTorch, and the file does "
                    "not say the shape of its output",
                    domain=node.domain or "ONNX",
                    kind=node.op_type,
                )
            )
        found.append(Unknown(node.op_type, node.output[0], shape))
        _make_identity(node)
    return found


def _make_identity(node: NodeProto) -> None:
    node.op_type, node.domain = "Identity", ""
    del node.input[1:]
    del node.attribute[:]


def _known_shapes(model: ModelProto) -> Iterator[tuple[str, tuple[int, ...]]]:
    for value in (*model.graph.value_info, *model.graph.output):
        kind = value.type.tensor_type
        if value.type.HasField("tensor_type") and kind.HasField("shape"):
            yield value.name, tuple(side.dim_value or 1 for side in kind.shape.dim)


def put_back(module: nn.Module, unknown: list[Unknown]) -> None:
    """Put cards in the place of the identities of a converted module."""
    for operator in unknown:
        setattr(module, f"Identity_{operator.output}", ZerosOfShape(operator.shape))
