"""One thread at a time takes torch over.

A symbolic trace, a recording and torch's own export replace methods of `nn.Module` and functions of torch, for the
whole process, and put back what they found. Two at once would follow each other's calls, and the one that ends last
would leave the other's replacement behind. Threads that only run networks need not wait: what is replaced leaves their
calls alone.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch

#: Held by whoever has replaced something of torch's; the same thread may take it again.
INTERCEPTING = threading.RLock()


@contextmanager
def as_written() -> Iterator[None]:
    """What `torch.compile` has wrapped runs as it is written, and `torch.cond` takes its branch as an `if` does: a
    compiler would hide from whoever watches what is called, and takes minutes."""
    cond = torch.cond
    with INTERCEPTING:
        torch.cond = cast("Any", _take_branch)
        try:
            if "torch._dynamo" in sys.modules:  # nothing has been compiled without
                with torch.compiler.set_stance("force_eager"):
                    yield
            else:
                yield
        finally:
            torch.cond = cond


def _take_branch(
    pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Sequence[Any] = ()
) -> Any:
    return true_fn(*operands) if pred else false_fn(*operands)
