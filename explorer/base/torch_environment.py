"""What torch reads from the environment before it first computes, as the window sets it."""

from __future__ import annotations

import os

#: Feature maps are kept, so each pass writes to fresh memory: on Linux torch takes it in pages of 2 MB instead of 4 kB.
#: Half of a pass of ResNet-152 went into first touches otherwise.
#:
#: oneDNN keeps the machine code of 1024 convolutions, which after some dozen networks takes 50 MB that nothing gives
#: back; with 64 of them a pass is no slower, as code is written faster than it computes.
TORCH_ENVIRONMENT = {"THP_MEM_ALLOC_ENABLE": "1", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64"}


def set_torch_environment() -> None:
    """Set what the user has not set otherwise; to be called before torch is imported."""
    for name, value in TORCH_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
