"""Progress on a terminal."""

from __future__ import annotations

import sys

from explorer.base.cancellation import KeepGoing


def progress_line(title: str) -> KeepGoing:
    """Return what writes the part that is done over one line of stderr; where that is no terminal but a file or a
    pipe, a line for each tenth."""
    shown = [-1]

    def report(done: float) -> bool:
        percent, is_terminal = int(100 * done), sys.stderr.isatty()
        if percent != shown[0] and (is_terminal or percent // 10 > shown[0] // 10):
            shown[0] = percent
            begin, end = ("\r", "\n" if percent == 100 else "") if is_terminal else ("", "\n")
            print(f"{begin}{title}: {percent} %", end=end, file=sys.stderr, flush=True)
        return True

    return report
