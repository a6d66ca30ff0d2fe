"""Ops that only move numbers, and ops that put the numbers of several inputs together place by place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from explorer.analysis.arithmetic.explanation import (
    Combination,
    Explanation,
    GivenValue,
    MovedValue,
    NumberPlace,
    Positions,
    Terms,
)
from explorer.analysis.arithmetic.operands import AnyArray, OpCall, Operand, iterate_tensors
from explorer.analysis.arithmetic.settings import function_name
from explorer.analysis.arithmetic.sums import Explainer
from explorer.graph.arguments import Ref
from explorer.graph.call_arguments import map_tensors
from explorer.graph.ops import Constant, Input

_SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "truediv": "÷", "div": "÷"}


def explain_given(call: OpCall) -> Explainer | None:
    """Explain an input of the network, or a tensor that the code reads: it is given."""
    if not isinstance(call.node.op, (Input, Constant)):
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        value = float(call.output.values[index])
        return GivenValue(
            place=call.output.place(index), value=value, explained=value, is_pixel=isinstance(call.node.op, Input)
        )

    return explain


def explain_move(call: OpCall) -> Explainer | None:
    """Explain an op that only moves numbers. It is run on the numbers' own indices, so that each place of its output
    says where its number came from; where the numbers themselves say otherwise it is another op."""
    if not call.inputs:
        return None
    starts: dict[tuple[str, int], int] = {}
    total = 1  # 0 is what padding puts in
    for read in call.inputs:
        starts[read.node, read.part] = total
        total += read.values.size
    try:
        with torch.inference_mode():
            moved = [part.numpy() for part in iterate_tensors(call.compute(_numbered(call.arguments, starts)))]
    except (RuntimeError, TypeError, ValueError, IndexError):
        return None
    sources = [_whole_numbers(found, total) for found in moved]
    if [part.shape for part in sources] != [made.values.shape for made in call.outputs]:
        return None
    held = np.concatenate([np.zeros(1), *(read.values.ravel() for read in call.inputs)])
    for source, found, made in zip(sources, moved, call.outputs, strict=True):
        expected = np.where(source > 0, held[source], found)  # what is filled in is the same for any input
        if not np.array_equal(expected, made.values, equal_nan=expected.dtype.kind == "f"):
            return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        return _moved_value(call, sources[part], starts, index, part)

    return explain


def _numbered(arguments: Mapping[str, Any], starts: Mapping[tuple[str, int], int]) -> dict[str, Any]:
    """The arguments of an op, each number replaced by its own: 1, 2, 3 … through all inputs."""
    found: dict[str, Any] = {}
    for node, value in arguments.items():
        part = -1

        def number(tensor: torch.Tensor, node: str = node) -> torch.Tensor:
            nonlocal part
            part += 1
            start = starts.get((node, part))
            if start is None:
                return tensor
            return torch.arange(start, start + tensor.numel(), dtype=torch.float64).reshape(tensor.shape)

        found[node] = map_tensors(value, number)
    return found


def _whole_numbers(found: AnyArray, total: int) -> Positions:
    """Sources as indices; whatever is none becomes 0: filled in."""
    if found.dtype.kind not in "fiu":
        return np.zeros(found.shape, np.int64)
    finite = np.isfinite(found)
    rounded = np.where(finite, found, 0)
    real = finite & (rounded == np.floor(rounded)) & (rounded > 0) & (rounded < total)
    return np.where(real, rounded, 0).astype(np.int64)


def _moved_value(
    call: OpCall, sources: Positions, starts: Mapping[tuple[str, int], int], index: tuple[int, ...], part: int
) -> MovedValue:
    made = call.outputs[part]
    value, source = float(made.values[index]), int(sources[index])
    place = made.place(index)
    if source == 0:
        return MovedValue(place=place, value=value, explained=value, fill=value)
    read = max((r for r in call.inputs if starts[r.node, r.part] <= source), key=lambda r: starts[r.node, r.part])
    at = np.unravel_index(source - starts[read.node, read.part], read.values.shape)
    came = read.place(tuple(int(i) for i in at))
    found = float(read.values[tuple(int(i) for i in at)])
    return MovedValue(place=place, value=value, explained=found, terms=(Terms.single(came, found),))


def explain_combination(call: OpCall) -> Explainer | None:
    """Explain a sum, difference, product or quotient of tensors that are broadcast, or of a tensor and a number."""
    name = function_name(call.node).removeprefix("i").removeprefix("r")
    symbol = _SYMBOLS.get(name)
    if symbol is None or len(call.node.args) != 2 or call.node.kwargs:
        return None
    found = [call.operand(arg.name) if isinstance(arg, Ref) else arg for arg in call.node.args]
    operands = [operand for operand in found if isinstance(operand, (Operand, int, float))]
    if len(operands) != 2:
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        read = [_at(operand, index) for operand in operands]
        one, other = (value for _, value in read)
        simple = {"+": one + other, "−": one - other, "×": one * other}.get(symbol)
        result = simple if simple is not None else one / other
        factors = _factors(symbol, one, other)
        return Combination(
            place=call.output.place(index),
            value=float(call.output.values[index]),
            explained=result,
            scale=abs(one) + abs(other) if symbol in "+−" else abs(result),
            terms=tuple(
                Terms.single(place, value, factor)
                for (place, value), factor in zip(read, factors, strict=True)
                if place is not None
            ),
            symbol=symbol,
            operands=np.array([one, other]),
            places=tuple(place for place, _ in read),
        )

    return explain


def _at(operand: Operand | float, index: tuple[int, ...]) -> tuple[NumberPlace | None, float]:
    """The number of an operand, broadcast to the output, that stands at an index of it."""
    if not isinstance(operand, Operand):
        return None, float(operand)
    shape = operand.values.shape
    own = index[len(index) - len(shape) :]
    at = tuple(0 if size == 1 else place for size, place in zip(shape, own, strict=True))
    return operand.place(at), float(operand.values[at])


def _factors(symbol: str, one: float, other: float) -> tuple[float, float]:
    """What each of two operands is multiplied by, so that its term is its share of the result."""
    if symbol in "+−":
        return 1.0, 1.0 if symbol == "+" else -1.0
    if symbol == "×":
        return other, one
    return 1 / other if other else np.inf, 0.0
