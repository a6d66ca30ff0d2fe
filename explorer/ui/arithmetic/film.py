"""Frames of arithmetic that moves, for an animated file: from the number in sight on, as it would be played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage

from explorer.base.cancellation import Cancelled, KeepGoing
from explorer.ui.arithmetic.canvas import render_frame
from explorer.ui.arithmetic.centres import build_stage
from explorer.ui.arithmetic.ink import Ink
from explorer.ui.arithmetic.playback import phase_at

if TYPE_CHECKING:
    from explorer.presenters.arithmetic_views import ArithmeticView

_FRAMES = 90  # at most
_FRAME_MS = 80
_LAST_MS = 1600  # that the last one stays
_SIZE = QSize(1200, 420)


@dataclass(frozen=True, eq=False)
class Film:
    """What is filmed: numbers of one map of an op, from `index` on, at a speed in numbers each second."""

    view: ArithmeticView
    index: tuple[int, ...]
    speed: float
    channel: int | None = None  # a row of a window that is enlarged


def render_film(film: Film, keep_going: KeepGoing) -> list[QImage]:
    """Return the frames. Raises Cancelled."""
    view = film.view
    plane = view.output_plane(film.index)
    explain, part = view.arithmetic.explain, view.first.part
    stage = build_stage(view, explain(film.index, part), film.channel)
    stage.arrange(QRectF(0, 0, _SIZE.width(), _SIZE.height()), Ink.current(), 1.0)
    # A film is too short for the speed of a tour of all numbers: each frame shows one, or a part of one.
    each = min(film.speed * _FRAME_MS / 1000, 1.0)
    frames: list[QImage] = []
    position = float(plane.step_of(film.index))
    while len(frames) < _FRAMES and position < plane.count:
        if not keep_going(len(frames) / _FRAMES):
            raise Cancelled
        step = int(position + 1e-9)
        phase = phase_at(position, film.speed)
        uncovered = step + (1 if phase >= 1 else 0)
        frames.append(render_frame(stage, _SIZE, explain(plane.index_at(step), part), phase, uncovered))
        position += each
    last = explain(plane.index_at(step), part)
    frames.append(render_frame(stage, _SIZE, last, 1.0, step + 1))
    return frames


def write_film(film: Film, path: str, keep_going: KeepGoing) -> Path:
    """Write a film as an animated GIF or WebP, and return its path; a job. Raises ExportError, Cancelled."""
    from explorer.export.animation import write_frames

    frames = render_film(film, keep_going)
    write_frames(frames, [_FRAME_MS] * (len(frames) - 1) + [_LAST_MS], path)
    return Path(path)
