"""Devices on which a pass can run, and whether it fits in memory there."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import psutil
import torch

from explorer.analysis.analysis import analyse
from explorer.base.languages import tr
from explorer.base.number_format import format_bytes
from explorer.graph.architecture import Architecture

#: Bytes of feature maps that are remembered, at least and at most, when nobody says how many.
_LEAST, _MOST = 256 * 2**20, 4 * 2**30


@dataclass(frozen=True, slots=True)
class Device:
    """A device that torch can compute on."""

    name: str  # torch's: "cpu", "cuda:0", "mps"
    title: str


class InsufficientMemory(MemoryError):
    """Raised for a pass that would not fit in memory. At `fitting_side` pixels it would; 0 when no resolution fits."""

    def __init__(self, needed: int, free: int, side: int) -> None:
        super().__init__(
            tr(
                "This pass needs about {needed} of memory and {free} are free.",
                needed=format_bytes(needed),
                free=format_bytes(free),
            )
            + " "
            + (
                tr("At {side} × {side} pixels it fits.", side=side)
                if side
                else tr("Close other programs, or choose a smaller network.")
            )
        )
        self.needed, self.free, self.fitting_side = needed, free, side
        self.repairs: tuple[Any, ...] = ()  # edits (explorer.edits) that would make it fit


def list_devices() -> tuple[Device, ...]:
    """Return the devices of this machine, the CPU first."""
    found = [Device("cpu", "CPU")]
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        found += [Device(f"cuda:{n}", torch.cuda.get_device_name(n)) for n in range(count)]
    if torch.backends.mps.is_available():
        found.append(Device("mps", tr("Apple GPU")))
    return tuple(found)


def free_memory(device: str = "cpu") -> int:
    """Return the bytes that a pass could still take. Apple's GPU shares the memory of the CPU."""
    if device.startswith("cuda"):
        with contextlib.suppress(RuntimeError):  # one that is gone: the pass will find out, and run on the CPU
            return int(torch.cuda.mem_get_info(torch.device(device))[0])
    return int(psutil.virtual_memory().available)


@dataclass(slots=True)
class DevicePreferences:
    """Device and cache budget of the networks opened from now on."""

    device: str = "cpu"
    budget: int = 0  # bytes; 0 for what suits the machine


DEVICE_PREFERENCES = DevicePreferences()


def default_budget() -> int:
    """Return the bytes of feature maps to cache: the preferred number, else a quarter of the free memory, 256 MiB to 4
    GiB."""
    if DEVICE_PREFERENCES.budget:
        return DEVICE_PREFERENCES.budget
    return min(max(free_memory() // 4, _LEAST), _MOST)


def estimate_pass_memory(architecture: Architecture, materialised: int = 0) -> int:
    """Estimate the bytes of a pass at its peak: the most activations alive at one time (see `figures.memory`), the
    largest map once more for the workspace of a convolution, and the weights that are not in memory yet."""
    figures = analyse(architecture).figures
    largest = max((measure.bytes for measure in figures.measures.values()), default=0)
    return figures.activations.peak_bytes + largest + max(4 * figures.total.params - materialised, 0)


def check_memory(architecture: Architecture, free: int, materialised: int = 0) -> None:
    """Raise InsufficientMemory when a pass would need more than `free` bytes."""
    needed = estimate_pass_memory(architecture, materialised)
    if needed > free:
        raise InsufficientMemory(needed, free, _largest_fitting_side(architecture, free, materialised))


def _largest_fitting_side(architecture: Architecture, free: int, materialised: int) -> int:
    """The largest multiple of 32 below the present resolution whose maps, which shrink with its square, would fit."""
    weights = max(4 * analyse(architecture).figures.total.params - materialised, 0)
    maps = estimate_pass_memory(architecture, materialised) - weights
    side = architecture.input_shape[-1]
    if free <= weights or len(architecture.input_shape) != 4:
        return 0
    fits = int(side * ((free - weights) / maps) ** 0.5)
    return min(fits // 32 * 32, (side - 1) // 32 * 32)
