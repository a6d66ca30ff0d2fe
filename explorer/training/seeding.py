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


@contextmanager
def seeded(seed: int, *purpose: object) -> Iterator[None]:
    """Let torch's global generator, which dropout, transforms and layers draw from, stand at this seed inside."""
    before = torch.get_rng_state()
    torch.manual_seed(derive_seed(seed, *purpose))
    try:
        yield
    finally:
        torch.set_rng_state(before)
