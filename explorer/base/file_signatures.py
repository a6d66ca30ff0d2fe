"""What files begin with, where the first bytes alone do not tell them apart."""

from __future__ import annotations

_MAX_HEADER_BYTES = 2**40  # more than any file holds; numbers above it are the beginning of something else


def is_safetensors(start: bytes) -> bool:
    """Whether a file that begins so (9 bytes at least) is one of safetensors: the length of its table of contents in 8
    bytes, little-endian, and the brace that this begins with. To be asked first: the length may look like the mark of
    another format."""
    return start[8:9] == b"{" and int.from_bytes(start[:8], "little") < _MAX_HEADER_BYTES
