"""A network as files for other programs: Python source, safetensors and ONNX."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from explorer.analysis.example_inputs import input_value
from explorer.analysis.module_twin import first_line
from explorer.base.languages import tr
from explorer.export.onnx_check import check_onnx
from explorer.export.onnx_pooling import write_out_adaptive_pooling
from explorer.export.onnx_scopes import NodesByPath, call_functions_by_modules, write_scopes
from explorer.export.onnx_squeeze import write_out_squeezes
from explorer.export.page import NETWORK_SUFFIXES, ExportError, check_suffix
from explorer.export.python_code import save_code
from explorer.export.sheet_files import write_export
from explorer.graph.arguments import Ref, tensors_in
from explorer.graph.interception import INTERCEPTING
from explorer.graph.ops import Function, Input
from explorer.graph.to_module import argument_name, complete_state, speak_keywords
from explorer.network import Network
from explorer.project.edits_json import edit_to_json

#: What one ONNX file may hold: it is a protobuf message.
_MAX_ONNX_BYTES = 2**31 - 2**20


def save_network(network: Network, path: str | Path) -> None:
    """Write the network with its edits as .py, .safetensors or .onnx, by the suffix of `path`.

    Raises ExportError for an unknown suffix, a path that cannot be written, or a network that has no such form. Then
    nothing is written, and an older file stays.
    """
    path = Path(path)
    _WRITERS[check_suffix(path, NETWORK_SUFFIXES)](network, path)


def save_weights(network: Network, path: Path) -> None:
    """Write the state dict as safetensors; the file's metadata names network, options, edits and input shape."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors: dict[str, torch.Tensor] = {}
    places: set[int] = set()
    for name, tensor in complete_state(network.module()).items():
        compact = _compact(tensor)
        tensors[name] = compact.clone() if compact.data_ptr() in places else compact  # one that two layers share
        places.add(tensors[name].data_ptr())
    architecture = network.architecture
    held = {
        "format": "pt",
        "network": architecture.key or architecture.title,
        "options": json.dumps(network.context.options),
        "edits": json.dumps([edit_to_json(edit) for edit in network.history.applied_edits]),
        "input_shape": json.dumps(architecture.input_shape),
        "weights": network.weights.note,
    }

    def write(beside: Path) -> None:
        try:
            save_file(tensors, beside, held)
        except SafetensorError as failure:
            raise OSError(0, str(failure)) from failure

    write_export(path, write)


def _compact(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with no more storage than it needs: safetensors holds nothing twice."""
    tensor = tensor.detach().cpu()
    alone = tensor.is_contiguous() and tensor.untyped_storage().nbytes() == tensor.numel() * tensor.itemsize
    return tensor if alone else tensor.clone(memory_format=torch.contiguous_format)


def save_onnx(network: Network, path: Path) -> None:
    """Write the network with its weights as ONNX, for its own input shape.

    Where the network computes in float64 or bfloat16, the file takes and gives these and computes in float32: no
    runtime has convolutions in the others. What is written is run where onnxruntime is installed.

    Raises ExportError without the package onnxscript, above 2 GiB, and for ops that torch cannot convert.
    """
    if importlib.util.find_spec("onnxscript") is None:
        raise ExportError(tr("writing ONNX needs the package onnxscript: pip install 'cnn-explorer[onnx]'"))
    held = 4 * network.figures.total.params
    if held > _MAX_ONNX_BYTES:
        raise ExportError(
            tr(
                "{file} would hold {size:.1f} GiB, and ONNX 2: write .py and .safetensors",
                file=path.name,
                size=held / 2**30,
            )
        )
    ops = [node.op for node in network.architecture.inputs if isinstance(node.op, Input)]
    module, nodes = _build_for_onnx(network, ops)
    inputs = tuple(map(input_value, ops))
    names = ["image"] if len(ops) == 1 else [argument_name(op) for op in ops]

    def write(beside: Path) -> None:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # of torch's own making
            with INTERCEPTING:
                program = torch.onnx.export(
                    module, inputs, dynamo=True, input_names=names, output_names=["scores"], verbose=False
                )
                assert program is not None
                write_scopes(program.model, nodes)
                program.save(beside, external_data=False)
            check_onnx(beside, module, dict(zip(names, inputs, strict=True)))

    try:
        write_export(path, write)
    except ExportError:
        raise
    except Exception as failure:
        raise ExportError(
            tr("{title} cannot be written as ONNX: {reason}", title=network.title, reason=_reason(failure))
        ) from failure


def _build_for_onnx(network: Network, inputs: list[Input]) -> tuple[torch.nn.Module, NodesByPath]:
    """The network's module, with what ONNX can take and give, and the nodes that its modules are of."""
    module = network.module().requires_grad_(False)  # some ops have no gradient for all that they read
    speak_keywords(module)
    nodes = NodesByPath(network.architecture, {})
    if isinstance(module, torch.fx.GraphModule):
        write_out_adaptive_pooling(module)
        write_out_squeezes(module)
        nodes = call_functions_by_modules(module, network.architecture)
    unusual = {op.dtype for op in inputs} & {torch.float64, torch.bfloat16}
    if unusual:
        module = _InSinglePrecision(module, unusual.pop())
    if not all(_is_plain(network, leaf) for leaf in tree_leaves(network.architecture.output.args)):
        module = _TensorsAlone(module)
    return module, nodes


def _is_plain(network: Network, leaf: Any) -> bool:
    """Whether a part of the output is a value of the graph, and no object that is made of several."""
    op = network.architecture.nodes[leaf.name].op if isinstance(leaf, Ref) else None
    return op is not None and not (isinstance(op, Function) and isinstance(op.call, type))


class _TensorsAlone(torch.nn.Module):
    """A network that returns sizes, names or objects of a class, which ONNX has no place for: its tensors alone."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(tensors_in(self.module(*inputs)))


class _InSinglePrecision(torch.nn.Module):
    """A network computed in float32, with inputs and outputs in its own number format."""

    def __init__(self, module: torch.nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.module, self.dtype = module.float(), dtype

    def forward(self, *inputs: torch.Tensor) -> Any:
        given = [tensor.float() if tensor.dtype == self.dtype else tensor for tensor in inputs]
        return tree_map_only(torch.Tensor, self._restored, self.module(*given))

    def _restored(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.dtype) if tensor.is_floating_point() else tensor


def _reason(failure: BaseException) -> str:
    """What went wrong at the bottom of it: torch wraps an error of its exporter in advice on how to report it."""
    while failure.__cause__ is not None:
        failure = failure.__cause__
    text = first_line(failure)
    unknown = re.search(r"<OpOverload\(op='([\w.]+)'", text) if "ONNX" in text[:8] else None
    unknown = unknown or re.search(r"torch_lib::(\w+)", text)  # it has one, but not for these arguments
    return tr("ONNX has no counterpart of {op}", op=unknown[1]) if unknown else text


_WRITERS: dict[str, Callable[[Network, Path], None]] = {
    ".py": save_code,
    ".safetensors": save_weights,
    ".onnx": save_onnx,
}
