"""Memory that was freed, given back to the system.

The allocator of Linux keeps freed memory for later: after some large networks were opened and closed, a process holds
gigabytes that nothing in it uses. Other systems give it back by themselves.
"""

from __future__ import annotations

import ctypes
import sys


def return_freed_memory() -> bool:
    """Return freed memory to the system; False where the allocator offers no such call. Takes up to 40 ms, without
    holding Python's lock."""
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL("libc.so.6").malloc_trim(0))
    except (OSError, AttributeError):  # another C library, such as musl
        return False
