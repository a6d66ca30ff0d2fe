"""A ring around the control that has keyboard focus; not shown to those who use the mouse."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QSlider, QTabBar, QWidget
from shiboken6 import isValid

from explorer.ui.base import appearance
from explorer.ui.shell.window_filter import WindowFilter

#: Lines of text, lists and the canvas show themselves where the keyboard is.
_RING_TYPES = (QAbstractButton, QComboBox, QSlider, QTabBar)
_RING_MARGIN = 3


class FocusRing(WindowFilter):
    """Follows the focus of the application; created once."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.ring: _Ring | None = None
        self._keyboard_used = False
        app.focusChanged.connect(self._on_focus_changed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress:
            self._keyboard_used = True
        elif kind == QEvent.Type.MouseButtonPress and self._keyboard_used:
            self._keyboard_used = False
            self._remove_ring()
        return False

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        self._remove_ring()
        if self._keyboard_used and isinstance(now, _RING_TYPES) and now.parentWidget() is not None:
            self.ring = _Ring(now)

    def _remove_ring(self) -> None:
        if self.ring is not None and isValid(self.ring):  # it may have gone with the panel it lay on
            self.ring.hide()
            self.ring.deleteLater()
        self.ring = None


class _Ring(QWidget):
    """Lies over the parent of a control and follows its geometry."""

    def __init__(self, target: QWidget) -> None:
        super().__init__(target.parentWidget())
        self._target = target
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        target.installEventFilter(self)
        self._reposition()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self._reposition()
        elif event.type() in (QEvent.Type.Hide, QEvent.Type.Show):
            self.setVisible(self._target.isVisible())
        return False

    def _reposition(self) -> None:
        parent = self.parentWidget()
        room, inside = parent.rect() if parent is not None else QRect(), self._target.geometry()
        beside = (inside.left() - room.left(), inside.top() - room.top())
        beyond = (room.right() - inside.right(), room.bottom() - inside.bottom())
        margin = max(min(_RING_MARGIN, *beside, *beyond), 0)  # the same on all sides: a cut ring looks like none
        self.setGeometry(inside.adjusted(-margin, -margin, margin, margin) & room)
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(appearance.current_colours().accent), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
