"""What is open in the window: the network, the groups that are open, the selection, the sample image.

No Qt: views listen, show what they find here, and say what the user wants. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from explorer.diagram import COLOURS, Colouring, Direction, Level
from explorer.language import Language

if TYPE_CHECKING:  # importing these imports torch; the window is on screen before that
    from explorer.analysis.sample import Sample
    from explorer.network import Network

#: What a notification is about.
Topic = Literal[
    "network",
    "opened",
    "selection",
    "sample",
    "compared",
    "language",
    "experiment",
    "bookmarks",
    "colours",
    "direction",
]


class Session:
    def __init__(self) -> None:
        self.network: Network | None = None
        self.level: Level = "blocks"  # to which networks are unfolded when they are opened
        self.opened: frozenset[str] = frozenset()  # groups that are unfolded
        self.selection: str | None = None
        self.sample: Sample | None = None
        self.compared = False  # the baseline is looked at, for the time being
        self.language: Language = "en"  # of the explanations
        self.experiment: tuple[str, Mapping[str, Any]] | None = None  # its id, and controls that were set for it
        self.bookmarks: tuple[str, ...] = ()  # places to come back to
        self.colours = "kind"  # what cards are coloured by: a key of `COLOURS`, or the title of an offered colouring
        self.offered: dict[str, Colouring] = {}  # colourings that tools have made, by title
        self.direction: Direction = "columns"  # which way the data flows on the canvas
        self._listeners: list[Callable[[Topic], None]] = []

    @property
    def shown(self) -> Network | None:
        """What is looked at: the network, or its baseline while they are compared."""
        return self.network.baseline if self.compared and self.network is not None else self.network

    def listen(self, listener: Callable[[Topic], None]) -> None:
        """Call `listener` with the topic after each change, on the thread that made it."""
        self._listeners.append(listener)

    def show(
        self,
        network: Network,
        opened: frozenset[str] | None = None,
        selection: str | None = None,
        bookmarks: tuple[str, ...] = (),
    ) -> None:
        """Another network, or the same one edited. `opened` is given for a newly opened one, the rest with it."""
        self.network = network
        self.compared = False
        if opened is not None:
            self.opened = opened
            self.selection = selection
            self.bookmarks = bookmarks
            self.colours = self.colours if self.colours in COLOURS else "kind"
            self.offered.clear()
        self._tell("network")

    def compare(self, compared: bool) -> None:
        """Look at the baseline for the time being. Any change of the network ends it."""
        if compared != self.compared and self.network is not None:
            self.compared = compared
            self._tell("compared")

    def open_groups(self, opened: frozenset[str]) -> None:
        if opened != self.opened:
            self.opened = opened
            self._tell("opened")

    def select(self, id: str | None) -> None:
        if id != self.selection:
            self.selection = id
            self._tell("selection")

    def extend(self, id: str) -> None:
        """Put a card beside those that are selected, or take it out; several are separated by commas."""
        chosen = dict.fromkeys(self.selection.split(",")) if self.selection else {}
        these = id.split(",")  # a stack of equal cards is all of them
        if chosen.keys() >= set(these):
            chosen = {known: None for known in chosen if known not in these}
        else:
            chosen |= dict.fromkeys(these)
        self.select(",".join(chosen) or None)

    def bookmark(self, id: str) -> None:
        """Keep a place to come back to, or forget it."""
        kept = tuple(other for other in self.bookmarks if other != id)
        self.bookmarks = kept if id in self.bookmarks else (*kept, id)
        self._tell("bookmarks")

    def colour_by(self, colours: str | Colouring) -> None:
        """Colour cards by a key of `COLOURS`, by the title of what a tool has offered, or by a tool's own numbers.

        A colouring stays on offer under its title until the next network; one that only comes up to date is given to
        `offer`. An unknown name is a KeyError."""
        if isinstance(colours, Colouring):
            self.offered[colours.title] = colours
            colours = colours.title
        elif colours not in COLOURS and colours not in self.offered:
            raise KeyError(colours)
        self.colours = colours
        self._tell("colours")

    def offer(self, colouring: Colouring) -> None:
        """Let cards be coloured by a tool's own numbers, if the user likes; where they are already, they follow."""
        self.offered[colouring.title] = colouring
        self._tell("colours")

    def withdraw(self, title: str) -> None:
        """Numbers that hold no more are on offer no more."""
        if self.offered.pop(title, None) is not None:
            self.colours = "kind" if self.colours == title else self.colours
            self._tell("colours")

    @property
    def colouring(self) -> str | Colouring:
        """What cards are coloured by: a key of `COLOURS` or a tool's numbers."""
        return self.offered.get(self.colours, self.colours)

    def turn(self, direction: Direction) -> None:
        """Let the data flow another way."""
        if direction != self.direction:
            self.direction = direction
            self._tell("direction")

    def show_sample(self, sample: Sample) -> None:
        self.sample = sample
        self._tell("sample")

    def speak(self, language: Language) -> None:
        """Explain in another language."""
        if language != self.language:
            self.language = language
            self._tell("language")

    def prove(self, experiment: str, controls: Mapping[str, Any]) -> None:
        """Look at an experiment, with some of its controls set."""
        self.experiment = (experiment, controls)
        self._tell("experiment")

    def _tell(self, topic: Topic) -> None:
        for listener in self._listeners:
            listener(topic)
