"""Blocks that are dragged out of the diagram of one network into that of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDrag, QPixmap
from PySide6.QtWidgets import QWidget

from explorer.ui.canvas.gestures import OWN_FORMATS
from explorer.ui.parts.clipboard import CopiedBlock, block_of_text, text_of_block

if TYPE_CHECKING:
    from explorer.edits import Edit

#: What a block that is dragged is carried as: the text that it is on the clipboard, in UTF-8.
BLOCK_MIME = f"{OWN_FORMATS}block"

_CLEARANCE = 10  # pixels between the pointer and the picture above it


def mime_of_block(block: CopiedBlock) -> QMimeData:
    """Return a block as what a drag carries."""
    data = QMimeData()
    data.setData(BLOCK_MIME, text_of_block(block).encode())
    return data


def block_of_mime(data: QMimeData) -> CopiedBlock | None:
    """Return the block that a drag carries; None where it is something else."""
    held = bytes(data.data(BLOCK_MIME).data()).decode(errors="replace")
    return block_of_text(held)


def drag_above_pointer(source: QWidget, data: QMimeData, ghost: QPixmap) -> None:
    """Drag a part or a block until the mouse is let go; its picture is above the pointer, clear of what is said below
    it."""
    drag = QDrag(source)
    drag.setMimeData(data)
    drag.setPixmap(ghost)
    shown = ghost.deviceIndependentSize().toSize()
    drag.setHotSpot(QPoint(shown.width() // 2, shown.height() + _CLEARANCE))
    drag.exec(Qt.DropAction.CopyAction)


def edit_of_carried(block: CopiedBlock, document: int, at: str, where: str, reader: str) -> Edit:
    """Return the edit that puts a carried block at a place of a document: it moves along the path of its own, and is
    copied into any other."""
    from explorer.edits import CopyBlock, MoveBlock

    if block.document != document:
        return CopyBlock(at, block.place, block.network, where, reader=reader, description=block.description)
    if where in ("before", "behind"):
        return MoveBlock(block.place, at, where, reader)
    return CopyBlock(at, block.place, where=where)
