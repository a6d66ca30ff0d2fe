"""Ops that make each number of one number, and softmax: curves with a value on them, shares of a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from explorer.analysis.arithmetic.explanation import CurveValue, Explanation, Numbers, SoftmaxShare, Terms
from explorer.analysis.arithmetic.operands import OpCall, iterate_tensors
from explorer.analysis.arithmetic.settings import bind_settings, function_name
from explorer.analysis.arithmetic.sums import Explainer

_POINTS = 161  # of a curve
_LEAST_REACH = 8.0  # a curve is shown at least from −8 to 8: those of the field bend between −6 and 6


def explain_curve(call: OpCall) -> Explainer | None:
    """Explain an op of one number: f(x). Whether an op is one is seen in what it does, not in its name."""
    if len(call.inputs) != 1 or call.input.values.shape != call.output.values.shape or call.input.values.ndim < 2:
        return None
    if not np.issubdtype(call.input.values.dtype, np.floating):
        return None
    reach = max(_LEAST_REACH, float(np.percentile(np.abs(call.input.values), 99.9)))
    inputs = np.linspace(-reach, reach, _POINTS)
    slope = call.parameter("weight") if isinstance(call.node.layer, nn.PReLU) else None
    outputs = _evaluate(call, inputs) if slope is None else None
    if slope is None and outputs is None:
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        x = float(call.input.values[index])
        if slope is not None:
            own = float(slope[index[1] if len(slope) > 1 else 0])
            drawn, found = np.where(inputs > 0, inputs, own * inputs), x if x > 0 else own * x
        else:
            assert outputs is not None
            at = _evaluate(call, np.array([x]))
            drawn, found = outputs, float(at[0]) if at is not None else float("nan")
        return CurveValue(
            place=call.output.place(index),
            value=float(call.output.values[index]),
            explained=found,
            scale=abs(x),
            terms=(Terms.single(call.input.place(index), x),),
            x=x,
            inputs=inputs,
            outputs=drawn,
        )

    return explain


def _evaluate(call: OpCall, numbers: Numbers) -> Numbers | None:
    """What the op makes of a row of numbers, each for itself; None where it does not take them so."""
    device = next((tensor.device for tensor in call.layer.parameters()), None) if call.layer is not None else None
    row: Any = torch.from_numpy(numbers.astype(np.float32)).to(device or "cpu")
    try:
        with torch.inference_mode():
            found = list(iterate_tensors(call.compute({call.input.node: row})))
    except (RuntimeError, TypeError, IndexError, ValueError):
        return None
    return found[0].double().numpy() if len(found) == 1 and found[0].shape == row.shape else None


def explain_softmax(call: OpCall) -> Explainer | None:
    """Explain a softmax, or its logarithm, over one axis."""
    layer, name = call.node.layer, function_name(call.node)
    is_log = isinstance(layer, nn.LogSoftmax) or name == "log_softmax"
    if not (is_log or isinstance(layer, nn.Softmax) or name == "softmax") or len(call.inputs) != 1:
        return None
    found = bind_settings(call.node, ("dim", "_stacklevel", "dtype"), {})
    if found is None or found["dim"] is None:
        return None
    axis = int(found["dim"]) % call.input.values.ndim

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        count = np.arange(call.input.values.shape[axis])
        indices = np.tile(np.array(index, np.int64), (len(count), 1))
        indices[:, axis] = count
        terms = call.input.terms(indices, np.zeros(len(count)))
        powers = np.exp(terms.values - terms.values.max())
        share = powers / powers.sum()
        terms = Terms(terms.node, terms.indices, terms.values, share * ((count == index[axis]) - share[index[axis]]))
        own = float(share[index[axis]])
        return SoftmaxShare(
            place=call.output.place(index),
            value=float(call.output.values[index]),
            explained=float(np.log(own)) if is_log else own,
            scale=float(np.abs(terms.values).max()) if is_log else 0.0,
            terms=(terms,),
            logits=terms.values,
            chosen=index[axis],
            is_log=is_log,
        )

    return explain
