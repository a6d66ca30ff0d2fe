"""What commands write on a terminal, into a file or a pipe: progress, and characters that are not there.

What must always hold: no command fails because its output goes where a character cannot be written. A file or a pipe
has the characters of the system, which on Windows are often a few hundred. What it lacks is written as it is typed,
"-1.1 %" for "−1.1 %", so that figures keep their meaning.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

from explorer.base.cancellation import KeepGoing

_AS_TYPED = "as-typed"  # name of the error handler
_TYPED = {
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "x",
    "÷": "/",
    "·": "*",
    "±": "+/-",
    "…": "...",
    "√": "sqrt",
    "∞": "inf",
    "→": "->",
    "←": "<-",
    "↔": "<->",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "∂": "d",
    "Δ": "d",
    "ℓ": "l",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "›": ">",
    "‹": "<",
    "✓": "ok",
    "✕": "x",
    "§": "section ",
    "•": "*",
}


def use_typed_characters() -> None:
    """Let stdout and stderr write what they cannot encode as it would be typed; "?" for what cannot be typed."""
    codecs.register_error(_AS_TYPED, _type)
    for stream in (sys.stdout, sys.stderr):  # which a windowed program has not
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_AS_TYPED)


def _type(failure: UnicodeError) -> tuple[str, int]:
    if not isinstance(failure, UnicodeEncodeError):
        raise failure
    letters = failure.object[failure.start : failure.end]
    return "".join(_TYPED.get(letter) or _plain_letter(letter) for letter in letters), failure.end


def _plain_letter(letter: str) -> str:
    """Return "2" for "²" and "i" for "ï"; "?" for what has no such letter."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", letter) if one.isascii())
    return plain or "?"


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
