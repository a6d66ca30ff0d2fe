"""The canvas's pictures on their way into each other, unless someone wants things to stand still."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QPointF, QRectF, QSettings, QVariantAnimation
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from explorer.drawing import Marks, Picture, Theme
from explorer.drawing.passage import Passage, Scene, scene

_LASTS = 180  # milliseconds
_KEY = "motion"
_system = {"moves": True}


def is_wanted() -> bool:
    """Should things move? What the user chose counts first, then what the system said, if it has been asked."""
    chosen = QSettings().value(_KEY)
    return str(chosen) == "true" if chosen is not None else _system["moves"]


def learn(moves: bool) -> None:
    """What the system said: see `ask_system`."""
    _system["moves"] = moves


def choose(wanted: bool) -> None:
    QSettings().setValue(_KEY, "true" if wanted else "false")


class Motion(QVariantAnimation):
    """At most one passage at a time: a newer one goes on from where things are."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._passage: Passage | None = None
        self.setDuration(_LASTS)
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.valueChanged.connect(lambda _: widget.update())
        self.finished.connect(self.settle)

    @property
    def moving(self) -> bool:
        return self._passage is not None

    def settle(self) -> None:
        """Everything is where it belongs."""
        self._passage = None
        if self.state() != QAbstractAnimation.State.Stopped:
            self.stop()

    def leave(self, before: Picture, part: QRectF) -> Scene | None:
        """Where things are now, in the coordinates of the picture that is shown; `part` of it is in sight."""
        return self._passage.at(self.currentValue()) if self._passage is not None else scene(before, part)

    def go(self, begin: Scene | None, before: Picture, after: Picture, shift: QPointF, part: QRectF) -> None:
        """From where things were, `shift` away in the coordinates of the picture `after`, of which `part` is in
        sight. At once where there is too much to move, or where nothing may move."""
        self.settle()
        end = scene(after, part) if begin is not None else None
        if begin is None or end is None or not is_wanted():
            return
        passage = Passage(begin.moved(shift), end, before, shift, after)
        if not passage.still:
            self._passage = passage
            self.start()

    def paint(self, painter: QPainter, theme: Theme, scale: float, marks: Marks) -> None:
        if self._passage is not None:
            self._passage.paint(painter, theme, scale, marks, self.currentValue())


def ask_system() -> bool:
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
