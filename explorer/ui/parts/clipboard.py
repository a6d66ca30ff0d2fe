"""Blocks on the clipboard: which network they are of, which place they are, and whether they were cut.

They are text, JSON: mime data made in Python and left on the clipboard crashes PySide 6.11 when the program ends.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from PySide6.QtGui import QGuiApplication

_NAME = "cnn_explorer_block"


@dataclass(frozen=True)
class CopiedBlock:
    """A place of a network: the network's key in the catalogue, "" for one that is not in it, and its document."""

    place: str
    network: str
    document: int
    is_cut: bool = False


def put_block(block: CopiedBlock) -> None:
    """Put a block on the clipboard."""
    QGuiApplication.clipboard().setText(json.dumps({_NAME: asdict(block)}))


def take_block() -> CopiedBlock | None:
    """Return the block on the clipboard; None where there is something else."""
    text = QGuiApplication.clipboard().text()
    if not text.startswith(f'{{"{_NAME}"'):
        return None
    try:
        held = json.loads(text)[_NAME]
        return CopiedBlock(str(held["place"]), str(held["network"]), int(held["document"]), bool(held["is_cut"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
