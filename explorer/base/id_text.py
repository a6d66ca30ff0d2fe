"""Several ids as one text, for files and edits: separated by commas, escaped so that names may hold commas."""

from __future__ import annotations

from collections.abc import Iterable

_ESCAPE = "\\"


def join_ids(ids: Iterable[str]) -> str:
    """Return ids as text that `split_ids` reads back: "layer1.0,layer1.1"; a comma in a name becomes "\\,"."""
    return ",".join(map(_escape, ids))


def split_ids(text: str) -> tuple[str, ...]:
    """Return the ids in a text. White space around them does not count unless it is escaped."""
    ids: list[str] = []
    current, kept = "", 0  # `kept`: up to here white space at the end belongs to the id
    position = 0
    while position < len(text):
        character, following = text[position], text[position + 1 : position + 2]
        position += 1
        if character == _ESCAPE and (following in (_ESCAPE, ",", "*") or following.isspace()) and following:
            current += following
            kept = len(current)
            position += 1
        elif character == ",":
            ids.append(_stripped(current, kept))
            current, kept = "", 0
        elif current or not character.isspace():
            current += character
    ids.append(_stripped(current, kept))
    return tuple(id for id in ids if id)


def _stripped(text: str, kept: int) -> str:
    return text[:kept] + text[kept:].rstrip()


def _escape(id: str) -> str:
    text = id.replace(_ESCAPE, _ESCAPE * 2).replace(",", f"{_ESCAPE},")
    if text == "*":  # alone it would mean everything
        return f"{_ESCAPE}*"
    start = f"{_ESCAPE}{text[0]}" if text[:1].isspace() else text[:1]
    end = f"{_ESCAPE}{text[-1]}" if len(text) > 1 and text[-1].isspace() else text[1:][-1:]
    return start + text[1:-1] + end
