"""Images of ten coloured, textured shapes, made from a seed: a data set that is small, free and not a solved one.

Each image is a function of (seed, number) alone. Colours are told apart from the ground by their brightness or hue,
so that colour does not give the class away: it is drawn independently of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SHAPE_NAMES = (
    "circle",
    "square",
    "triangle",
    "star",
    "cross",
    "ring",
    "hexagon",
    "crescent",
    "heart",
    "frame",
)

SIDE = 32  # pixels

_Plane = NDArray[np.float64]
_SAMPLES = 2  # per pixel and axis, averaged: edges are smooth


def draw_shapes(
    count: int, seed: int, noise: float = 0.1, clutter: int = 2, first: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images, (count, 3, 32, 32) in 8 bits, and the numbers of their classes, (count,): each in its turn.

    Args:
        noise: deviation of the grey noise over everything, as a part of the range.
        clutter: number of small things in the ground.
        first: number of the first image: the images of two ranges that do not meet have nothing in common.
    """
    images = np.empty((count, 3, SIDE, SIDE), np.uint8)
    for row in range(count):
        number = first + row
        rng = np.random.default_rng([seed, number])
        images[row] = _draw(number % len(SHAPE_NAMES), rng, noise, clutter)
    return images, (np.arange(first, first + count) % len(SHAPE_NAMES)).astype(np.int64)


def _draw(kind: int, rng: np.random.Generator, noise: float, clutter: int) -> NDArray[np.uint8]:
    steps = (np.arange(SIDE * _SAMPLES) + 0.5) / (SIDE * _SAMPLES) * 2 - 1
    x, y = np.meshgrid(steps, steps)
    ground, colour, other = _colours(rng)
    picture = ground[:, None, None] * (1 + 0.25 * _texture(rng, x, y))
    for _ in range(clutter):
        place, size = rng.uniform(-1, 1, 2), rng.uniform(0.06, 0.16)
        inside = _inside(int(rng.integers(len(SHAPE_NAMES))), rng, x, y, place, size)
        picture = np.where(inside, other[:, None, None], picture)
    inside = _inside(kind, rng, x, y, rng.uniform(-0.3, 0.3, 2), rng.uniform(0.45, 0.7))
    picture = np.where(inside, colour[:, None, None] * (1 + 0.25 * _texture(rng, x, y)), picture)
    pixels = picture.reshape(3, SIDE, _SAMPLES, SIDE, _SAMPLES).mean((2, 4))
    pixels = pixels + rng.normal(0, noise, (1, SIDE, SIDE)) if noise else pixels
    result: NDArray[np.uint8] = (pixels.clip(0, 1) * 255).round().astype(np.uint8)
    return result


def _colours(rng: np.random.Generator) -> tuple[_Plane, _Plane, _Plane]:
    """Three colours; the second stands out from the first."""
    while True:
        ground, colour, other = rng.uniform(0.1, 0.9, (3, 3))
        if np.abs(ground - colour).sum() > 0.7:
            return ground, colour, other


def _texture(rng: np.random.Generator, x: _Plane, y: _Plane) -> _Plane:
    """Stripes, checks or nothing, between −1 and 1."""
    angle, density, phase = rng.uniform(0, np.pi), rng.uniform(6, 14), rng.uniform(0, 6)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    stripes = np.sin(density * u + phase)
    patterns = (np.zeros_like(x), stripes, np.sign(stripes * np.sin(density * v + phase)))
    return patterns[int(rng.integers(len(patterns)))]


def _inside(kind: int, rng: np.random.Generator, x: _Plane, y: _Plane, place: _Plane, size: float) -> NDArray[np.bool_]:
    angle = rng.uniform(-0.5, 0.5)
    dx, dy = (x - place[0]) / size, (y - place[1]) / size
    return _SHAPES[kind](dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle))


def _polygon(points: int, inner: float) -> Callable[[_Plane, _Plane], NDArray[np.bool_]]:
    """A star: corners at distance 1 and, between them, at distance `inner`; a convex polygon where that is on its
    edge."""
    half = np.pi / points

    def inside(x: _Plane, y: _Plane) -> NDArray[np.bool_]:
        angle = np.mod(np.arctan2(x, -y), 2 * half)
        angle = np.minimum(angle, 2 * half - angle)
        reach = inner * np.sin(half) / (np.sin(angle) + inner * np.sin(half - angle))
        result: NDArray[np.bool_] = np.hypot(x, y) < reach
        return result

    return inside


def _heart(x: _Plane, y: _Plane) -> NDArray[np.bool_]:
    u, v = x * 1.25, -y * 1.25
    result: NDArray[np.bool_] = (u**2 + v**2 - 1) ** 3 - u**2 * v**3 < 0
    return result


def _box(x: _Plane, y: _Plane) -> _Plane:
    result: _Plane = np.maximum(np.abs(x), np.abs(y))
    return result


#: In the order of `SHAPE_NAMES`, each about as large as a disc of radius 1.
_SHAPES: tuple[Callable[[_Plane, _Plane], NDArray[np.bool_]], ...] = (
    lambda x, y: np.hypot(x, y) < 0.9,
    lambda x, y: _box(x, y) < 0.8,
    _polygon(3, 0.5),
    _polygon(5, 0.42),
    lambda x, y: (_box(x, y) < 0.95) & (np.minimum(np.abs(x), np.abs(y)) < 0.3),
    lambda x, y: np.abs(np.hypot(x, y) - 0.72) < 0.22,
    _polygon(6, float(np.cos(np.pi / 6))),
    lambda x, y: (np.hypot(x, y) < 0.95) & (np.hypot(x - 0.45, y) > 0.75),
    _heart,
    lambda x, y: np.abs(_box(x, y) - 0.66) < 0.17,
)
