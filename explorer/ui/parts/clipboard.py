"""Blocks on the clipboard: of which network, which place, what they are made of, and whether they were cut.

They are text, JSON: mime data made in Python and left on the clipboard crashes PySide 6.11 when the program ends.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from PySide6.QtGui import QGuiApplication

_NAME = "cnn_explorer_block"


@dataclass(frozen=True)
class CopiedBlock:
    """A place of a network: the network's title, and its document; for other networks the description that
    `explorer.edits.CopyBlock` takes, or why there is none."""

    place: str
    network: str
    document: int
    is_cut: bool = False
    description: str = ""
    refusal: str = ""

    def described(self, description: str, refusal: str = "") -> CopiedBlock:
        """Return it with what it is made of, or with the reason why that cannot be said."""
        return replace(self, description=description, refusal=refusal)


def put_block(block: CopiedBlock) -> None:
    """Put a block on the clipboard."""
    QGuiApplication.clipboard().setText(text_of_block(block))


def take_block() -> CopiedBlock | None:
    """Return the block on the clipboard; None where there is something else."""
    return block_of_text(QGuiApplication.clipboard().text())


def text_of_block(block: CopiedBlock) -> str:
    """Return a block as text."""
    return json.dumps({_NAME: asdict(block)})


def block_of_text(text: str) -> CopiedBlock | None:
    """Return the block that a text is; None where it is something else."""
    if not text.startswith(f'{{"{_NAME}"'):
        return None
    try:
        held = json.loads(text)[_NAME]
        texts = [str(held[name]) for name in ("place", "network", "description", "refusal")]
        return CopiedBlock(texts[0], texts[1], int(held["document"]), bool(held["is_cut"]), texts[2], texts[3])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
