"""Parts that the user keeps: blocks that were taken from any network, as they describe themselves, one JSON file each.

A part that is put in travels with the edit (`CopyBlock` with a description), so a project does not need the file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.base.safe_json import JsonError, read_json
from explorer.base.system_errors import system_reason
from explorer.base.user_folders import data_folder
from explorer.edits.edit import EditError
from explorer.edits.transplants import read_description

MAX_NAME_LENGTH = 60  # letters
_SUFFIX = ".part.json"


@dataclass(frozen=True)
class OwnPart:
    """A block that the user keeps: its name, where it is from, and the description that `CopyBlock` takes."""

    name: str
    origin: str  # "layer1.0 of ResNet-18"
    description: str


class OwnPartError(ValueError):
    """A part that cannot be kept: its name, or the folder."""


def parts_folder() -> Path:
    """Return where the user's own parts are, whether it is there or not."""
    return data_folder() / "parts"


def read_own_parts() -> tuple[OwnPart, ...]:
    """Return the parts that the user keeps, by name; files that are none are left out."""
    found = (_read(path) for path in sorted(parts_folder().glob(f"*{_SUFFIX}")))
    return tuple(sorted((part for part in found if part is not None), key=lambda part: part.name.casefold()))


def _read(path: Path) -> OwnPart | None:
    try:
        held = read_json(path)
        part = OwnPart(str(held["name"])[:MAX_NAME_LENGTH], str(held["origin"])[:200], str(held["description"]))
        read_description(part.description)
    except (JsonError, EditError, KeyError, TypeError):
        return None
    return part


def keep_own_part(part: OwnPart) -> None:
    """Keep a part, in the place of one of that name. Raises OwnPartError."""
    name = part.name.strip()
    if not name or len(name) > MAX_NAME_LENGTH:
        raise OwnPartError(tr("a part needs a name of 1 to {most} letters", most=MAX_NAME_LENGTH))
    held = {"name": name, "origin": part.origin, "description": part.description}
    path = _path_of(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(held, ensure_ascii=False)
        write_atomic(path, lambda beside: beside.write_text(text, encoding="utf-8"))
    except OSError as failure:
        raise OwnPartError(
            tr("cannot write to {path}: {reason}", path=path, reason=system_reason(failure))
        ) from failure


def remove_own_part(name: str) -> None:
    """Keep a part no longer; networks that it was put into keep it. Raises OwnPartError."""
    path = _path_of(name)
    try:
        path.unlink(missing_ok=True)
    except OSError as failure:
        raise OwnPartError(
            tr("cannot write to {path}: {reason}", path=path, reason=system_reason(failure))
        ) from failure


def rename_own_part(name: str, to: str) -> None:
    """Give a part another name. Raises OwnPartError, also where there is none of the first or one of the other."""
    parts = {part.name: part for part in read_own_parts()}
    to = to.strip()
    if name not in parts or (to in parts and to != name):
        raise OwnPartError(
            tr("there is a part {name!r} already", name=to) if to in parts else tr("there is no part {key!r}", key=name)
        )
    keep_own_part(OwnPart(to, parts[name].origin, parts[name].description))
    if to != name:
        remove_own_part(name)


def _path_of(name: str) -> Path:
    """A file of its own for each name, whatever letters it has."""
    return parts_folder() / f"{hashlib.sha256(name.strip().encode()).hexdigest()[:20]}{_SUFFIX}"
