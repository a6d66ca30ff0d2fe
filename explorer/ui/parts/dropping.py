"""Parts and blocks that are dragged over the diagram: all places that take them light up, and the one under the pointer
says what the drop would do, or why it cannot be."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QDropEvent

from explorer.ui.canvas.canvas import Canvas
from explorer.ui.parts.carried_block import BLOCK_MIME, block_of_mime
from explorer.ui.parts.clipboard import CopiedBlock
from explorer.ui.parts.drop_lights import DropLights
from explorer.ui.parts.drop_places import DropPlace, find_place
from explorer.ui.parts.part_list import PART_MIME


class DropTarget(QObject):
    """Watches a canvas for parts, and blocks of other networks, that are dragged onto it."""

    entered = Signal(QPointF)  # something is over the canvas
    place_changed = Signal(object)  # a DropPlace, or None
    dropped = Signal(object)  # a DropPlace
    left = Signal()  # nothing is over the canvas any more

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.is_horizontal = False
        self.place: DropPlace | None = None
        self.block: CopiedBlock | None = None  # that is dragged, or was dropped; None for a part
        self.light = DropLights(canvas)
        self._is_over = False
        self._position = QPointF()  # where it came over the canvas
        canvas.drag_target = self
        canvas.picture_shown.connect(self._look_again)

    def leave(self) -> None:
        """The drag has left the canvas."""
        self._move_to(None)
        self._is_over = False
        self.light.switch_off()
        self.left.emit()

    def follow(self, event: QDropEvent) -> bool:
        """Light the place under a part or a block that is dragged, or take it; return False where it is neither."""
        if not any(map(event.mimeData().hasFormat, (PART_MIME, BLOCK_MIME))):
            return False
        place = find_place(self._canvas, event.position(), is_horizontal=self.is_horizontal)
        if event.type() == QEvent.Type.Drop:
            self.leave()
            if place is not None:
                self.dropped.emit(place)
        else:
            if not self._is_over:
                self._is_over = True
                self.block = block_of_mime(event.mimeData())
                self._position = event.position()
                self.light.switch_on()
                self.entered.emit(event.position())
            self._move_to(place)
        if place is not None or event.type() == QEvent.Type.DragEnter:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()
        return True

    def _look_again(self) -> None:
        """Another diagram has come under what is dragged."""
        if self._is_over:
            self.entered.emit(self._position)

    def _move_to(self, place: DropPlace | None) -> None:
        before, self.place = self.place, place
        self.light.point_at(place.area if place is not None else None)
        if (place.key if place is not None else None) != (before.key if before is not None else None):
            self.light.show_text("")
            self.place_changed.emit(place)
