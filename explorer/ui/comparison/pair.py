"""Two documents beside each other: the one in sight and its partner, and which parts answer to each other.

The partner is another open document, or a state of the history of the one in sight, as a document that has no tab. What
must always hold while the two are linked: what answers to each other is open on both sides or on none, and selected on
both or on none, whichever side was acted on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.base.languages import add_note, tr
from explorer.document import Document
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import COLOUR_MODES

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.ui.base.jobs import ComparisonResult

_NO_PAIRS: Mapping[str, str] = {}


def state_title(document: Document, position: int) -> str:
    """Return the name of a state of a document's history: "2. Activation GELU everywhere"."""
    if position == 0 or document.network is None:
        return tr("Baseline")
    return f"{position}. {document.network.history.edits[position - 1].title}"


@dataclass
class Pair:
    """What stands beside the document in sight."""

    partner: Document
    position: int | None  # of the history that the partner is a state of; None for a document with a tab
    is_left: bool  # the partner stands on the left
    comparison: ComparisonResult | None = None  # of the left network with the right one; None until it is there

    @property
    def is_tab(self) -> bool:
        """Whether the partner is an open document, which can come into sight."""
        return self.position is None

    @property
    def partner_network(self) -> Network:
        """The partner's network."""
        assert self.partner.network is not None
        return self.partner.network

    def sides(self, active: Network) -> tuple[Network, Network]:
        """Return the left network and the right one."""
        return (self.partner_network, active) if self.is_left else (active, self.partner_network)

    @property
    def to_partner(self) -> Mapping[str, str]:
        """Ops and groups of the network in sight, with what answers to them in the partner's."""
        if self.comparison is None:
            return _NO_PAIRS
        return self.comparison.counterparts if self.is_left else self.comparison.differences.pairs

    @property
    def from_partner(self) -> Mapping[str, str]:
        """Ops and groups of the partner's network, with what answers to them in that in sight."""
        if self.comparison is None:
            return _NO_PAIRS
        return self.comparison.differences.pairs if self.is_left else self.comparison.counterparts

    def is_compared(self, active: Network) -> bool:
        """Whether the comparison is that of the two networks as they are now."""
        if self.comparison is None:
            return False
        return all(one is two for one, two in zip(self.comparison.networks, self.sides(active), strict=True))

    def names(self, active: Document, tab_of: Callable[[Document], int]) -> tuple[str, str]:
        """Return the names of the left side and the right one; two that are called the same have the numbers of their
        tabs, which `tab_of` gives from 0."""
        partner, own = self.partner.title, active.title
        if self.position is not None:
            state = f"{own} · {state_title(self.partner, self.position)}"
            partner = state if self.position else tr("{network} · baseline", network=own)
        elif partner == own:
            partner, own = add_note(partner, tab_of(self.partner) + 1), add_note(own, tab_of(active) + 1)
        return (partner, own) if self.is_left else (own, partner)

    def swap(self, former: Document) -> None:
        """Let the document that was in sight be the partner of the one that is now; both stay on their sides."""
        self.partner, self.is_left = former, not self.is_left

    def differing(self, *, on_left: bool) -> list[str]:
        """Return the cards of a side that differ from the other one, or are there alone."""
        rows = self.comparison.differences.rows if self.comparison is not None else ()
        ids = (row.left_card if on_left else row.right_card for row in rows)
        return [id for id in ids if id]

    def follow(self, active: Document) -> None:
        """Fold, select and colour the partner as the document in sight is."""
        from explorer.presenters.linked_folding import follow_expanded

        partner, pairs = self.partner, self.to_partner
        partner.expanded = follow_expanded(active.expanded, partner.expanded, pairs, self.partner_network.analysis)
        partner.level = active.level
        partner.selection = tuple(pairs[part] for part in active.selection if part in pairs)
        partner.colour_mode = active.colour_mode if active.colour_mode in COLOUR_MODES else "kind"

    def drawn_card(self, id: str) -> str:
        """Return the card that shows a part of the partner's network as it is unfolded now."""
        from explorer.presenters.search_index import find_card

        return find_card(self.partner_network.analysis, id, self.partner.expanded)

    def counterpart_of(self, card: str) -> str:
        """Return the card of the partner, as it is drawn there, that answers to one in sight; empty for none."""
        pairs = self.to_partner
        answers = [pairs[part] for part in members_of(card) if part in pairs]
        return self.drawn_card(answers[-1]) if answers else ""
