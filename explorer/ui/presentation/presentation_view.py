"""The presentation view: the diagram and a caption on the whole screen, for a talk.

Page down and page up, the keys of a remote control, go from stage to stage; Home shows the whole network again. All
other keys of the canvas work as always.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QToolBar, QVBoxLayout, QWidget

from explorer.ui.canvas.canvas import Canvas
from explorer.ui.plugin.dock_widgets import restore_arrangement
from explorer.ui.presentation.panel_folding import PanelFolding

_CURSOR_DELAY_MS = 2000  # of rest, until the pointer is hidden
_MAX_SCALE = 2.0  # of a stage that is shown large
_NO_HEIGHT_LIMIT = (1 << 24) - 1  # Qt's QWIDGETSIZE_MAX


class PresentationView(QObject):
    """Takes everything but the canvas out of sight, and puts it back."""

    left = Signal()
    stop_reached = Signal(object)  # id of the card or frame that is shown large; None for the whole network

    def __init__(self, window: QMainWindow, canvas: Canvas) -> None:
        super().__init__(window)
        self._window, self._canvas = window, canvas
        self._folding = PanelFolding(window)
        self._hidden: list[QWidget] = []  # what this view has hidden
        self._was_full_screen = False
        self._panels = QByteArray()
        self._stop = -1  # position among the outermost cards; -1 for the whole network
        self.is_active = False
        self.caption = QLabel()
        self.caption.setTextFormat(Qt.TextFormat.RichText)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.caption.setStyleSheet("background: palette(base); padding: 10px;")
        self.caption.hide()
        self._cursor_timer = QTimer(self)
        self._cursor_timer.setSingleShot(True)
        self._cursor_timer.setInterval(_CURSOR_DELAY_MS)
        self._cursor_timer.timeout.connect(lambda: canvas.setCursor(Qt.CursorShape.BlankCursor))

    def enter(self) -> None:
        """Show the canvas and the caption alone."""
        if self.is_active:
            return
        self.is_active, self._stop = True, -1
        self._was_full_screen = self._window.isFullScreen()
        self._panels = self._window.saveState()
        for dock in self._folding.visible_panels:
            dock.hide()
        column = self._column()
        strips = [item.widget() for index in range(column.count() - 1) if (item := column.itemAt(index)) is not None]
        around = [*self._window.findChildren(QToolBar), self._window.statusBar(), *filter(None, strips)]
        self._hidden = [widget for widget in around if not widget.isHidden()]
        for widget in self._hidden:
            widget.hide()
        self._window.menuBar().setMaximumHeight(0)  # keys of a hidden menu bar would not work
        if column.indexOf(self.caption) < 0:
            column.addWidget(self.caption)
        self.caption.show()
        self._canvas.set_bare(True)
        self._canvas.installEventFilter(self)
        self._canvas.setFocus()
        self._window.showFullScreen()
        self._canvas.fit()
        self._cursor_timer.start()

    def leave(self) -> None:
        """Put back what was there."""
        if not self.is_active:
            return
        self.is_active = False
        self._cursor_timer.stop()
        self._canvas.removeEventFilter(self)
        self._canvas.unsetCursor()
        self.caption.hide()
        self._column().removeWidget(self.caption)
        self._window.menuBar().setMaximumHeight(_NO_HEIGHT_LIMIT)
        for widget in self._hidden:
            widget.show()
        self._hidden = []
        if not self._was_full_screen:
            leave_full_screen(self._window)
        restore_arrangement(self._window, self._panels)
        self._canvas.set_bare(False)
        self._canvas.fit()
        self.left.emit()

    def _column(self) -> QVBoxLayout:
        middle = self._window.centralWidget()
        column = middle.layout() if middle is not None else None
        assert isinstance(column, QVBoxLayout)
        return column

    def step(self, by: int) -> None:
        """Show the next or the previous outermost card large; before the first, the whole network."""
        picture = self._canvas.picture
        stops = picture.diagram.children[picture.diagram.root] if picture is not None else ()
        self._stop = max(-1, min(self._stop + by, len(stops) - 1))
        self._show_stop(stops[self._stop] if 0 <= self._stop < len(stops) else None)

    def _show_stop(self, id: str | None) -> None:
        if id is None:
            self._canvas.fit()
        else:
            self._canvas.fit_to(id, _MAX_SCALE)
        self.stop_reached.emit(id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of a talk before the canvas does, and hide the pointer while it rests."""
        if event.type() == QEvent.Type.MouseMove:
            if self._canvas.cursor().shape() == Qt.CursorShape.BlankCursor:
                self._canvas.unsetCursor()
            self._cursor_timer.start()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and not event.modifiers():
            key = event.key()
            if key == Qt.Key.Key_Escape:
                self.leave()
                return True
            if key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
                self.step(1 if key == Qt.Key.Key_PageDown else -1)
                return True
            if key == Qt.Key.Key_Home:
                self._stop = -1
                self._show_stop(None)
                return True
        return super().eventFilter(watched, event)


def leave_full_screen(window: QMainWindow) -> None:
    """Give a window the size that it had before it filled the screen."""
    if window.windowState() & Qt.WindowState.WindowMaximized:
        window.showMaximized()
    else:
        window.showNormal()
