"""Playback: from number to number of a map, at a speed; slowly, each is computed before one's eyes."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal

from explorer.ui.canvas import transition_animation

SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 40.0, 120.0)  # numbers each second
_FRAME_MS = 16
_SLOW = 4.0  # up to this speed a number is computed step by step
_SHARE_COMPUTING = 0.75  # of a number's time; then it stands finished
_LONGEST_FRAME = 0.25  # seconds: after a pause of the machine nothing is skipped
_CALM_SPEED = 2.0  # at most, without motion: one picture after another


class Playback(QObject):
    """Position in a map of `count` numbers; emits where it is and how much of that number is computed."""

    moved = Signal(int, float)  # number, phase 0 to 1
    running_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.count = 1
        self.speed = 2.0
        self._position = 0.0
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def is_running(self) -> bool:
        """True while it plays."""
        return self._timer.isActive()

    @property
    def step(self) -> int:
        """The number it is at."""
        return min(int(self._position), self.count - 1)

    def reset(self, count: int, step: int) -> None:
        """Stop, and stand at a number of a map of `count`: another map, so no `moved` is emitted for the last one."""
        self._stop()
        self.count, self._position = max(count, 1), float(step)

    def go_to(self, step: int) -> None:
        """Stand at a number, finished; playing goes on from there."""
        self._position = float(min(max(step, 0), self.count - 1))
        self.moved.emit(self.step, 1.0)

    def play(self) -> None:
        """Go on, from the beginning where it had reached the end."""
        if self._position >= self.count - 1:
            self._position = 0.0
        self._last = time.monotonic()
        self._timer.start()
        self.running_changed.emit(True)

    def pause(self) -> None:
        """Stop where it is, with that number finished."""
        if self.is_running:
            self._stop()
            self._position = float(self.step)
            self.moved.emit(self.step, 1.0)

    def _stop(self) -> None:
        if self.is_running:
            self._timer.stop()
            self.running_changed.emit(False)

    def toggle(self) -> None:
        """Play, or pause."""
        self.pause() if self.is_running else self.play()

    def _tick(self) -> None:
        now = time.monotonic()
        self.advance(min(now - self._last, _LONGEST_FRAME))
        self._last = now

    def advance(self, seconds: float) -> None:
        """Go on by some seconds of playing."""
        speed = self.speed if transition_animation.is_enabled() else min(self.speed, _CALM_SPEED)
        before = self.step, phase_at(self._position, speed)
        self._position += speed * seconds
        if self._position >= self.count:
            self._position = float(self.count - 1)
            self.pause()
            return
        now = self.step, phase_at(self._position, speed)
        if now != before:  # a number that stands finished is not painted again
            self.moved.emit(*now)


def phase_at(position: float, speed: float) -> float:
    """Return how much of a number is computed at a position between two of them; all of it where that would be too fast
    to follow, or where no motion is wanted."""
    if speed > _SLOW or not transition_animation.is_enabled():
        return 1.0
    return min((position - int(position)) / _SHARE_COMPUTING, 1.0)
