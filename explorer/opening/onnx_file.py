"""ONNX: the format most models are shared in, as a live network.

onnx2pytorch converts each operator to a module of torch; a recorded run of these on an example makes the graph, whose
output is compared with that of onnxruntime. Both are extras (`pip install 'cnn-explorer[onnx]'`), imported when used.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from explorer.analysis.example_inputs import Example, positional_example
from explorer.analysis.module_comparison import TOLERANCE, difference_of, run_with_tensors
from explorer.analysis.verification import VerifiedModule, verify_capture
from explorer.base.languages import join_list, tr
from explorer.opening import onnx_groups, onnx_model
from explorer.opening.errors import OpeningError
from explorer.opening.onnx_unknown import Unknown, foreign_operators, kind_in_message, put_back, replace_unknown

if TYPE_CHECKING:
    from onnx import ModelProto


def open_onnx(path: str, input_shape: tuple[int, ...] | None = None) -> VerifiedModule:
    """Open an ONNX file as a network, compared with onnxruntime where that is installed.

    Args:
        input_shape: instead of the file's, where that leaves sides open.

    Raises:
        OpeningError: it is damaged, unsafe, or cannot be converted; or a package is missing.
        TraceError: the converted network fails on an input of that shape.
    """
    for package in ("onnx", "onnx2pytorch"):
        if importlib.util.find_spec(package) is None:
            raise OpeningError(
                tr("opening ONNX needs the package {package}: pip install 'cnn-explorer[onnx]'", package=package)
            )
    file = Path(path)
    model = onnx_model.read_model(file)
    example = positional_example(onnx_model.inputs_of(model, file, input_shape))
    reference, reason = _run_onnxruntime(model, example)
    onnx_model.simplify(model)
    names = onnx_model.give_plain_names(model)
    places = onnx_groups.find_places(model, names)
    title = _title(model, file)
    branches = any(node.op_type in _READS_VALUES for node in model.graph.node)
    module, unknown = convert(model, names, file)
    opened = verify_capture(module, example, None if unknown else reference, title)
    architecture, tensors = onnx_groups.regroup(opened.architecture, opened.tensors, places, names)
    verification = replace(opened.verification, value_reads=()) if not branches else opened.verification
    if reference is not None and not unknown and verification.status == "equal":  # under their own names as well
        difference = difference_of(run_with_tensors(architecture, tensors, example.main.clone()), reference)
        equal = difference <= TOLERANCE
        verification = replace(verification, difference=difference, status="equal" if equal else "differs")
    if unknown:
        kinds = join_list(sorted({operator.op_type for operator in unknown}))
        reason = tr(
            "{operators} cannot be run here and give zeros, so the network is only for looking at", operators=kinds
        )
    if reference is None or unknown:
        view_only = reason if unknown else ""
        verification = replace(verification, status="not run", reason=reason, view_only=view_only)
    return VerifiedModule(architecture, tensors, None, verification, example.specs)


def convert(model: ModelProto, names: dict[str, str], file: Path) -> tuple[nn.Module, list[Unknown]]:
    """Return the operators as modules of torch that call each other, and those that have no counterpart there.

    Raises OpeningError where such an operator's output has no shape in the file, and for a model that is none.
    """
    unknown = replace_unknown(model, foreign_operators(model))
    for _ in range(_MAX_UNKNOWN_KINDS):
        try:
            module = _convert_known(model)
            break
        except (NotImplementedError, RuntimeWarning) as failure:
            kind = kind_in_message(failure)
            if not kind:
                raise OpeningError(
                    tr("{file} cannot be converted to PyTorch: {reason}", file=file.name, reason=failure)
                ) from failure
            unknown += replace_unknown(model, {kind})
        except Exception as failure:  # of whatever kind: a stranger's file may say anything
            raise OpeningError(
                tr("{file} cannot be converted to PyTorch: {reason}", file=file.name, reason=failure)
            ) from failure
    else:
        raise OpeningError(
            tr(
                "{file} uses more than {maximum} operators without a counterpart in PyTorch",
                file=file.name,
                maximum=_MAX_UNKNOWN_KINDS,
            )
        )
    put_back(module, unknown)
    _replace_operators(module)
    _replace_clips(module, model)
    _place_initializers(module, model, names)
    return module, unknown


def _convert_known(model: ModelProto) -> nn.Module:
    from onnx2pytorch import ConvertModel

    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", "No explicit conversion")  # what is guessed is not right
        module: nn.Module = ConvertModel(model).eval()
    return module


_MAX_UNKNOWN_KINDS = 20


def _title(model: ModelProto, file: Path) -> str:
    """The name of the graph, where it says something; else that of the file."""
    name = str(model.graph.name)
    return name if name.isidentifier() and name.lower() not in _NO_NAMES else file.stem


_NO_NAMES = {"main_graph", "torch_jit", "graph", "main", "model", "torch_jit_export", "tf2onnx", "onnx"}


#: Operators whose result has another shape, or another way, for another image. What else is read are sizes.
_READS_VALUES = {"If", "Loop", "Scan", "NonZero", "NonMaxSuppression", "Unique", "Compress"}


def _run_onnxruntime(model: ModelProto, example: Example) -> tuple[Any, str]:
    """What onnxruntime makes of an example, or None and the reason."""
    try:
        import onnxruntime
    except ImportError:
        return None, tr("onnxruntime is not installed")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        given = zip(session.get_inputs(), example.args, strict=True)
        values = session.run(None, {place.name: value.numpy() for place, value in given})
    except Exception as failure:  # too large for a message, or a model that it does not take
        return None, tr("onnxruntime does not run it ({reason})", reason=str(failure).strip().splitlines()[0][:200])
    found = [torch.from_numpy(value) for value in values]
    return (found[0] if len(found) == 1 else found), ""


# onnx2pytorch's modules, made easier to follow


def _replace_operators(module: nn.Module) -> None:
    for name, op in list(vars(module).items()):
        if isinstance(op, partial) and op.func is torch.cat:
            delattr(module, name)
            setattr(module, name, _Concat(**op.keywords))
    for name, op in list(module.named_children()):
        kind = type(op).__name__
        if kind in _EASIER:
            setattr(module, name, _EASIER[kind](op))
        elif isinstance(op, nn.Linear):
            op.out_features, op.in_features = op.weight.shape  # of a Gemm without transB they are the wrong way round


def _replace_clips(module: nn.Module, model: ModelProto) -> None:
    """Clip between numbers is an activation: ReLU6 from 0 to 6, else a hard tanh."""
    from onnx import numpy_helper

    scalars = {t.name: float(numpy_helper.to_array(t)) for t in model.graph.initializer if not t.dims}
    for node in model.graph.node:
        if node.op_type == "Clip" and len(node.input) == 3 and all(name in scalars for name in node.input[1:]):
            low, high = (scalars[name] for name in node.input[1:])
            layer = nn.ReLU6() if (low, high) == (0, 6) else nn.Hardtanh(low, high) if low < high else None
            if layer is not None:
                setattr(module, f"Clip_{node.output[0]}", _First(layer))


class _First(nn.Sequential):
    """A layer that is given more than it needs."""

    def forward(self, value: torch.Tensor, *_: Any) -> Any:
        forward: Any = super().forward
        return forward(value)


class _Concat(nn.Module):
    def __init__(self, dim: int = 0) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return torch.cat(tensors, self.dim)


class _Only(nn.Module):
    """What several outputs are expected of, and one is there."""

    def forward(self, value: torch.Tensor) -> tuple[torch.Tensor]:
        return (value,)


def _pool_without_indices(op: Any) -> nn.Module:
    op.return_indices = False
    return nn.Sequential(op, _Only())


def _sized_by_numbers(op: Any) -> Any:
    """An op whose sizes are numbers, also where the file has a tensor of them."""
    forward = op.forward
    op.forward = lambda value, *sizes: forward(value, *map(_numbers, sizes))
    return op


def _gather_by_number(op: Any) -> Any:
    forward = op.forward

    def gather(value: torch.Tensor, indices: torch.Tensor) -> Any:
        if indices.dim() == 0 and isinstance(value, torch.Tensor) and value.dim():
            return value.select(op.dim, int(indices))
        return forward(value, indices)

    op.forward = gather
    return op


def _slice_by_numbers(op: Any) -> Any:
    forward = op.forward

    def cut(value: torch.Tensor, *edges: Any) -> Any:
        numbers = [_numbers(edge) for edge in edges]
        starts, ends, axes, steps = numbers + [None] * (4 - len(numbers))
        if starts is None or ends is None or min(steps or [1]) < 1:
            return forward(value, *edges)
        box = [slice(None)] * value.dim()
        for at, axis in enumerate(axes or range(len(starts))):
            box[axis] = slice(starts[at], ends[at], steps[at] if steps else 1)
        return value[tuple(box)]

    op.forward = cut
    return op


def _numbers(value: Any) -> Any:
    return value.tolist() if isinstance(value, torch.Tensor) else value


_EASIER: dict[str, Callable[[Any], nn.Module]] = {
    "MaxPool1d": _pool_without_indices,
    "MaxPool2d": _pool_without_indices,
    "MaxPool3d": _pool_without_indices,
    "Reshape": _sized_by_numbers,
    "Gather": _gather_by_number,
    "Slice": _slice_by_numbers,
    "Split": _sized_by_numbers,
}


def _place_initializers(module: nn.Module, model: ModelProto, names: dict[str, str]) -> None:
    """Keep as parameters what ops without weights of their own read, as plain tensors what only says shapes and
    indices, and nothing twice."""
    read = {
        f"_initializer_{name}": names.get(name, name)
        for node in model.graph.node
        if not _holds_weights(module, node.op_type, node.output[0])
        for name in node.input
    }
    del model.graph.initializer[:]  # the module keeps the message
    for name, tensor in list(module._buffers.items()):
        if tensor is None:
            continue
        del module._buffers[name]
        if not tensor.dtype.is_floating_point:
            module.__dict__[name] = tensor
        elif name in read:
            module.register_parameter(name, nn.Parameter(tensor, requires_grad=False))


def _holds_weights(module: nn.Module, op_type: str, output: str) -> bool:
    op = getattr(module, f"{op_type}_{output}", None)
    return isinstance(op, nn.Module) and next(op.parameters(), None) is not None
