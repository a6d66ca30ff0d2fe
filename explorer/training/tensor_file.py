"""Tensors of a run as a file."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from explorer.base.atomic_write import write_atomic


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write tensors as safetensors, atomically; what shares memory is written for each name. Raises OSError."""
    distinct: dict[int, str] = {}
    shared = {name for name, t in tensors.items() if t.numel() and distinct.setdefault(t.data_ptr(), name) != name}
    held = {name: tensor.clone() if name in shared else tensor for name, tensor in tensors.items()}
    try:
        write_atomic(path, lambda temporary: save_file(held, temporary, metadata))
    except SafetensorError as failure:  # how it says that the disk is full
        raise OSError(str(failure)) from failure
