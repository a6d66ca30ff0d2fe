"""Recognition of blocks by structure, never by class name.

So torchvision's, timm's and anyone's own modules get the same names. What is not certain is just a block.
`block_structure` takes the block apart; here is which structure has which name.
"""

from __future__ import annotations

from collections.abc import Iterable

from explorer.base.languages import Text, tr_noop
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group
from explorer.graph.node import Node
from explorer.graph.op_kinds import WEIGHTED
from explorer.graph.ops import Bypass
from explorer.graph.recognition import patterns
from explorer.graph.recognition.block_structure import (
    BlockStructure,
    group_count,
    in_channels,
    kernel_size,
    out_channels,
)
from explorer.graph.recognition.patterns import Pattern
from explorer.graph.recognition.shortcuts import find_shortcuts
from explorer.graph.recognition.squeeze_excitation import is_gate_module


def recognise(group: Group, architecture: Architecture) -> Pattern:
    """Return the pattern of a group."""
    if group.role == "unit":
        return _recognise_unit(group, architecture)
    if group.role != "block":
        return patterns.ROLES[group.role]
    if is_gate_module(group, architecture):
        return patterns.GATE
    return _recognise_block(BlockStructure(group, architecture))


def recognise_stage(blocks: Iterable[Pattern]) -> Pattern:
    """Return the pattern of a stage, given those of its blocks."""
    count = 0
    for pattern in blocks:
        if pattern is not patterns.DENSE:  # the rest of them need not be looked at
            return patterns.ROLES["stage"]
        count += 1
    return patterns.DENSE_BLOCK if count > 1 else patterns.ROLES["stage"]


def is_transition(group: Group, architecture: Architecture) -> bool:
    """Whether a block stands between two dense blocks (Huang et al., 2017, table 1)."""
    return _match_transition(BlockStructure(group, architecture)) is not None


def _recognise_block(block: BlockStructure) -> Pattern:
    if _has_attention(block):
        return _match_attention(block)
    if not block.weighted_layers:
        return patterns.BLOCK
    for known in (
        _match_shuffle,
        _match_repvgg,
        _match_concatenated,
        _match_transition,
        _match_dense_layer,
        _match_classifier,
    ):
        if (found := known(block)) is not None:
            return found
    if block.shortcut is None and block.is_branch:
        return patterns.BRANCH
    if (found := _match_straight(block) or _match_residual(block)) is not None:
        return _add_remarks(found, block)
    return patterns.PROJECTION if _is_projection(block) else patterns.BLOCK


def _add_remarks(pattern: Pattern, block: BlockStructure) -> Pattern:
    """The pattern, with what is said of its shortcut and gates."""
    if block.gates:
        pattern = pattern.with_addition(patterns.GATED).with_sentence(patterns.SQUEEZED)
    if block.shortcut is not None and not block.shortcut.enabled:
        pattern = pattern.with_sentence(patterns.OFF, tr_noop("shortcut off"))
    return pattern


# --- one way straight through ---------------------------------------------------------------------------------------


def _match_straight(block: BlockStructure) -> Pattern | None:
    """Named by the form of the straight way: which layers follow one another."""
    if block.ghost_layers:
        return _match_ghost(block)
    if block.layer_codes == "1d1":
        return _match_inverted_residual(block) or _match_bottleneck(block)
    named = {
        "d1": _match_separable,
        "d11": _match_convnext,
        "k1": _match_fused_inverted,
        "1k1": _match_bottleneck,
        "11": _match_mlp,
    }.get(block.layer_codes)
    return named(block) if named is not None else _match_full_convolutions(block)


def _match_inverted_residual(block: BlockStructure) -> Pattern | None:
    first, _, last = block.main_layers
    hidden = out_channels(first)
    if hidden < in_channels(first):
        return None
    widest = hidden > max(in_channels(first), out_channels(last))
    if block.shortcut is None and not (widest or _ends_linear(block)):
        return None
    return _describe_bottleneck(patterns.INVERTED, block)


