"""Whether an ONNX file that was written computes what its module computes: onnxruntime is asked, where it is installed.

Two right programs sum the same products in another order, and what they make differs by rounding. Most networks make
little of that; one whose edits let small differences grow (a norm over the few places of a small map, again and again)
makes anything of it. So what is off by more than a thousandth is compared with what rounding does to the module itself.
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import torch

from explorer.analysis.module_twin import first_line
from explorer.base.languages import tr
from explorer.export.page import ExportError
from explorer.graph.arguments import tensors_in

#: Of the largest number of an output: what is within is right, whatever the network. A setting that torch forgets to
#: write (the label smoothing of a loss) can change as little as four thousandths.
_TOLERANCE = 1e-3

#: Of a number, about what summing some hundred products in another order makes of it in float32.
_ROUNDING = 1e-6


def check_onnx(path: Path, module: torch.nn.Module, inputs: Mapping[str, torch.Tensor]) -> None:
    """Raise ExportError where onnxruntime, if it is installed, makes something else of a file than the module that it
    was written from."""
    unknown = any(tensor.dtype == torch.bfloat16 for tensor in inputs.values())  # numpy has no such numbers
    if importlib.util.find_spec("onnxruntime") is None or unknown:
        return
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        answers = session.run(None, {known.name: inputs[known.name].numpy() for known in session.get_inputs()})
    except Exception as failure:
        raise ExportError(
            tr("onnxruntime does not run what torch writes as ONNX: {reason}", reason=first_line(failure))
        ) from failure
    found, given = [torch.as_tensor(answer) for answer in answers], tuple(inputs.values())
    if not _is_near(found, _run(module, given)) and not _is_rounding(found, module, given):
        raise ExportError(
            tr(
                "what torch writes as ONNX computes something else, according to onnxruntime: write "
                ".py and .safetensors instead"
            )
        )


def _run(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    with torch.no_grad():
        return list(tensors_in(module(*inputs)))


def _is_near(found: list[torch.Tensor], expected: list[torch.Tensor]) -> bool:
    return all(
        ours.shape == theirs.shape
        and torch.allclose(
            ours.float(), theirs.float(), (within := _tolerance(theirs)), within * _largest(theirs), equal_nan=True
        )
        for ours, theirs in zip(found, expected, strict=True)
    )


def _tolerance(tensor: torch.Tensor) -> float:
    """Numbers of half precision are right to a hundredth."""
    return max(_TOLERANCE, 10 * torch.finfo(tensor.dtype).eps) if tensor.is_floating_point() else _TOLERANCE


def _is_rounding(found: list[torch.Tensor], module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> bool:
    """Whether the module itself, in float32 and with inputs off by a millionth, is half as far from what it is in
    float64."""
    random = torch.Generator().manual_seed(0)
    precise = tuple(tensor.double() if tensor.is_floating_point() else tensor for tensor in inputs)
    disturbed = tuple(
        tensor * (1 + _ROUNDING * torch.randn(tensor.shape, generator=random)) if tensor.is_floating_point() else tensor
        for tensor in precise
    )
    try:
        double = copy.deepcopy(module).double()
        exact, moved = _run(double, precise), _run(double, disturbed)
    except (RuntimeError, TypeError):  # one that computes in its own number format
        return False
    for truth, *others, ours in zip(exact, moved, _run(module, inputs), found, strict=True):
        if ours.shape != truth.shape or not truth.is_floating_point():
            return False
        rounding = max(_distance(truth, other) for other in others)
        if not _distance(truth, ours) <= 2 * rounding:  # nor with what is no number
            return False
    return True


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return _largest(one.double() - other.double())


def _largest(tensor: torch.Tensor) -> float:
    return float(tensor.abs().max()) if tensor.numel() else 0.0
