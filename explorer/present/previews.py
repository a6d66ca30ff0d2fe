"""What an edit would do, before it is made."""

from __future__ import annotations

from explorer import numbers
from explorer.analysis.changes import Changed, changes, words
from explorer.analysis.study import Study
from explorer.panels import Choice, Count, Follower, Preview
from explorer.present.stacks import shown_on
from explorer.present.summaries import summary


def preview(title: str, now: Study, then: Study, baseline: Study, opened: frozenset[str]) -> Preview:
    """The figures after an edit, and the layers that change with it, by the cards that are visible."""
    found = [change for change in changes(now, then) if change.what != "changed" or change.now is not change.was]
    followers = tuple(
        Follower(change.name, words(change), change.params, change.macs, _card(now, then, change, opened))
        for change in found
    )
    total, was = then.figures.total, now.figures.total
    counts = (
        Count("Parameters", total.params, was.params, ""),
        Count("MACs", total.macs, was.macs, ""),
        Count("Activation memory", then.figures.activations.bytes, now.figures.activations.bytes, "bytes"),
    )
    return Preview(title, counts, followers, summary(then, baseline))


def refusal(title: str, reason: str, repairs: tuple[Choice, ...] = ()) -> Preview:
    """An edit that cannot be made, with what could be made instead."""
    return Preview(title, (), (), None, reason, repairs)


def headline(preview: Preview) -> str:
    """ "22 layers change: −1.2 M parameters"."""
    count = len(preview.follows)
    params = sum(follower.params for follower in preview.follows)
    what = f"{count} op{'s' if count != 1 else ''} change{'s' if count == 1 else ''}"
    return f"{what}: {numbers.signed(params)} parameters" if count else "Nothing changes"


def _card(now: Study, then: Study, change: Changed, opened: frozenset[str]) -> str:
    """The card that shows an op at present: its own, or that of the folded group it is in."""
    hierarchy = now.hierarchy
    name = change.name
    if name not in hierarchy.parent:  # new: what it goes behind is there already
        sources = then.architecture.nodes[name].inputs if change.now is not None else ()
        name = next((source for source in sources if source in hierarchy.parent), "")
    return shown_on(now, opened, name)
