"""The state of a window: which document is in sight, the sample image, the language, the direction of the data.

No Qt: views register callbacks with `Session.on`, show the state, and change it through its methods. Nothing here
computes anything. What belongs to one network is in its `explorer.document.Document`; the session forwards to the one
in sight, so that views and tools follow it without knowing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from explorer.base.languages import Language
from explorer.document import Document
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import COLOUR_MODES, Colouring, Direction, Level

if TYPE_CHECKING:  # importing these imports torch; the window is on screen before that
    from explorer.analysis.sample import Sample
    from explorer.network import Network

#: The parts of the state that callbacks can be registered for.
Topic = Literal[
    "leaving",  # another document is about to come into sight: last call to keep how this one was looked at
    "document",  # another document is in sight: drop what is shown or computed of the former; "network" follows
    "network",  # another network, or the same one edited; the groups, selection and bookmarks may be new as well
    "background",  # the network of an open document that is not in sight was edited
    "baseline",  # whether the baseline is displayed in place of the edited network
    "expanded",
    "selection",
    "bookmarks",
    "sample",
    "colouring",  # which one is in use, or which ones there are
    "direction",
    "language",  # of explanations, or of the window's texts: all that is written is to be written anew
    "experiment",
    "trained",  # a training has finished; its files say what came out
]


class Session:
    """Attributes are read by anyone and changed only by the methods here, which then call the topic's callbacks."""

    def __init__(self) -> None:
        self.document = Document()  # the one in sight
        self.default_level: Level = "blocks"  # to which newly opened networks are expanded
        self.sample: Sample | None = None
        self.language: Language = "en"  # of explanations
        self.experiment: tuple[str, Mapping[str, Any]] | None = None  # its id, and values for some of its controls
        self.direction: Direction = "columns"
        self._callbacks: dict[Topic, list[Callable[[], object]]] = {}

    def on(self, topic: Topic, callback: Callable[[], object]) -> None:
        """Call `callback` after each change of `topic`, on the thread that changes it, in the order of registration."""
        self._callbacks.setdefault(topic, []).append(callback)

    # of the document in sight

    @property
    def network(self) -> Network | None:
        """The network in sight; None in an empty tab."""
        return self.document.network

    @property
    def displayed_network(self) -> Network | None:
        """The network, or its baseline while that is shown."""
        return self.document.displayed_network

    @property
    def is_baseline_shown(self) -> bool:
        """True while the baseline is displayed in place of the network."""
        return self.document.is_baseline_shown

    @property
    def expanded(self) -> frozenset[str]:
        """Ids of the groups and stacks whose content is visible."""
        return self.document.expanded

    @property
    def selection(self) -> tuple[str, ...]:
        """Ids of ops and groups, the last one selected at the end."""
        return self.document.selection

    @property
    def bookmarks(self) -> tuple[str, ...]:
        """Ids of cards."""
        return self.document.bookmarks

    @property
    def colour_mode(self) -> str:
        """A key of `COLOUR_MODES`, or the title of one of `colourings`."""
        return self.document.colour_mode

    @property
    def colourings(self) -> Mapping[str, Colouring]:
        """Colourings added by tools, by title."""
        return self.document.colourings

    @property
    def colouring(self) -> str | Colouring:
        """The colouring in use: a key of `COLOUR_MODES`, or a tool's numbers."""
        return self.colourings.get(self.colour_mode, self.colour_mode)

    # changes

    def show_document(self, document: Document) -> None:
        """Bring another document into sight. Its state is as it was left."""
        if document is not self.document:
            self._notify("leaving")
            self.document = document
            self._notify("document")
            self._notify("network")

    def set_network(
        self,
        network: Network,
        expanded: frozenset[str] | None = None,
        selection: tuple[str, ...] = (),
        bookmarks: tuple[str, ...] = (),
        renamed: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Set a newly opened network together with its `expanded` groups, as a new document in sight, or an edited one
        without them.

        An edited network keeps the groups, the selection, the bookmarks and the colourings; stages that it calls
        otherwise are given in `renamed` (`explorer.presenters.counterparts.find_renamed_parts`).
        """
        if expanded is None:
            self.change_network(self.document, network, renamed)
        else:
            document = Document(network, expanded, selection, bookmarks, level=self.default_level)
            document.colour_mode = self.colour_mode if self.colour_mode in COLOUR_MODES else "kind"
            self.show_document(document)

    def change_network(
        self,
        document: Document,
        network: Network,
        renamed: Mapping[str, tuple[str, ...]] | None = None,
        *,
        selection: tuple[str, ...] | None = None,
        is_followed: bool = False,
    ) -> None:
        """Set an edited version of a document's network, in sight or not (see `Document.set_network`), and what is
        selected in it; None for what was selected before."""
        document.set_network(network, renamed, is_followed=is_followed)
        if selection is not None:
            document.selection = selection
        self._notify("network" if document is self.document else "background")

    def show_baseline(self, shown: bool) -> None:
        """Display the baseline in place of the network, until `False` or until the network changes."""
        if shown != self.is_baseline_shown and self.network is not None:
            self.document.is_baseline_shown = shown
            self._notify("baseline")

    def set_default_level(self, level: Level) -> None:
        """Set the level that the next network is expanded to. Nothing visible changes, so no callback is called."""
        self.default_level = self.document.level = level

    def prefer_level(self, level: Level) -> None:
        """Set the level of networks that are opened from now on; that of the open one stays."""
        self.default_level = level

    def set_expanded(self, expanded: frozenset[str], level: Level | None = None) -> None:
        """Set which groups show their content, and the level of detail that they make, if they are those of one."""
        level = level or self.document.level
        if (expanded, level) != (self.expanded, self.document.level):
            self.document.expanded, self.document.level = expanded, level
            self._notify("expanded")

    def select(self, card_id: str | None) -> None:
        """Select a card alone, all members of a stack, or (None) nothing."""
        self._set_selection(members_of(card_id) if card_id is not None else ())

    def select_cards(self, card_ids: Iterable[str]) -> None:
        """Select several cards together, all members of each stack; none of them for nothing."""
        self._set_selection(tuple(dict.fromkeys(id for card in card_ids for id in members_of(card))))

    def _set_selection(self, selection: tuple[str, ...]) -> None:
        if selection != self.selection:
            self.document.selection = selection
            self._notify("selection")

    def toggle_selected(self, card_id: str) -> None:
        """Add a card to the selection, or remove it when it is selected; a stack of equal cards is toggled whole."""
        these = members_of(card_id)
        if set(these) <= set(self.selection):
            self._set_selection(tuple(id for id in self.selection if id not in these))
        else:
            self._set_selection(tuple(dict.fromkeys((*self.selection, *these))))

    def toggle_bookmark(self, card_id: str) -> None:
        """Add a bookmark, or remove it when there is one."""
        others = tuple(other for other in self.bookmarks if other != card_id)
        self.document.bookmarks = others if card_id in self.bookmarks else (*others, card_id)
        self._notify("bookmarks")

    def colour_by(self, colouring: str | Colouring) -> None:
        """Colour cards by a key of `COLOUR_MODES`, by the title of an added colouring, or by a tool's own numbers.

        A tool's colouring can be chosen under its title until the next network is opened; to update its numbers
        without choosing it, use `add_colouring`. Raises KeyError for an unknown name.
        """
        if isinstance(colouring, Colouring):
            self.document.colourings[colouring.title] = colouring
            colouring = colouring.title
        elif colouring not in COLOUR_MODES and colouring not in self.colourings:
            raise KeyError(colouring)
        self.document.colour_mode = colouring
        self._notify("colouring")

    def add_colouring(self, colouring: Colouring) -> None:
        """Offer a tool's numbers as a colouring; replaces the one of the same title, also where it is in use."""
        self.document.colourings[colouring.title] = colouring
        self._notify("colouring")

    def remove_colouring(self, title: str) -> None:
        """Remove a colouring whose numbers no longer hold; where it was in use, cards have their kinds' colours."""
        if self.document.colourings.pop(title, None) is not None:
            self.document.colour_mode = "kind" if self.colour_mode == title else self.colour_mode
            self._notify("colouring")

    def set_direction(self, direction: Direction) -> None:
        """Set which way the data flows on the canvas."""
        if direction != self.direction:
            self.direction = direction
            self._notify("direction")

    def set_sample(self, sample: Sample) -> None:
        """Set the image that networks are run on."""
        self.sample = sample
        self._notify("sample")

    def set_language(self, language: Language) -> None:
        """Set the language of explanations. Call it also when only texts of the window changed theirs."""
        self.language = language
        self._notify("language")

    def open_experiment(self, experiment: str, controls: Mapping[str, Any]) -> None:
        """Show the experiment with this id, some of its controls set; again, if it is shown already."""
        self.experiment = (experiment, controls)
        self._notify("experiment")

    def note_trained(self) -> None:
        """Tell that a training has finished: `explorer.training.trained_variants` finds what it reached."""
        self._notify("trained")

    def _notify(self, topic: Topic) -> None:
        for callback in self._callbacks.get(topic, ()):
            callback()