def _match_separable(block: BlockStructure) -> Pattern:
    """A filter for each channel and a 1×1. With the activation between the two and none at the end it is an inverted
    residual that does not expand, as MobileNetV2 begins (Sandler et al., 2018, table 2, t = 1)."""
    if _ends_linear(block) and block.is_activated(block.main_layers[0]):
        return _describe_bottleneck(patterns.INVERTED_ALONE, block)
    return (
        patterns.RESIDUAL_SEPARABLE.with_sentence(patterns.AROUND) if block.shortcut is not None else patterns.SEPARABLE
    )


def _match_convnext(block: BlockStructure) -> Pattern | None:
    depthwise, wide, narrow = block.main_layers
    widens = out_channels(wide) > in_channels(wide) and out_channels(narrow) < in_channels(narrow)
    if block.shortcut is None or block.is_activated(depthwise) or not widens:
        return None
    return patterns.CONVNEXT.with_sentence(patterns.AROUND)


def _match_fused_inverted(block: BlockStructure) -> Pattern | None:
    full, narrow = block.main_layers
    widens = out_channels(full) > in_channels(full) and out_channels(narrow) < in_channels(narrow)
    if not widens or group_count(full) > 1 or not _ends_linear(block):
        return None
    return _describe_bottleneck(patterns.FUSED, block)


def _describe_bottleneck(pattern: Pattern, block: BlockStructure) -> Pattern:
    """The pattern, with whether its narrow end is linear and what joins its ends."""
    acts = [
        node
        for node in block.ops_after(block.main_layers[-1])
        if op_kinds.activation_name(node) not in (None, "linear")
    ]
    acts += [
        n
        for n in block.ops_after(block.main_layers[-1])
        if op_kinds.is_activation(n) and op_kinds.activation_name(n) is None
    ]
    by_edit = tr_noop("bottleneck activated") if any(node.added for node in acts) else ""
    pattern = pattern.with_sentence(patterns.ACTIVATED if acts else patterns.LINEAR, by_edit)
    return pattern.with_sentence(patterns.AROUND if block.shortcut is not None else patterns.NO_AROUND)


def _match_bottleneck(block: BlockStructure) -> Pattern | None:
    first, middle, last = block.main_layers
    hidden, side, cardinality = out_channels(first), kernel_size(middle), group_count(middle)
    narrow, wide = hidden < out_channels(last), hidden > max(in_channels(first), out_channels(last))
    depthwise = op_kinds.kind(middle) == "depthwise"
    if block.shortcut is None and not (narrow and hidden < in_channels(first)):
        return None
    if depthwise and not narrow:
        return None
    if block.shortcut is not None and not wide:
        name = _RESIDUAL_BOTTLENECKS[block.is_pre_activation]
    else:
        name = tr_noop("Inverted bottleneck") if wide else tr_noop("Bottleneck")
    shape = patterns.NARROW if narrow else patterns.WIDE if wide else patterns.EVEN
    pattern = Pattern(name, (Text(shape, {"k": side}),))
    if depthwise:
        pattern = pattern.with_addition(tr_noop("{block}, depthwise")).with_sentence(patterns.DEPTHWISE, k=side)
    elif cardinality > 1:
        pattern = pattern.with_addition(tr_noop("{block}, cardinality {count}"), count=cardinality)
        pattern = pattern.with_sentence(patterns.CARDINALITY, k=side, groups=cardinality)
    return pattern.with_sentence(patterns.AROUND) if block.shortcut is not None else pattern


def _match_mlp(block: BlockStructure) -> Pattern | None:
    wide, narrow = block.main_layers
    linear = all(op_kinds.kind(step) == "linear" for step in block.main_layers)
    if (
        block.shortcut is not None
        or not linear
        or not block.is_activated(wide)
        or out_channels(wide) <= out_channels(narrow)
    ):
        return None
    return patterns.MLP


def _match_full_convolutions(block: BlockStructure) -> Pattern | None:
    """Full convolutions in a row."""
    if len(block.main_layers) < 2 or set(block.layer_codes) != {"k"} or len(set(block.kernel_sizes)) > 1:
        return None
    if block.shortcut is None:
        ends = any(op_kinds.kind(node) in ("add", "multiply", "concat") for node in block.users)
        return None if ends else patterns.PLAIN_BLOCK
    if len(block.main_layers) > 2:
        return None
    return _residual_block(block, patterns.BASIC, k=block.kernel_sizes[0])


