"""What has no room for its words says them in its tooltip, whatever the size of fonts and panels."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QToolTip, QWidget


class CutTexts(QObject):
    """Watches the tooltips of the application; created once."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and isinstance(watched, QWidget):
            text = full_tooltip(watched)
            if text != watched.toolTip():
                QToolTip.showText(event.globalPos() + QPoint(0, 1), text, watched)
                return True
        return False


def full_tooltip(widget: QWidget) -> str:
    """Return the tooltip of a button or a box of choices: with all of its words above it, where they are cut."""
    text, tip = _words(widget), widget.toolTip()
    is_cut = bool(text) and widget.width() < _wanted_width(widget, text)
    return tip if not is_cut or text in tip else "\n".join(filter(None, (text, tip)))


def _words(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return widget.text().replace("&&", "&") if isinstance(widget, QAbstractButton) else ""


def _wanted_width(widget: QWidget, text: str) -> int:
    if isinstance(widget, QComboBox):  # its size hint is that of its longest entry
        return widget.fontMetrics().horizontalAdvance(text) + 2 * widget.fontMetrics().height()
    return widget.sizeHint().width()
