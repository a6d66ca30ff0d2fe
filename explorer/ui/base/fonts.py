"""The font of all widgets: the system's, in the size that the user has chosen, completed by fonts of the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QSettings
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from explorer.ui.base.settings import read_whole

_Widget = TypeVar("_Widget", bound=QWidget)

#: Sizes of all fonts, in percent of the system's, that can be chosen.
FONT_SCALES = (80, 90, 100, 115, 130, 150, 175, 200)

_OWN_FONT = "font before any language"  # property of the application
_FAMILIES = "families of the language"  # property of the application
_SETTING = "font_scale"
_FONT_EVENTS = (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange, QEvent.Type.StyleChange)


def font_scale() -> int:
    """Return the chosen size of all fonts, in percent of the system's."""
    chosen = read_whole(_SETTING, 100)
    return chosen if chosen in FONT_SCALES else 100


def set_font_scale(app: QApplication, percent: int) -> None:
    """Give all widgets fonts of one of `FONT_SCALES`, and remember it."""
    QSettings().setValue(_SETTING, str(percent))
    set_font_families(app, tuple(app.property(_FAMILIES) or ()))


def set_font_families(app: QApplication, families: tuple[str, ...]) -> None:
    """Take Latin letters from the font there was, and what it lacks from these families, in this order.

    Without their names Qt would take any font that has a character: of Han characters the Japanese forms, and bold ones
    from another family than the rest.
    """
    own = app.property(_OWN_FONT) or app.font()
    app.setProperty(_OWN_FONT, own)
    app.setProperty(_FAMILIES, list(families))
    font = QFont(own)
    font.setFamilies([*(own.families() or [own.family()]), *families])
    if own.pointSizeF() > 0:
        font.setPointSizeF(own.pointSizeF() * font_scale() / 100)
    if font != app.font():
        app.setFont(font)
        if sheet := app.styleSheet():  # widgets that it styles take a font only when they are styled anew
            app.setStyleSheet("")
            app.setStyleSheet(sheet)


def scaled(pixels: float) -> int:
    """Return a length that holds text, given for fonts of 100 %, in the size that the user has chosen."""
    return round(pixels * font_scale() / 100)


def size_with_font(widget: _Widget, setter: Callable[[_Widget, int], object], pixels: float) -> _Widget:
    """Set a length of a widget in proportion to its font, now and whenever that changes; return the widget."""
    _FontFollower(widget, lambda: setter(widget, scaled(pixels)))
    return widget


def scale_font(widget: _Widget, factor: float, weight: QFont.Weight = QFont.Weight.Normal) -> _Widget:
    """Give a widget the font of all widgets in another size, now and whenever that changes; return the widget."""

    def update() -> None:
        font = QFont(QApplication.font())
        font.setPointSizeF(font.pointSizeF() * factor)
        font.setWeight(weight)
        if font != widget.font():
            widget.setFont(font)

    _FontFollower(widget, update)
    return widget


def follow_in_title(dock: QDockWidget) -> None:
    """Let the title of a dock have the font of all widgets, whenever that changes: Qt goes on to paint it in the one
    that there was first, unless the dock has one of its own."""

    def update() -> None:
        own = QFont(QApplication.font())
        own.setPointSizeF(own.pointSizeF() + 0.02)  # the same one would be none of its own
        if own != dock.font():
            dock.setFont(own)

    _FontFollower(dock, update)


class _FontFollower(QObject):
    """Calls `update` when the font of its parent, or that of all widgets, changes."""

    def __init__(self, widget: QWidget, update: Callable[[], object]) -> None:
        super().__init__(widget)
        self._update = update
        widget.installEventFilter(self)
        update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _FONT_EVENTS:
            self._update()
        return False
