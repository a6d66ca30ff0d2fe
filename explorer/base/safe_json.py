"""Untrusted JSON files, read within limits of size, depth and text length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from explorer.base.languages import tr
from explorer.base.system_errors import system_reason

MAX_JSON_BYTES = 16 * 2**20  # bytes
MAX_JSON_DEPTH = 32  # lists and objects inside each other
MAX_TEXT_LENGTH = 100_000  # characters of one text


class JsonError(ValueError):
    """Unreadable file, invalid JSON, or a limit exceeded. The message names the file and the reason."""


def read_json(path: Path) -> Any:
    """Return the parsed content of a file. Raises JsonError."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise JsonError(
                tr(
                    "{path} is larger than {maximum} MiB, and nothing of ours is",
                    path=path,
                    maximum=MAX_JSON_BYTES // 2**20,
                )
            )
        with path.open("rb") as file:
            content = file.read(MAX_JSON_BYTES + 1)  # no more, however it grows meanwhile
        value = json.loads(content.decode("utf-8"), parse_constant=_reject_constant)
    except OSError as failure:
        raise JsonError(tr("cannot read {path}: {reason}", path=path, reason=system_reason(failure))) from failure
    except JsonError:
        raise
    except (ValueError, RecursionError) as failure:
        raise JsonError(tr("{path} is not JSON: {reason}", path=path, reason=failure)) from failure
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
                raise JsonError(
                    tr(
                        "{path} holds a text of more than {maximum:,} characters",
                        path=path,
                        maximum=MAX_TEXT_LENGTH,
                    )
                )
        level = below
    if level:
        raise JsonError(tr("{path} is nested more than {maximum} deep", path=path, maximum=MAX_JSON_DEPTH))
