"""Search for ops and groups of a network: "conv k>3", "params>1M /layer[34]/".

The language is that of `explorer.base.query`. What is only *in* a match is not matched with it, unless something is
said of it too: "layer3.0" finds the block, "layer3.0 conv" its convolutions.
"""

from __future__ import annotations

from explorer.analysis.analysis import Analysis
from explorer.base.query import parse_query
from explorer.presenters.search_index import search_index
from explorer.viewmodels.card_query import CARD_VOCABULARY


def search_cards(analysis: Analysis, text: str) -> tuple[str, ...]:
    """Return the ids of the ops and groups that match, in execution order; none for an empty query.

    Raises QueryError.
    """
    query = parse_query(text, CARD_VOCABULARY)
    if query.is_empty:
        return ()
    return tuple(entry.id for entry in search_index(analysis) if query.matches(entry))
