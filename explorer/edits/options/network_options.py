"""Options of stages and the whole network: multipliers, head, image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from explorer.analysis.analysis import Analysis, analyse
from explorer.base.languages import tr
from explorer.base.memo import memoise
from explorer.edits.channel_groups import Row
from explorer.edits.depth import MultiplyDepth, runs_at
from explorer.edits.heads import HEAD_TITLES, SetClasses, SwapHead, find_head_structure
from explorer.edits.inputs import ApplyCompoundScaling, SetInputSize
from explorer.edits.last_stage import ReorderLastStage, find_last_stage
from explorer.edits.options.scope import OptionScope
from explorer.edits.options.spatial_size import accepts_size, is_too_small
from explorer.edits.repairs import is_applicable, try_edit
from explorer.edits.size_limits import MAX_LAYER_PARAMS
from explorer.edits.widths import MultiplyWidth
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Input, Layer
from explorer.viewmodels.panels import Option


def multiplier_options(scope: OptionScope) -> Iterator[Option]:
    """Width and depth multipliers."""
    tip = tr("Multiplies every width, rounded to a multiple of 8; hidden widths keep their ratio.")
    values = [0.25, 0.35, 0.5, 0.75, 1.0, 1.1, 1.25, 1.4, 1.5, 2.0, 3.0]
    edits = [MultiplyWidth(scope.at, v) for v in values]
    kept = [edit for edit in edits if edit.by == 1 or edit.has_effect(scope.architecture)]
    if len(kept) > 1:
        yield scope.slider_option(tr("Width multiplier"), 1.0, [(edit.by, f"×{edit.by:g}", edit) for edit in kept], tip)
    else:
        yield scope.disabled_option(
            tr("Width multiplier"),
            tr("The widths {place} are fixed, or are rounded to their present values.", place=scope.location),
            tip,
        )
    tip = tr("Multiplies the number of blocks in every run of equal blocks, rounded up.")
    lengths = [len(run) for run in runs_at(scope.architecture, scope.at)]
    if not lengths:
        yield scope.disabled_option(
            tr("Depth multiplier"), tr("There are no blocks {place}.", place=scope.location), tip
        )
        return
    values = [0.25, 0.5, 0.75, 1.0, 1.1, 1.2, 1.4, 1.5, 1.8, 2.0, 3.0]
    values = [v for v in values if v == 1 or any(math.ceil(n * v - 1e-9) != n for n in lengths)]
    deeper = {v: MultiplyDepth(scope.at, v) for v in values}
    if _needs_trial(scope):
        deeper = {v: edit for v, edit in deeper.items() if v == 1 or is_applicable(edit, scope.architecture)}
    found = [(v, f"×{v:g}", edit) for v, edit in deeper.items()]
    yield scope.slider_option(tr("Depth multiplier"), 1.0, found, tip)


def head_options(scope: OptionScope) -> Iterator[Option]:
    """Head and last stage, and the number of classes."""
    known = find_head_structure(scope.architecture)
    tip = tr("How classes are computed from the last map: three large linear layers (VGG), or pooling and one.")
    if known is None:
        yield scope.disabled_option(
            tr("Head"), tr("The network does not end with linear layers on a pooled or flattened map."), tip
        )
    else:
        yield scope.choice_option(
            tr("Head"), known.kind, [(name, tr(title), SwapHead(name)) for name, title in HEAD_TITLES.items()], tip
        )
    ending = find_last_stage(scope.architecture)
    if ending is not None:
        words = {"conv_first": tr("1×1, then pool (v2)"), "pool_first": tr("pool, then 1×1 (v3)")}
        tip = tr("MobileNetV3 pools before its last 1×1: the same layer then works on one position instead of 49.")
        edits = [(name, label, ReorderLastStage(name)) for name, label in words.items()]
        yield scope.choice_option(tr("Last stage"), ending.order, edits, tip)
    yield from class_options(scope)


def class_options(scope: OptionScope) -> Iterator[Option]:
    """Number of classes."""
    tip = tr("Number of classes of the output.")
    names = scope.architecture.output.inputs
    channel_groups = scope.channel_groups
    rows = [channel_groups.rows.get(name) for name in names]
    if not rows or any(
        row is None or any(channel_groups.segments[a].lock_reason for a in channel_groups.linear_form(row))
        for row in rows
    ):
        yield scope.disabled_option(
            tr("Classes"), tr("The output of the network is not computed by a single layer."), tip
        )
        return
    count = channel_groups.size(rows[0] or ())
    values = [v for v in sorted({2, 10, 37, 100, 101, 200, 365, 1000, 21841, count}) if _can_be_built(scope, rows, v)]
    found = [(v, f"{v:,}", SetClasses(v)) for v in values]
    yield scope.choice_option(tr("Classes"), count, found, tip)


def _can_be_built(scope: OptionScope, rows: Sequence[Row | None], count: int) -> bool:
    """Whether the layers that make the output stay within what is built with that many classes: those of a shortcut,
    where the output is no head, read as many as they make."""
    groups, nodes = scope.channel_groups, scope.architecture.nodes
    for row in rows:
        before = groups.size(row or ())
        for segment in groups.linear_form(row or ()):
            for node in (nodes[name] for name in groups.producers_of(segment)):
                if not isinstance(node.op, Layer) or count <= before:
                    continue
                read = groups.rows.get(node.inputs[0]) if node.inputs else None
                power = 2 if read is not None and segment in groups.linear_form(read) else 1
                params = sum(tensor.numel() for tensor in node.op.named_tensors.values())
                if params * (count / before) ** power > MAX_LAYER_PARAMS:
                    return False
    return True


def input_options(scope: OptionScope) -> Iterator[Option]:
    """Resolution, channels, batch; nothing where the input is no image."""
    op = scope.architecture.input.op
    if len(scope.architecture.input_shape) != 4 or not isinstance(op, Input) or op.value is not None:
        return
    batch, count, height, width = scope.architecture.input_shape
    tip = tr("Side of the image. Multiply-adds grow with its square; parameters stay, unless a map is flattened.")
    sides = sorted({32, 64, 96, 128, 160, 192, 224, 256, 288, 299, 320, 384, 448, 512, 600, height})
    sides = [side for side in sides if _accepts_side(scope, side)] if height == width else []
    if height != width:
        yield scope.disabled_option(tr("Resolution"), tr("The image is not square."), tip)
    elif all(side == height for side in sides):
        reason = tr("Attention, or code written for one size, ties this network to its resolution.")
        yield scope.disabled_option(tr("Resolution"), reason, tip)
    else:
        yield scope.slider_option(
            tr("Resolution"), height, [(s, str(s), SetInputSize(resolution=s)) for s in sides], tip
        )
    found = [
        (n, {1: tr("1 (grey)"), 3: tr("3 (colour)")}.get(n, str(n)), SetInputSize(channels=n))
        for n in sorted({1, 3, 4, count})
    ]
    yield scope.choice_option(tr("Channels"), count, found, tr("Channels of the image."))
    tip = tr("Number of images at once. Figures count all of them.")
    writes = next((node.name for node in scope.nodes if _has_literal_batch(node)), "")
    if writes:
        yield scope.disabled_option(
            tr("Batch"), tr("{name} reshapes to a number of images that is written into the code.", name=writes), tip
        )
        return
    sizes = [(n, str(n), SetInputSize(batch=n)) for n in sorted({1, 2, 4, 8, 16, 32, batch})]
    yield scope.choice_option(tr("Batch"), batch, sizes, tip)


def _has_literal_batch(node: Node) -> bool:
    """A reshape whose first side is a plain number, not one read off the map or left to be found (-1)."""
    if getattr(node.op, "name", "") not in ("view", "reshape", "expand"):
        return False
    first = next(iter(node.args[1:]), -1)
    first = next(iter(first), -1) if isinstance(first, (tuple, list)) else first
    return isinstance(first, int) and first != -1


def _accepts_side(scope: OptionScope, exact: float) -> bool:
    """May the image have this side, rounded? Tried where what is behind it is not understood."""
    image, side = scope.architecture.input.name, round(exact)
    if accepts_size(scope.analysis, image, side):
        return True
    if is_too_small(scope.analysis, image, side):
        return False
    return memoise(scope.analysis, ("works with side", side), lambda: _works_with_side(scope.analysis, side))


def _works_with_side(analysis: Analysis, side: int) -> bool:
    """Does the network work with an image of this side, with all tensors as they are? What is learned for each place,
    such as the position embedding of a transformer, would have to be learned again."""
    architecture = analysis.architecture
    if side == architecture.input_shape[-1]:
        return True
    resized = try_edit(SetInputSize(resolution=side), architecture)
    if resized is None:
        return False
    before, after = analysis.figures.measures, analyse(resized).figures.measures
    constants = [node.name for node in resized.live.values() if isinstance(node.op, Constant)]
    return all(after[name].value == before[name].value for name in constants)


def compound_scaling_options(scope: OptionScope) -> Iterator[Option]:
    """Compound scaling φ (EfficientNet)."""
    tip = tr(
        "EfficientNet's φ: depth × 1.2^φ, width × 1.1^φ, resolution × 1.15^φ, so that multiply-adds grow about 2^φ."
    )
    side = scope.architecture.input_shape[-1]
    has_runs = bool(runs_at(scope.architecture, scope.at))
    values = [v for v in (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0) if has_runs and _accepts_side(scope, side * 1.15**v)]
    if values and (_needs_trial(scope) or not accepts_size(scope.analysis, scope.architecture.input.name, side)):
        values = [v for v in values if v == 0 or is_applicable(ApplyCompoundScaling(v), scope.architecture)]
    if not any(values):
        reason = tr("It needs a network of blocks that accepts any resolution.")
        yield scope.disabled_option(tr("Compound scaling φ"), reason, tip)
        return
    found = [(v, f"{v:g}", ApplyCompoundScaling(v)) for v in values]
    yield scope.slider_option(tr("Compound scaling φ"), 0.0, found, tip)


def _needs_trial(scope: OptionScope) -> bool:
    """Does a run end with a block that changes its shape, and has a part made for one number of channels, ways that
    meet, or an even kernel, which no padding keeps the size of? Edits make such (a ShuffleNet v2 with one wider unit, a
    Swin block without its shortcut, ConvNeXt's stem as a block), Inception-ResNet's reduction is one, and what becomes
    of a copy is only known when it is tried."""
    return any(
        not run[-1].keeps_shape and any(map(_may_not_fit, run[-1].layers))
        for run in runs_at(scope.architecture, scope.at)
    )


def _may_not_fit(node: Node) -> bool:
    kernel = getattr(node.layer, "kernel_size", 1)
    sides = kernel if isinstance(kernel, tuple) else (kernel,)
    return op_kinds.kind(node) in _UNLIKE_IN_COPIES or any(side % 2 == 0 for side in sides)


_UNLIKE_IN_COPIES = frozenset({"split", "shuffle", "attention", "reshape", "constant", "concat", "add"})
