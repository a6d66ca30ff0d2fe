"""What an edit does to one op, in a few characters.

Invariant: the words name something that differs. "on 3×512×512 (was 3×227×227)" is said where what an op reads has
other sides or channels, "batch of 8 (was 1)" where only their number differs, and a setting where a setting does.
"""

from __future__ import annotations

from explorer.analysis.analysis import Analysis
from explorer.analysis.edit_diff import OpChange
from explorer.analysis.figures.shape import Shape
from explorer.base.languages import join_list, tr
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Input
from explorer.presenters.layer_settings import setting_changes


def describe_change(before: Analysis, after: Analysis, change: OpChange) -> str:
    """Describe the change of one op between two states of a network: "16 → 48 (was 16 → 96)"."""
    if change.after is None:
        return tr("removed")
    if change.before is None:
        return tr("new: {layer}", layer=op_kinds.label(change.after))
    now, was = _attributes(change.after), _attributes(change.before)
    title, former = op_kinds.label(change.after), op_kinds.label(change.before)
    if title != former:
        former = _title_with_attributes(former, was) if was != now else former
        return tr("{now} (was {before})", now=_title_with_attributes(title, now), before=former)
    is_off, was_off = (isinstance(node.op, Bypass) for node in (change.after, change.before))
    if is_off != was_off:
        return tr("{layer} off", layer=title) if is_off else tr("{layer} on", layer=title)
    if now and was and now != was:
        return tr("{now} (was {before})", now=f"{title} · {now}", before=was)
    if details := join_list(setting_changes(change.before, change.after)):
        return f"{title} · {details}"
    return _describe_input_change(before, after, title, change.before, change.after)


def _describe_input_change(before: Analysis, after: Analysis, title: str, was: Node, now: Node) -> str:
    """Say what differs around an op whose settings are what they were."""
    if isinstance(was.op, Constant) and isinstance(now.op, Constant):
        old, new = ("×".join(map(str, op.tensor.shape)) for op in (was.op, now.op))
        return tr("{layer}: {now} (was {before})", layer=title, now=new, before=old)
    if len(was.inputs) != len(now.inputs):
        return tr("{layer}, {now} inputs (was {before})", layer=title, now=len(now.inputs), before=len(was.inputs))
    for old_shape, new_shape in _compared_shapes(before, after, was, now):
        if str(old_shape) != str(new_shape) and isinstance(now.op, Input):
            return tr("{layer}: {now} (was {before})", layer=title, now=new_shape, before=old_shape)
        if str(old_shape) != str(new_shape):
            return tr("{layer}, on {now} (was {before})", layer=title, now=new_shape, before=old_shape)
        if old_shape.dims != new_shape.dims:
            old_count, new_count = old_shape.dims[0], new_shape.dims[0]
            return tr("{layer}, batch of {now} (was {before})", layer=title, now=new_count, before=old_count)
    return tr("{layer}, other arguments", layer=title)


def _compared_shapes(before: Analysis, after: Analysis, was: Node, now: Node) -> list[tuple[Shape, Shape]]:
    """Shapes of what an op reads, in both states; of what it makes, where it reads nothing or the same."""
    pairs = [*zip(was.inputs, now.inputs, strict=True), (was.name, now.name)]
    found = [(before.figures.shape(old), after.figures.shape(new)) for old, new in pairs]
    return [(old, new) for old, new in found if old is not None and new is not None]


def _attributes(node: Node) -> str:
    count = getattr(node.layer, "num_features", None) or getattr(node.layer, "num_channels", None)
    return op_kinds.attributes(node) or (tr("{count} channels", count=count) if count else "")


def _title_with_attributes(title: str, attributes: str) -> str:
    return f"{title} · {attributes}" if attributes else title
