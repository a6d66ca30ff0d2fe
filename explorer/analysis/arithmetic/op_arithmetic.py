"""One op with its numbers: any of its values explained at once, without running anything again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from explorer.analysis.arithmetic.attention import explain_dot_product_attention, explain_multihead_attention
from explorer.analysis.arithmetic.curves import explain_curve, explain_softmax
from explorer.analysis.arithmetic.dependence import explain_dependence
from explorer.analysis.arithmetic.explanation import Explanation
from explorer.analysis.arithmetic.maxima import explain_adaptive_max_pool, explain_max_pool
from explorer.analysis.arithmetic.moves import explain_combination, explain_given, explain_move
from explorer.analysis.arithmetic.norms import explain_norm, explain_norm_of_channels, explain_response_norm
from explorer.analysis.arithmetic.operands import OpCall, Operand, fetch_call
from explorer.analysis.arithmetic.sums import (
    Explainer,
    explain_adaptive_average_pool,
    explain_average_pool,
    explain_convolution,
    explain_linear,
    explain_matrix_product,
    explain_mean,
)
from explorer.analysis.arithmetic.window_attention import explain_window_attention
from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.graph import op_kinds

_TRIED = 8  # numbers by which an explanation is checked before it is taken

#: The first that explains the numbers tried is taken: a layer may be called as one it is not.
_EXPLAINERS: tuple[Callable[[OpCall], Explainer | None], ...] = (
    explain_given,
    explain_convolution,
    explain_linear,
    explain_average_pool,
    explain_adaptive_average_pool,
    explain_max_pool,
    explain_adaptive_max_pool,
    explain_mean,
    explain_norm,
    explain_norm_of_channels,
    explain_response_norm,
    explain_softmax,
    explain_combination,
    explain_matrix_product,
    explain_multihead_attention,
    explain_dot_product_attention,
    explain_window_attention,
)
#: By what an op does to numbers, whatever it is called. What is no activation may only move them: dropout does.
_ACTIVATION_FIRST = (explain_curve, explain_move, explain_dependence)
_MOVE_FIRST = (explain_move, explain_curve, explain_dependence)


@dataclass(frozen=True, eq=False)
class OpArithmetic:
    """A node, what it reads and makes, and an explanation of each of its numbers."""

    call: OpCall = field(repr=False)
    explainer: Explainer = field(repr=False)

    @property
    def name(self) -> str:
        """The node's name."""
        return self.call.node.name

    @property
    def inputs(self) -> tuple[Operand, ...]:
        """The tensors that it reads."""
        return self.call.inputs

    @property
    def outputs(self) -> tuple[Operand, ...]:
        """The tensors that it makes; mostly one."""
        return self.call.outputs

    def explain(self, index: tuple[int, ...], part: int = 0) -> Explanation:
        """Return what one number was made of. Raises IndexError for a place that is not there."""
        shape = self.outputs[part].values.shape
        if len(index) != len(shape) or not all(0 <= at < size for at, size in zip(index, shape, strict=True)):
            raise IndexError(
                tr("{name} has no number at {index}: its shape is {shape}", name=self.name, index=index, shape=shape)
            )
        return self.explainer(index, part)


def compute_arithmetic(name: str, probe: Probe, keep_going: KeepGoing = always) -> OpArithmetic:
    """Return the arithmetic of a live node on the probe's image.

    Raises NotAvailable where the node is gone or makes no numbers, PassError, Cancelled.
    """
    call = fetch_call(name, probe, keep_going)
    by_behaviour = _ACTIVATION_FIRST if op_kinds.is_activation(call.node) else _MOVE_FIRST
    for build in (*_EXPLAINERS, *by_behaviour):
        explainer = build(call)
        if explainer is not None and _explains(call, explainer):
            return OpArithmetic(call, explainer)
    raise NotAvailable(tr("Nothing is known of how {name} computes.", name=name))


def _explains(call: OpCall, explainer: Explainer) -> bool:
    """Whether an explainer gives torch's numbers at some places of each tensor that the op makes."""
    random = np.random.default_rng(0)
    for part, made in enumerate(call.outputs):
        places = random.integers(0, made.values.size, _TRIED) if made.values.size else ()
        for flat in itertools.chain((0,) if made.values.size else (), places):
            index = tuple(int(at) for at in np.unravel_index(flat, made.values.shape))
            if not explainer(index, part).is_exact:
                return False
    return True
