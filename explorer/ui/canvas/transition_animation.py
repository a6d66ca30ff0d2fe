"""Animated transitions between pictures of the canvas, and the preference of who wants no motion."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QPointF, QRectF, QSettings, QVariantAnimation
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from explorer.drawing import Marks, Picture, Theme
from explorer.drawing.transition import Scene, Transition, visible_scene
from explorer.ui.base.settings import read_switch

_DURATION_MS = 180  # milliseconds
_SETTING = "motion"
_system_preference = {"moves": True}


def is_enabled() -> bool:
    """Return whether animations are wanted: the user's choice first, then the system's preference once it is known."""
    return read_switch(_SETTING, _system_preference["moves"])


def set_system_preference(enabled: bool) -> None:
    """Store the system's preference, found by `query_system_preference`."""
    _system_preference["moves"] = enabled


def set_enabled(enabled: bool) -> None:
    """Store the user's choice."""
    QSettings().setValue(_SETTING, "true" if enabled else "false")


class TransitionAnimation(QVariantAnimation):
    """Animation from one picture to the next, at most one at a time; a newer one starts from the current state."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._transition: Transition | None = None
        self.setDuration(_DURATION_MS)
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.valueChanged.connect(lambda _: widget.update())
        self.finished.connect(self.finish)

    @property
    def is_running(self) -> bool:
        """True while a transition is on its way."""
        return self._transition is not None

    def finish(self) -> None:
        """End the transition: everything is in its final place."""
        self._transition = None
        if self.state() != QAbstractAnimation.State.Stopped:
            self.stop()

    def capture(self, before: Picture, part: QRectF) -> Scene | None:
        """Return the current scene, in the coordinates of the displayed picture whose visible rectangle is `part`; None
        when there is too much to animate."""
        return (
            self._transition.scene_at(self.currentValue())
            if self._transition is not None
            else visible_scene(before, part)
        )

    def animate(self, begin: Scene | None, before: Picture, after: Picture, offset: QPointF, part: QRectF) -> None:
        """Animate from a scene, displaced by `offset` in the coordinates of `after`, to the picture `after`, of which
        `part` is visible. No animation where there is too much to move, or none is wanted."""
        self.finish()
        end = visible_scene(after, part) if begin is not None else None
        if begin is None or end is None or not is_enabled():
            return
        passage = Transition(begin.translated(offset), end, before, offset, after)
        if not passage.is_static:
            self._transition = passage
            self.start()

    def paint(self, painter: QPainter, theme: Theme, scale: float, marks: Marks) -> None:
        if self._transition is not None:
            self._transition.paint(painter, theme, scale, marks, self.currentValue())


def query_system_preference() -> bool:
    """Return whether the desktop's accessibility settings allow animations. Runs a command on Linux: not for the UI
    thread."""
    if sys.platform == "win32":
        import ctypes

        moves = ctypes.c_int(1)
        ctypes.windll.user32.SystemParametersInfoW(0x1042, 0, ctypes.byref(moves), 0)  # SPI_GETCLIENTAREAANIMATION
        return bool(moves.value)
    if sys.platform == "darwin":
        kept = Path.home() / "Library/Preferences/com.apple.universalaccess.plist"
        return not QSettings(str(kept), QSettings.Format.NativeFormat).value("reduceMotion", False, bool)
    ask = ["gsettings", "get", "org.gnome.desktop.interface", "enable-animations"]
    try:
        said = subprocess.run(ask, capture_output=True, text=True, timeout=2, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return True
    return said.strip() != "false"
