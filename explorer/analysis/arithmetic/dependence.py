"""Ops that are not written out: weighted sums where they are affine in what they read, else what they depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from explorer.analysis.arithmetic.explanation import Dependence, Explanation, NumberPlace, Terms, WeightedSum
from explorer.analysis.arithmetic.operands import AnyArray, OpCall, Operand, iterate_tensors
from explorer.analysis.arithmetic.sums import Explainer
from explorer.base.languages import tr
from explorer.graph.call_arguments import map_tensors


def explain_dependence(call: OpCall) -> Explainer | None:
    """Explain any op by its derivative. Where the value is Σ derivative × input + what the op makes of zeros in
    its place, it is a weighted sum, and that is said: an interpolation, an einsum. Else only what it depends on is
    known."""
    if not call.inputs:
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        gradients = _gradients(call, index, part)
        terms = tuple(_nonzero_terms(read, gradient) for read, gradient in gradients if np.any(gradient))
        made = call.outputs[part]
        place, value = made.place(index), float(made.values[index])
        for own in terms:
            constant = _value_without(own.node, call, index, part)
            if constant is not None:
                others = tuple(found for found in terms if found is not own)
                summed = _as_sum(place, value, (own, *others), constant)
                if summed.is_exact:
                    return summed
        return Dependence(place=place, value=value, explained=value, terms=terms)

    return explain


def _as_sum(place: NumberPlace, value: float, terms: tuple[Terms, ...], constant: float) -> WeightedSum:
    """Σ of the first terms + what the op makes where these are zeros. Where it reads other inputs too (an einsum, a
    convolution by a computed kernel), the weights come from them."""
    first, is_product = terms[0], len(terms) > 1
    return WeightedSum(
        place=place,
        value=value,
        explained=float(first.products.sum()) + constant,
        scale=float(np.abs(first.products).sum()) + abs(constant),
        terms=terms,
        patch=first.values,
        kernel=first.factors,
        channels=np.arange(len(first.values)),
        bias=constant or None,
        is_product=is_product,
        note="" if is_product else tr("The weights are the op's own derivatives."),
    )


def _gradients(call: OpCall, index: tuple[int, ...], part: int) -> list[tuple[Operand, AnyArray]]:
    """∂value/∂x for every number that the op reads; nothing where it has no derivative."""
    given: dict[str, Any] = {}
    leaves: dict[tuple[str, int], torch.Tensor] = {}
    with torch.inference_mode(False), torch.enable_grad():
        for node, value in call.arguments.items():
            given[node] = _differentiable(node, value, leaves)
        try:
            made = [*_attached(call.compute(given))][part]
            if not made.requires_grad:
                return []
            torch.autograd.backward(made[index])
        except (RuntimeError, IndexError, TypeError):
            return []
    found = ((read, leaves.get((read.node, read.part))) for read in call.inputs)
    return [(read, leaf.grad.double().numpy()) for read, leaf in found if leaf is not None and leaf.grad is not None]


def _differentiable(node: str, value: Any, leaves: dict[tuple[str, int], torch.Tensor]) -> Any:
    part = -1

    def follow(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal part
        part += 1
        own = tensor.detach().cpu().clone()
        if own.is_floating_point():
            leaves[node, part] = own.requires_grad_(True)
        return own

    return map_tensors(value, follow)


def _attached(value: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    map_tensors(value, lambda tensor: found.append(tensor))
    return found


def _value_without(name: str, call: OpCall, index: tuple[int, ...], part: int) -> float | None:
    """The value where all numbers of one input are zero."""
    zeros = map_tensors(call.arguments[name], lambda tensor: torch.zeros_like(tensor))
    given: Mapping[str, Any] = {**call.arguments, name: zeros}
    try:
        with torch.inference_mode():
            return float(list(iterate_tensors(call.compute(given)))[part][index])
    except (RuntimeError, IndexError, TypeError):
        return None


def _nonzero_terms(read: Operand, gradient: AnyArray) -> Terms:
    return read.terms(np.argwhere(gradient), gradient[gradient != 0])
