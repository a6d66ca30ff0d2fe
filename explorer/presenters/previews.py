"""Preview of an edit: the figures and the ops it would change."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.analysis.analysis import Analysis
from explorer.analysis.edit_diff import OpChange, diff_ops
from explorer.analysis.figures.figures import Total
from explorer.base import number_format
from explorer.base.languages import tr, tr_n
from explorer.edits.channel_carrying import carry_channels
from explorer.presenters.change_text import describe_change
from explorer.presenters.stacks import find_visible_card
from explorer.presenters.summaries import build_summary
from explorer.viewmodels.panels import AffectedOp, Choice, EditPreview, HeadlineFigure


def build_preview(
    title: str, now: Analysis, edited: Analysis, baseline: Analysis, expanded: frozenset[str]
) -> EditPreview:
    """Return the figures after an edit, and the ops it changes with the visible cards they are on."""
    found = [
        change for change in diff_ops(now, edited) if change.kind != "changed" or change.after is not change.before
    ]
    followers = tuple(
        AffectedOp(
            change.name,
            describe_change(now, edited, change),
            change.params,
            change.macs,
            _card_of_change(now, edited, change, expanded),
        )
        for change in found
    )
    followers = followers or tuple(_reweighted_ops(now, edited, expanded))
    total, was = edited.figures.total, now.figures.total
    counts = (
        HeadlineFigure(tr("Parameters"), total.params, was.params, ""),
        HeadlineFigure("MACs", total.macs, was.macs, ""),
        HeadlineFigure(
            tr("Activation memory"), edited.figures.activations.bytes, now.figures.activations.bytes, "bytes"
        ),
    )
    return EditPreview(title, counts, followers, build_summary(edited, baseline))


def _reweighted_ops(now: Analysis, edited: Analysis, expanded: frozenset[str]) -> Iterator[AffectedOp]:
    """The layers that would be as they are but keep the weights of other channels."""
    before, after = (carry_channels(one.architecture).live for one in (now, edited))
    for name, node in after.items():
        if name in before and before[name].channel_map != node.channel_map:
            card = find_visible_card(now, expanded, name)
            yield AffectedOp(name, tr("keeps the weights of other channels"), 0, 0, card)


def build_cost_preview(title: str, now: Total, params: int, macs: int) -> EditPreview:
    """Return the preview of an edit of which only the cost is shown: what it adds to parameters and multiply-adds."""
    counts = (
        HeadlineFigure(tr("Parameters"), now.params + params, now.params, ""),
        HeadlineFigure("MACs", now.macs + macs, now.macs, ""),
    )
    return EditPreview(title, counts, (), None)


def build_refusal(title: str, reason: str, repairs: tuple[Choice, ...] = ()) -> EditPreview:
    """Return the preview of an edit that cannot be made, with what could be made instead."""
    return EditPreview(title, (), (), None, reason, repairs)


def preview_headline(preview: EditPreview) -> str:
    """Return "22 ops change: −1.2 M parameters"."""
    count = len(preview.affected_ops)
    params = sum(follower.params for follower in preview.affected_ops)
    if not count:
        return tr("Nothing changes")
    change = number_format.format_signed(params)
    return tr_n("{n} op changes: {params} parameters", "{n} ops change: {params} parameters", count, params=change)


def _card_of_change(now: Analysis, edited: Analysis, change: OpChange, expanded: frozenset[str]) -> str:
    """The card that shows an op at present: its own, or that of the folded group it is in."""
    hierarchy = now.hierarchy
    name = change.name
    if name not in hierarchy.parent:  # new: what it goes behind is there already
        sources = edited.architecture.nodes[name].inputs if change.after is not None else ()
        name = next((source for source in sources if source in hierarchy.parent), "")
    return find_visible_card(now, expanded, name)
