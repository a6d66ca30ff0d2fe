"""What else than panning and selecting the mouse can do on a canvas: wires that are drawn, cards that are moved, parts
that are dropped."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDropEvent, QKeyEvent

#: What all formats begin with that are dragged from one place of the window to another: parts, blocks.
OWN_FORMATS = "application/x-cnn-explorer-"


def is_own_drag(event: QDropEvent) -> bool:
    """Whether what is dragged is of this program: a part, a block."""
    return any(name.startswith(OWN_FORMATS) for name in event.mimeData().formats())


class DragTarget(Protocol):
    """Takes what is dragged over a canvas."""

    def follow(self, event: QDropEvent) -> bool:
        """Take a drag that enters, moves or is dropped; return False where it carries something else."""
        ...

    def leave(self) -> None:
        """The drag has left the canvas."""
        ...


class MouseGesture(Protocol):
    """Takes drags with the left button that begin where it says so. Positions are of the canvas."""

    def hover(self, position: QPointF) -> bool:
        """Follow the pointer while no button is pressed; return whether a drag that begins here would be its own."""
        ...

    def click(self, position: QPointF) -> bool:
        """Take a click; return False for one that is not its own."""
        ...

    def begin(self, position: QPointF) -> bool:
        """Take a drag that begins at a position; return False for one that is not its own."""
        ...

    def move(self, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Follow the drag that was begun."""
        ...

    def end(self, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Let go."""
        ...

    def press_key(self, event: QKeyEvent) -> bool:
        """Take a key while it goes on; return False for one that means nothing to it."""
        ...
