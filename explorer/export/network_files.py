"""A network as files for other programs: Python source, safetensors and ONNX."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

from explorer.export.page import NETWORK_SUFFIXES, ExportError, check_suffix
from explorer.export.python_code import save_code
from explorer.export.sheet_files import write_export
from explorer.network import Network
from explorer.project.files import edit_to_json

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
    for name, tensor in network.module().state_dict().items():
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
        "weights": network.context.weights.note,
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

    Raises ExportError without the package onnxscript, above 2 GiB, and for ops that torch cannot convert.
    """
    if importlib.util.find_spec("onnxscript") is None:
        raise ExportError("writing ONNX needs the package onnxscript: pip install 'cnn-explorer[onnx]'")
    held = 4 * network.figures.total.params
    if held > _MAX_ONNX_BYTES:
        raise ExportError(f"{path.name} would hold {held / 2**30:.1f} GiB, and ONNX 2: write .py and .safetensors")
    module, image = network.module(), torch.zeros(network.architecture.input_shape)

    def write(beside: Path) -> None:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # of torch's own making
            torch.onnx.export(
                module,
                (image,),
                str(beside),
                dynamo=True,
                external_data=False,
                input_names=["image"],
                output_names=["scores"],
                verbose=False,
            )

    try:
        write_export(path, write)
    except ExportError:
        raise
    except Exception as failure:
        reason = str(failure).strip().splitlines()[0] if str(failure).strip() else type(failure).__name__
        raise ExportError(f"{network.title} cannot be written as ONNX: {reason}") from failure


_WRITERS: dict[str, Callable[[Network, Path], None]] = {
    ".py": save_code,
    ".safetensors": save_weights,
    ".onnx": save_onnx,
}
