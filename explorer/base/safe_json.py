"""Untrusted JSON files, read within limits of size, depth and text length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MAX_JSON_BYTES = 16 * 2**20  # bytes
MAX_JSON_DEPTH = 32  # lists and objects inside each other
MAX_TEXT_LENGTH = 100_000  # characters of one text


class JsonError(ValueError):
    """Unreadable file, invalid JSON, or a limit exceeded. The message names the file and the reason."""


def read_json(path: Path) -> Any:
    """Return the parsed content of a file. Raises JsonError."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise JsonError(f"{path} is larger than {MAX_JSON_BYTES // 2**20} MiB, and nothing of ours is")
        with path.open("rb") as file:
            content = file.read(MAX_JSON_BYTES + 1)  # no more, however it grows meanwhile
        value = json.loads(content.decode("utf-8"), parse_constant=_reject_constant)
    except OSError as failure:
        raise JsonError(f"cannot read {path}: {failure.strerror or failure}") from failure
    except JsonError:
        raise
    except (ValueError, RecursionError) as failure:
        raise JsonError(f"{path} is not JSON: {failure}") from failure
    _check_limits(value, path)
    return value


def _reject_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _check_limits(value: Any, path: Path) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_JSON_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, str) and len(item) > MAX_TEXT_LENGTH:
                raise JsonError(f"{path} holds a text of more than {MAX_TEXT_LENGTH:,} characters")
        level = below
    if level:
        raise JsonError(f"{path} is nested more than {MAX_JSON_DEPTH} deep")