def _match_residual(block: BlockStructure) -> Pattern | None:
    """Layers with a way around all of them, whatever they are."""
    return _residual_block(block, patterns.RESIDUAL) if block.shortcut is not None else None


#: By whether norm and activation come before the convolutions.
_RESIDUAL_BLOCKS = {False: tr_noop("Residual block"), True: tr_noop("Pre-activation residual block")}
_RESIDUAL_BOTTLENECKS = {False: tr_noop("Residual bottleneck"), True: tr_noop("Pre-activation residual bottleneck")}


def _residual_block(block: BlockStructure, sentence: str, **values: int) -> Pattern:
    return Pattern(_RESIDUAL_BLOCKS[block.is_pre_activation], (Text(sentence, values),))


def _ends_linear(block: BlockStructure) -> bool:
    """Whether there is no activation at the end but one that an edit put there."""
    return all(node.added for node in block.ops_after(block.main_layers[-1]) if op_kinds.is_activation(node))


def _match_transition(block: BlockStructure) -> Pattern | None:
    pools = bool(block.main_path) and op_kinds.title(block.main_path[-1]).startswith(("Avg pool", "Max pool"))
    return (
        patterns.TRANSITION
        if block.layer_codes == "1" and block.is_pre_activation and pools and block.shortcut is None
        else None
    )


def _match_dense_layer(block: BlockStructure) -> Pattern | None:
    grows = (
        block.layer_codes in ("1k", "k") and block.is_pre_activation and block.shortcut is None and block.is_dense_layer
    )
    return patterns.DENSE if grows else None


def _match_classifier(block: BlockStructure) -> Pattern | None:
    """Pooled to one number a channel, and weighed."""
    if (
        set(block.layer_codes) != {"1"}
        or block.joins
        or block.shortcut is not None
        or block.leading_kinds != ["pool"]
        or block.is_activated(block.main_layers[-1])
    ):
        return None
    pool = next(node for node in block.main_path if op_kinds.kind(node) == "pool")
    whole = op_kinds.title(pool).startswith(("Global", "Adaptive", "Mean"))
    return patterns.CLASSIFIER if whole else None


def _is_projection(block: BlockStructure) -> bool:
    """Whether it is the skip path of a shortcut, from its fork to its addition."""
    ways = (known for known in find_shortcuts(block.architecture).values() if known.skip == block.nodes[-1].name)
    return bool(block.main_path) and any(known.fork in block.external_inputs for known in ways)


# --- several ways ---------------------------------------------------------------------------------------------------


def _has_attention(block: BlockStructure) -> bool:
    """Whether there is attention: an op of that kind, or a softmax that weighs a product of two maps."""
    for node in block.nodes:
        if op_kinds.title(node).startswith(("Attention", "Window attention")):
            return True
        if op_kinds.title(node) == "Softmax":
            users = [block.architecture.nodes[user] for user in block.architecture.users[node.name]]
            users += [
                block.architecture.nodes[n]
                for u in users
                if op_kinds.kind(u) == "dropout"
                for n in block.architecture.users[u.name]
            ]
            if any(op_kinds.kind(user) == "attention" for user in users):
                return True
    return False


def _match_attention(block: BlockStructure) -> Pattern:
    """Attention and an MLP with a way around each make a transformer block."""
    known = list(block.shortcuts.values())
    if not known and not any(kernel_size(node) != 1 for node in block.weighted_layers):
        return patterns.ATTENTION
    if len(known) != 2:
        return patterns.BLOCK
    way = block.find_path(known[1].main, known[1].fork) or []
    steps = [node for node in way if op_kinds.kind(node) in WEIGHTED]
    is_mlp = (
        len(steps) == 2 and all(kernel_size(s) == 1 for s in steps) and out_channels(steps[0]) > out_channels(steps[1])
    )
    return patterns.TRANSFORMER if is_mlp and known[1].fork == known[0].add else patterns.BLOCK


