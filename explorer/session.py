"""What is open in the window: the network, the groups that are open, the selection, the sample image.

No Qt: views listen, show what they find here, and say what the user wants. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from explorer.base.languages import Language
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import COLOUR_MODES, Colouring, Direction, Level

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
        self.default_level: Level = "blocks"  # to which networks are unfolded when they are opened
        self.expanded: frozenset[str] = frozenset()  # ids of groups and stacks that are unfolded
        self.selection: tuple[str, ...] = ()  # ids of ops and groups, the last one selected at the end
        self.sample: Sample | None = None
        self.is_baseline_shown = False  # the baseline is looked at, for the time being
        self.language: Language = "en"  # of the explanations
        self.experiment: tuple[str, Mapping[str, Any]] | None = None  # its id, and controls that were set for it
        self.bookmarks: tuple[str, ...] = ()  # places to come back to
        self.colour_mode = (
            "kind"  # what cards are coloured by: a key of `COLOURS`, or the title of an offered colouring
        )
        self.colourings: dict[str, Colouring] = {}  # colourings that tools have made, by title
        self.direction: Direction = "columns"  # which way the data flows on the canvas
        self._listeners: list[Callable[[Topic], None]] = []

    @property
    def displayed_network(self) -> Network | None:
        """What is looked at: the network, or its baseline while they are compared."""
        return self.network.baseline if self.is_baseline_shown and self.network is not None else self.network

    def listen(self, listener: Callable[[Topic], None]) -> None:
        """Call `listener` with the topic after each change, on the thread that made it."""
        self._listeners.append(listener)

    def set_network(
        self,
        network: Network,
        expanded: frozenset[str] | None = None,
        selection: tuple[str, ...] = (),
        bookmarks: tuple[str, ...] = (),
    ) -> None:
        """Another network, or the same one edited. `opened` is given for a newly opened one, the rest with it."""
        self.network = network
        self.is_baseline_shown = False
        if expanded is not None:
            self.expanded = expanded
            self.selection = selection
            self.bookmarks = bookmarks
            self.colour_mode = self.colour_mode if self.colour_mode in COLOUR_MODES else "kind"
            self.colourings.clear()
        self._notify("network")

    def show_baseline(self, shown: bool) -> None:
        """Look at the baseline for the time being. Any change of the network ends it."""
        if shown != self.is_baseline_shown and self.network is not None:
            self.is_baseline_shown = shown
            self._notify("compared")

    def set_expanded(self, expanded: frozenset[str]) -> None:
        if expanded != self.expanded:
            self.expanded = expanded
            self._notify("opened")

    def select(self, card_id: str | None) -> None:
        """Select a card alone, all members of a stack, or (None) nothing."""
        self._set_selection(members_of(card_id) if card_id is not None else ())

    def _set_selection(self, selection: tuple[str, ...]) -> None:
        if selection != self.selection:
            self.selection = selection
            self._notify("selection")

    def toggle_selected(self, card_id: str) -> None:
        """Add a card to the selection, or take it out; a stack of equal cards is all of them."""
        these = members_of(card_id)
        if set(these) <= set(self.selection):
            self._set_selection(tuple(id for id in self.selection if id not in these))
        else:
            self._set_selection(tuple(dict.fromkeys((*self.selection, *these))))

    def toggle_bookmark(self, card_id: str) -> None:
        """Keep a place to come back to, or forget it."""
        kept = tuple(other for other in self.bookmarks if other != card_id)
        self.bookmarks = kept if card_id in self.bookmarks else (*kept, card_id)
        self._notify("bookmarks")

    def colour_by(self, colouring: str | Colouring) -> None:
        """Colour cards by a key of `COLOURS`, by the title of what a tool has offered, or by a tool's own numbers.

        A colouring stays on offer under its title until the next network; one that only comes up to date is given to
        `offer`. An unknown name is a KeyError."""
        if isinstance(colouring, Colouring):
            self.colourings[colouring.title] = colouring
            colouring = colouring.title
        elif colouring not in COLOUR_MODES and colouring not in self.colourings:
            raise KeyError(colouring)
        self.colour_mode = colouring
        self._notify("colours")

    def add_colouring(self, colouring: Colouring) -> None:
        """Let cards be coloured by a tool's own numbers, if the user likes; where they are already, they follow."""
        self.colourings[colouring.title] = colouring
        self._notify("colours")

    def remove_colouring(self, title: str) -> None:
        """Numbers that hold no more are on offer no more."""
        if self.colourings.pop(title, None) is not None:
            self.colour_mode = "kind" if self.colour_mode == title else self.colour_mode
            self._notify("colours")

    @property
    def colouring(self) -> str | Colouring:
        """What cards are coloured by: a key of `COLOURS` or a tool's numbers."""
        return self.colourings.get(self.colour_mode, self.colour_mode)

    def set_direction(self, direction: Direction) -> None:
        """Let the data flow another way."""
        if direction != self.direction:
            self.direction = direction
            self._notify("direction")

    def set_sample(self, sample: Sample) -> None:
        self.sample = sample
        self._notify("sample")

    def set_language(self, language: Language) -> None:
        """Explain in another language."""
        if language != self.language:
            self.language = language
            self._notify("language")

    def open_experiment(self, experiment: str, controls: Mapping[str, Any]) -> None:
        """Look at an experiment, with some of its controls set."""
        self.experiment = (experiment, controls)
        self._notify("experiment")

    def _notify(self, topic: Topic) -> None:
        for listener in self._listeners:
            listener(topic)
