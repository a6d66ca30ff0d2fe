"""Turning what `fitted` could mend into repairs the user can choose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from explorer.edits.edit import EditError, Repair

#: What a mend does, in words, cheapest first.
MEND_TITLES: dict[str, str] = {
    "pad": "Subsample the way around and pad it with zeros",
    "project": "Project the way around with a 1×1 convolution",
    "groups": "Take as many groups as divide both widths",
}


@contextmanager
def mending(edit: Any) -> Iterator[None]:
    """While `edit` (which has a field `mend`) is made: what cannot follow is refused with repairs that are this very
    edit with a mend."""
    try:
        yield
    except EditError as failure:
        if failure.repairs or not failure.mends:
            raise
        mends = [mend for mend in MEND_TITLES if mend in failure.mends]
        repairs = [Repair(MEND_TITLES[mend], replace(edit, mend=mend)) for mend in mends]
        raise EditError(str(failure), node=failure.node, repairs=repairs) from failure
