"""A document: one open network, and everything that belongs to it alone.

Its history, the groups that are expanded, the selection, the bookmarks, how its cards are coloured, where one looks,
the file it is saved in. What belongs to the window instead (the photo, the language, the direction of the data) is in
`explorer.session`. No Qt, and nothing here computes anything.

What must always hold: a document has one opened network for all its life. Edits give it other versions of that network;
another network is another document. So whoever waits for a result about a network remembers the document it is for, and
drops the result where that is no longer the one in sight (`explorer.session.Session.document`) or no longer open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.base.languages import tr
from explorer.viewmodels.card_ids import rename_ids
from explorer.viewmodels.diagram import Colouring, Level

if TYPE_CHECKING:  # importing these imports torch
    from pathlib import Path

    from explorer.edits import Edit
    from explorer.network import Network
    from explorer.weights.checkpoint_matching import MatchedCheckpoint


@dataclass(frozen=True, slots=True)
class ViewState:
    """Where one looks at a diagram, for a canvas of any size."""

    scale: float  # pixels per unit of the picture
    centre: tuple[float, float]  # the point of the picture in the middle of the canvas
    is_fitted: bool  # the whole picture is fitted into the canvas, whatever its size


@dataclass(frozen=True, slots=True)
class DocumentState:
    """What a file of a document holds of its network, beside which network it is."""

    edits: tuple[Edit, ...] = ()  # in force
    weights: MatchedCheckpoint | None = None  # None for those it was opened with


def state_of(network: Network) -> DocumentState:
    """Return the state of a document that holds a network."""
    return DocumentState(network.history.applied_edits, network.context.checkpoint)


class Document:
    """State of one tab, changed by `explorer.session.Session`. Without a network it is an empty tab."""

    def __init__(
        self,
        network: Network | None = None,
        expanded: frozenset[str] = frozenset(),
        selection: tuple[str, ...] = (),
        bookmarks: tuple[str, ...] = (),
        *,
        level: Level = "blocks",
        is_preview: bool = False,
    ) -> None:
        self.network = network
        self.expanded = expanded  # ids of the groups and stacks whose content is visible
        self.selection = selection  # ids of ops and groups, the last one selected at the end
        self.bookmarks = bookmarks  # ids of cards
        self.level: Level = level  # of detail that was chosen last
        self.is_baseline_shown = False
        self.colour_mode = "kind"  # a key of `COLOUR_MODES`, or the title of one of `colourings`
        self.colourings: dict[str, Colouring] = {}  # added by tools, by title
        self.view: ViewState | None = None  # while the tab is not in sight; None for the beginning
        self.path: Path | None = None  # of the project file; None while there is none
        self.source: Path | None = None  # the file it was opened from, of any format
        self.is_preview = is_preview  # the next network that is merely looked at takes its place
        self.is_open = True  # False for good once its tab was closed
        self.fingerprint = ""  # of the project file when it was read or saved
        #: That of the file, or when the network was opened; None where it is not known.
        self.saved_state: DocumentState | None = self.current_state

    @property
    def current_edits(self) -> tuple[Edit, ...]:
        """The edits in force."""
        return self.network.history.applied_edits if self.network is not None else ()

    @property
    def current_state(self) -> DocumentState:
        """The edits in force and the weights: what a file of the document holds of its network."""
        return state_of(self.network) if self.network is not None else DocumentState()

    @property
    def is_modified(self) -> bool:
        """True when the user made edits or gave other weights since the network was opened or saved."""
        return self.current_state != self.saved_state

    @property
    def displayed_network(self) -> Network | None:
        """The network, or its baseline while that is shown."""
        return self.network.baseline if self.is_baseline_shown and self.network is not None else self.network

    @property
    def title(self) -> str:
        """Name of the file, or else of the network."""
        if self.path is not None:
            return self.path.name
        return self.network.shown_title if self.network is not None else tr("New tab")

    def set_network(
        self, network: Network, renamed: Mapping[str, tuple[str, ...]] | None = None, *, is_followed: bool = False
    ) -> None:
        """Set an edited version of the network, or one with other weights.

        Args:
            renamed: stages that it calls otherwise (`explorer.presenters.counterparts.find_renamed_parts`).
            is_followed: the change was not the user's own but a step of a guide or a lineage, made again in one click,
                or weights that are published: alone, it is nothing to save.
        """
        follows = is_followed and not self.is_modified
        before = self.current_edits
        self.network = network
        self.is_baseline_shown = False
        if self.current_edits != before:
            self.is_preview = False
        if renamed:
            self.expanded = frozenset(rename_ids(self.expanded, renamed))
            self.selection = rename_ids(self.selection, renamed)
            self.bookmarks = rename_ids(self.bookmarks, renamed)
        if follows:
            self.saved_state = self.current_state
