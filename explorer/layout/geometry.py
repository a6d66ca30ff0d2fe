"""Input and output of a layout: plain values in absolute coordinates, in pixels."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances in pixels; the defaults suit cards of 90–230 × 30–70."""

    header: float = 30  # band at the top of an open group that holds its title
    padding: float = 14  # between an open group's border and what is inside
    column: float = 24  # between side-by-side siblings
    gutter: float = 56  # between the columns of the root
    lane: float = 10  # between vertical lanes that run around cards
    track: float = 8  # between horizontal stretches in one gap
    stub: float = 10  # below a source
    arrow: float = 14  # above a target: room for the arrow head
    twin: float = 10  # between two links from one source to one card


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: top left corner and size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """One link as an axis-parallel line, from the source card's border to the target card's border."""

    points: tuple[Point, ...]
    skip: bool  # whether it runs in a lane of its own around other cards


@dataclass(frozen=True)
class Geometry:
    """The finished layout: cards and open groups by name (the root has no box), routes in the order of the links."""

    boxes: Mapping[str, Box]
    routes: tuple[Route, ...]
    width: float
    height: float
    texts: Mapping[str, Point] = field(default_factory=dict)  # left end of the baseline of what stands beside a card
