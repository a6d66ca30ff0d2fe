"""What calibration found, remembered on disk: opening a network again takes no pass of the photos.

Invariant: what is read is what would be measured. A file is found by the fingerprint of the snapshot, the numbers of
the photos and tables, the seed and the versions of torch and of this room; its sizes are checked against the layers.
The folder is bounded, files are written whole or not at all, and one that does not fit is measured anew.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torchvision
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from explorer.base.atomic_write import write_atomic
from explorer.base.user_folders import cache_folder, trim_folder
from explorer.graph.architecture import Architecture
from explorer.graph.fingerprint import NoFingerprint, fingerprint
from explorer.weights.layer_calibration import LayerCalibration, calibrated_channels

#: To be raised whenever weights are drawn or calibration is measured in another way.
VERSION = 1

_MOST_BYTES = 32 * 2**20


def calibration_file(
    architecture: Architecture, seed: int, buffers: Mapping[str, torch.Tensor], photos: Sequence[torch.Tensor]
) -> Path | None:
    """Return the path at which the calibration of a snapshot is remembered; None for one that has no fingerprint."""
    versions = (VERSION, torch.__version__, torchvision.__version__)
    try:
        key = fingerprint(architecture, versions, seed, dict(sorted(buffers.items())), list(photos))
    except NoFingerprint:
        return None
    return cache_folder() / "calibrations" / f"{key}.safetensors"


def read_calibration(path: Path, architecture: Architecture) -> dict[str, LayerCalibration] | None:
    """Return what is remembered at a path, by layer; None where there is nothing that fits the snapshot."""
    nodes = {node.path: node for node in architecture.live.values() if node.layer is not None}
    try:
        with safe_open(path, "pt") as file:
            paths = str((file.metadata() or {})["layers"]).split("\n")
            scales, sizes, means = (file.get_tensor(name) for name in ("scales", "sizes", "means"))
        parts = means.split(sizes.tolist())
        found = {
            name: LayerCalibration(scale, part.clone(), calibrated_channels(nodes[name]))
            for name, scale, part in zip(paths, scales.tolist(), parts, strict=True)
        }
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError):
        return None
    if not all(torch.isfinite(known.means).all() and known.scale > 0 for known in found.values()):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # used now
    return found


def write_calibration(path: Path, found: Mapping[str, LayerCalibration]) -> None:
    """Remember what was found, if the folder can be written to."""
    if not found:
        return
    tensors = {
        "scales": torch.tensor([known.scale for known in found.values()], dtype=torch.float64),
        "sizes": torch.tensor([len(known.means) for known in found.values()]),
        "means": torch.cat([known.means for known in found.values()]),
    }
    with contextlib.suppress(OSError, SafetensorError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, lambda temporary: save_file(tensors, temporary, {"layers": "\n".join(found)}))
        trim_folder(path.parent, _MOST_BYTES)
