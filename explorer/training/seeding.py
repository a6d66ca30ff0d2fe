"""Random numbers of a run: each use has a seed of its own, made of the run's seed and what it is for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive_seed(seed: int, *purpose: object) -> int:
    """Return a seed (0 to 2⁶³ − 1) that depends on `seed` and the purpose only: derive_seed(3, "order", 7)."""
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator(seed: int, *purpose: object) -> torch.Generator:
    """Return a generator on the CPU for one purpose of a run."""
    return torch.Generator().manual_seed(derive_seed(seed, *purpose))


def seed_device(device: torch.device, seed: int) -> None:
    """Let the global generators that layers draw from on a device stand at a seed.

    On the CPU its own alone: each call of `torch.manual_seed` leaves a stack trace for every accelerator not in use.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


@contextmanager
def seeded(seed: int, *purpose: object) -> Iterator[None]:
    """Let torch's global generator, which dropout, transforms and layers draw from, stand at this seed inside."""
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(derive_seed(seed, *purpose))
    try:
        yield
    finally:
        torch.set_rng_state(before)
