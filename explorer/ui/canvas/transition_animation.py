"""The canvas's pictures on their way into each other, unless someone wants things to stand still."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QPointF, QRectF, QSettings, QVariantAnimation
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from explorer.drawing import Marks, Picture, Theme
from explorer.drawing.transition import Scene, Transition, visible_scene

_DURATION_MS = 180  # milliseconds
_SETTING = "motion"
_system_preference = {"moves": True}


def is_enabled() -> bool:
    """Should things move? What the user chose counts first, then what the system said, if it has been asked."""
    chosen = QSettings().value(_SETTING)
    return str(chosen) == "true" if chosen is not None else _system_preference["moves"]


def set_system_preference(enabled: bool) -> None:
    """What the system said: see `ask_system`."""
    _system_preference["moves"] = enabled


def set_enabled(enabled: bool) -> None:
    QSettings().setValue(_SETTING, "true" if enabled else "false")


class TransitionAnimation(QVariantAnimation):
    """At most one passage at a time: a newer one goes on from where things are."""

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
        return self._transition is not None

    def finish(self) -> None:
        """Everything is where it belongs."""
        self._transition = None
        if self.state() != QAbstractAnimation.State.Stopped:
            self.stop()

    def capture(self, before: Picture, part: QRectF) -> Scene | None:
        """Where things are now, in the coordinates of the picture that is shown; `part` of it is in sight."""
        return (
            self._transition.scene_at(self.currentValue())
            if self._transition is not None
            else visible_scene(before, part)
        )

    def animate(self, begin: Scene | None, before: Picture, after: Picture, offset: QPointF, part: QRectF) -> None:
        """From where things were, `shift` away in the coordinates of the picture `after`, of which `part` is in
        sight. At once where there is too much to move, or where nothing may move."""
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
    """Should things move, as Windows' and macOS's accessibility settings have it, or those of other desktops? May take
    a moment: not for the UI thread."""
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
