"""Full-width characters: what an input method for Chinese or Japanese types in place of the digits and marks of ASCII.

"３２", "3，3", "（2：4）", "《" for "<" and "。" for "." are meant as the characters that numbers, shapes and arguments
are written with. What is read as such a text goes through `to_half_width`; names of files and titles stay as typed.
"""

from __future__ import annotations

import re

#: U+FF01 to U+FF5E stand for "!" to "~" one by one; the others are what the same keys type in Chinese.
_HALF_WIDTH = {wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)} | {
    ord(wide): half for wide, half in zip("　、。【】《》“”‘’−", " ,.[]<>\"\"''-", strict=True)
}
_UNDERSCORE = "——"
_QUOTED = re.compile(r"""["“＂].*?["”＂]|['‘＇].*?['’＇]""", re.DOTALL)


def to_half_width(text: str) -> str:
    """Return a typed text with the characters of ASCII that its full-width ones stand for; what is in quotes stays."""
    if text.isascii():
        return text
    converted, at = "", 0
    for quoted in _QUOTED.finditer(text):
        first, inside, last = quoted[0][0], quoted[0][1:-1], quoted[0][-1]
        converted += _convert(text[at : quoted.start()] + first) + inside + _convert(last)
        at = quoted.end()
    return converted + _convert(text[at:])


def _convert(text: str) -> str:
    return text.replace(_UNDERSCORE, "_").translate(_HALF_WIDTH)