def _match_shuffle(block: BlockStructure) -> Pattern | None:
    if not block.has_kind("shuffle") or not block.has_kind("depthwise"):
        return None
    at = block.kinds.index("shuffle")
    before = block.architecture.nodes[block.nodes[at].inputs[0]]
    if op_kinds.kind(before) == "concat" and len(before.inputs) == 2:
        pattern = patterns.SHUFFLE_V2
    elif (
        not any(kind in WEIGHTED for kind in block.kinds[:at]) or block.kinds[at:].count("conv") == 0 or not block.joins
    ):
        return None
    else:
        pattern = patterns.SHUFFLE
    if isinstance(block.nodes[at].op, Bypass):
        pattern = pattern.with_sentence(patterns.SHUFFLE_OFF, tr_noop("shuffle off"))
    return _add_remarks(pattern, block)


def _match_ghost(block: BlockStructure) -> Pattern | None:
    modules = len(set(block.ghost_layers.values()))
    if block.shortcut is not None and modules == 2:
        return patterns.GHOST
    return patterns.GHOST_MODULE if block.shortcut is None and modules == len(block.main_layers) == 1 else None


def _match_concatenated(block: BlockStructure) -> Pattern | None:
    """Ways side by side from one place, put together at the end."""
    if (
        not block.joins
        or op_kinds.kind(block.joins[-1]) != "concat"
        or len(block.external_inputs) != 1
        or not block.ends_at(block.joins[-1])
    ):
        return None
    if block.has_kind("split", "multiply", "add"):
        return None
    layers = [[node for node in way if op_kinds.kind(node) in WEIGHTED] for way in block.branches]
    if len(layers) == 2 and all(len(way) == 2 for way in layers):
        (squeeze, one), (shared, other) = layers
        fits = squeeze is shared and kernel_size(squeeze) == 1 and out_channels(squeeze) < in_channels(squeeze)
        return patterns.FIRE if fits and sorted((kernel_size(one), kernel_size(other))) == [1, 3] else None
    if len(layers) < 3 or not _have_different_scales(layers):
        return None
    names = [node.name for way in layers for node in way]
    ends = set(block.value_inputs(block.joins[-1]))
    inner = [sum(node.name in ends for node in way) for way in block.branches]
    apart = len(set(names)) == len(names) and all(count == 1 for count in inner)
    return patterns.INCEPTION if apart else None


def _have_different_scales(ways: list[list[Node]]) -> bool:
    """Whether branches differ in their windows, not by dilation."""
    convs = [node for way in ways for node in way]
    if any(max(getattr(node.layer, "dilation", (1,))) > 1 for node in convs):
        return False
    forms = {tuple(kernel_size(node) for node in way) for way in ways}
    reduced = any(form[:1] == (1,) and max(form) > 1 for form in forms)
    return len(forms) > 1 and (reduced or len(forms) > 2) and any(max(form, default=0) > 1 for form in forms)


def _match_repvgg(block: BlockStructure) -> Pattern | None:
    """A sum of one window, one 1×1 and perhaps the input, each with its norm.

    Source: Ding et al., "RepVGG: making VGG-style ConvNets great again", 2021, fig. 2.
    """
    if (
        not 1 <= len(block.joins) <= 2
        or len(block.weighted_layers) != 2
        or len(block.external_inputs) != 1
        or block.has_kind("concat", "split", "multiply")
    ):
        return None
    adds = {node.name for node in block.joins}
    ends = [read for node in block.joins for read in block.value_inputs(node) if read not in adds]
    ways = [block.find_path(end) for end in ends]
    if any(not way or op_kinds.kind(way[-1]) != "norm" for way in ways):
        return None
    kinds = sorted([[str(op_kinds.kind(node)) for node in way or ()] for way in ways], key=len)
    identity = [["norm"]] if len(ways) == 3 else []
    sides = sorted(kernel_size(node) for node in block.weighted_layers)
    fits = kinds == [*identity, ["conv", "norm"], ["conv", "norm"]] and sides[0] == 1 < sides[1]
    return patterns.REPVGG if fits else None


def _recognise_unit(group: Group, architecture: Architecture) -> Pattern:
    names = [op_kinds.title(architecture.nodes[name]) for name in group.nodes]
    return Pattern(" · ".join(names), (Text(patterns.UNIT),))
