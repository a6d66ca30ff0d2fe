"""Diagrams as plain data, before they are laid out and painted.

A `Diagram` is frozen and free of torch and Qt: the visible cards, the frames of the expanded groups, and the links
between cards. `explorer.layout` gives it positions, `explorer.drawing` paints it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from explorer.base.languages import tr_noop

if TYPE_CHECKING:
    import networkx as nx

#: Told now and then by who makes a diagram or a layout how far it is, 0 to 1. What it raises ends the work.
ProgressCallback = Callable[[float], object]

Level = Literal["stages", "blocks", "units", "ops"]
LEVELS: tuple[Level, ...] = ("stages", "blocks", "units", "ops")
LEVEL_NAMES: Mapping[Level, str] = {
    "stages": tr_noop("Stages"),
    "blocks": tr_noop("Blocks"),
    "units": tr_noop("Units"),
    "ops": tr_noop("Ops"),
}

#: Which way the data flows: stages side by side and downwards inside, all downwards, all to the right.
Direction = Literal["columns", "down", "right"]
DIRECTIONS: Mapping[Direction, str] = {
    "columns": tr_noop("Stages in columns"),
    "down": tr_noop("Top down"),
    "right": tr_noop("Left to right"),
}

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

#: How a card stands against the network as it was opened. Removed ones are shown where changes are looked at.
Change = Literal["same", "changed", "added", "off", "removed"]

#: What cards can be coloured by without anyone measuring or computing more: key and words.
COLOUR_MODES: Mapping[str, str] = {
    "kind": tr_noop("Kind"),
    "params": tr_noop("Parameters"),
    "macs": "MACs",
    "activations": tr_noop("Activation memory"),
    "receptive_field": tr_noop("Receptive field"),
    "change": tr_noop("Change against baseline"),
}


@dataclass(frozen=True, eq=False)
class Colouring:
    """Number of each node, or one of a few labels, that cards are coloured by.

    Any tool can make one: `Colouring("Time", {"layer1.0.conv1": 0.8}, "ms")`. With `labels`, values are indices into
    that list, the most notable last. Nodes that are left out stay pale.
    """

    title: str
    values: Mapping[str, float]
    unit: str = ""  # "bytes", "px", "ms", …; empty for plain numbers
    aggregation: Literal["sum", "most"] = "sum"  # what a card of several nodes has
    labels: tuple[str, ...] = ()
    is_logarithmic: bool = False  # for values that differ by orders of magnitude; those of 0 are off the scale


@dataclass(frozen=True, slots=True)
class ColourScale:
    """Legend of the colours of a diagram: the ends of a scale, or labels."""

    title: str
    low: str = ""
    high: str = ""
    labels: tuple[str, ...] = ()  # those that are in the diagram
    has_none: bool = False  # cards that have nothing of it are called so, and are not on the scale


#: The word of a card that nothing is known of, and of one that has nothing of what is shown.
UNKNOWN_LABEL = "–"
NONE_LABEL = "none"


@dataclass(frozen=True, slots=True)
class Towers:
    """Parts of a card that are drawn as cards of their own beside each other, and what each of them says."""

    count: int
    lines: tuple[str, ...]
    shape: str
    reads_all: bool  # each reads all towers before it: links cross
    is_column: bool = False  # one above the other, where the data flows to the right


@dataclass(frozen=True, slots=True)
class Card:
    """Card of an op, a unit, a collapsed group or a stack, or the frame of an expanded group."""

    id: str
    kind: Kind
    title: str  # "Conv 3×3", "Inverted residual", "Stage 2"
    # up to three short lines below the title: "32 → 64 · s2 · g32", "1.2 M params"; of a group, its cost comes last
    lines: tuple[str, ...] = ()
    is_expandable: bool = False  # has an inside that a double-click opens (or, on a frame, closes)
    is_round: bool = False  # add, multiply, concat: a small circle with the title as its symbol
    change: Change = "same"
    tip: str = ""  # the full path and all figures, for the tool tip
    chips: tuple[tuple[Kind, str], ...] = ()  # the ops fused on a unit's card: (("conv", "Conv 3×3"), ("norm", "BN"))
    shape: str = ""  # of what it makes: "64×56×56"
    side_text: str = ""  # what stands to the right of a round card: "64 + 128 + 32 + 32 = 256"
    repeat_count: int = 1  # how many equal neighbours are stacked on it
    bar_share: float = 0.0  # its part of the chosen figure, beside the card that has the largest
    tint: float | None = None  # its place on the scale that the diagram is coloured by, 0 to 1
    tint_label: str = ""  # the same where the scale is words
    towers: Towers | None = None  # where its channels stay apart: it is drawn as so many cards
    groups: int = 1  # groups of its convolution that are too many for towers: a mark


@dataclass(frozen=True, slots=True)
class Link:
    """Edge between two visible cards, for one input slot of one op."""

    source: str
    target: str
    slot: int  # which input of the target; the same source twice into an add is two links
    text: str  # the shape that travels, for the tool tip: "64×56×56"
    is_skip: bool = False  # goes around something else on the way: a shortcut


@dataclass(frozen=True)
class Diagram:
    """Visible cards and links of a network."""

    root: str  # id of the outermost group; it has children but is not drawn
    children: Mapping[str, tuple[str, ...]]  # every open group -> its cards and open groups, in execution order
    cards: Mapping[str, Card]  # every visible card, and the frame card of every open group except the root
    links: tuple[Link, ...]
    scale: ColourScale | None = None  # None where cards have the colours of their kinds
    bars_label: str = ""  # what bars show: "share of MACs, up to 12 %"

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The data flow between visible cards. Frozen."""
        import networkx as nx  # here, as the window imports this module before it is on the screen

        graph = nx.DiGraph()
        graph.add_nodes_from(self.cards.keys() - self.children.keys())
        graph.add_edges_from((link.source, link.target) for link in self.links)
        return nx.freeze(graph)
