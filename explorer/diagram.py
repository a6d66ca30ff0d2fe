"""What a diagram shows, before anyone decides where it goes or how it is painted.

A `Diagram` is plain, frozen and free of torch and Qt: the cards that are visible, the frames of the groups that are
open, and the links between cards. `explorer.layout` gives it places, `explorer.drawing` paints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["stages", "blocks", "units", "ops"]
LEVELS: tuple[Level, ...] = ("stages", "blocks", "units", "ops")

#: What a card is about; the theme has one colour and one icon for each.
Kind = Literal[
    "input",
    "output",
    "conv",
    "depthwise",
    "linear",
    "norm",
    "activation",
    "pool",
    "add",
    "concat",
    "multiply",
    "split",
    "shuffle",
    "reshape",
    "dropout",
    "attention",
    "constant",
    "other",
    # groups
    "network",
    "stage",
    "block",
    "branch",
    "unit",
    "gate",
    "head",
    "stem",
]

#: How a card stands against the network as it was opened.
Change = Literal["same", "changed", "added", "off"]


@dataclass(frozen=True, slots=True)
class Card:
    """One thing the user can see and select: an op, a unit, a folded group, or the frame of an open group."""

    id: str
    kind: Kind
    title: str  # "Conv 3×3", "Inverted residual", "Stage 2"
    lines: tuple[str, ...] = ()  # up to three short lines below the title: "32 → 64 · s2 · g32", "1.2 M params"
    foldable: bool = False  # has an inside that a double-click opens (or, on a frame, closes)
    round: bool = False  # add, multiply, concat: a small circle with the title as its symbol
    change: Change = "same"
    tip: str = ""  # the full path and all figures, for the tool tip
    chips: tuple[tuple[Kind, str], ...] = ()  # the ops fused on a unit's card: (("conv", "Conv 3×3"), ("norm", "BN"))


@dataclass(frozen=True, slots=True)
class Link:
    """One edge between two visible cards, for one input slot of one op."""

    source: str
    target: str
    slot: int  # which input of the target; the same source twice into an add is two links
    text: str  # the shape that travels: "64×56×56"
    skip: bool = False  # goes around something else on the way: a shortcut


@dataclass(frozen=True)
class Diagram:
    root: str  # id of the outermost group; it has children but is not drawn
    children: Mapping[str, tuple[str, ...]]  # every open group -> its cards and open groups, in execution order
    cards: Mapping[str, Card]  # every visible card, and the frame card of every open group except the root
    links: tuple[Link, ...]
