"""Progress on a terminal."""

from __future__ import annotations

import sys

from explorer.base.cancellation import KeepGoing


def progress_line(title: str) -> KeepGoing:
    """Return what writes the part that is done over one line of stderr; silent where that is no terminal."""
    shown = [-1]

    def report(done: float) -> bool:
        percent = int(100 * done)
        if percent != shown[0] and sys.stderr.isatty():
            shown[0] = percent
            print(f"\r{title}: {percent} %", end="\n" if percent == 100 else "", file=sys.stderr, flush=True)
        return True

    return report
