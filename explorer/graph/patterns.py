"""Recognition: what a block is, by its structure and never by its class name.

So torchvision's, timm's and anyone's own modules get the same words. What is not known for sure is just a block.
`anatomy` cuts the block open; here is only what is called what.
"""

from __future__ import annotations

from collections.abc import Iterable

from explorer.graph import pattern_words as words
from explorer.graph import vocabulary
from explorer.graph.anatomy import Anatomy, entering, groups, kernel, leaving
from explorer.graph.architecture import Architecture, Node, Pass
from explorer.graph.gates import is_gate
from explorer.graph.groups import Group
from explorer.graph.pattern_words import Pattern
from explorer.graph.shortcuts import shortcuts
from explorer.graph.vocabulary import WEIGHTED


def recognise(group: Group, architecture: Architecture) -> Pattern:
    """What a group is."""
    if group.role == "unit":
        return _unit(group, architecture)
    if group.role != "block":
        return words.ROLES[group.role]
    if is_gate(group, architecture):
        return words.GATE
    return _block(Anatomy(group, architecture))


def stage(blocks: Iterable[Pattern]) -> Pattern:
    """What a stage of these blocks is."""
    count = 0
    for pattern in blocks:
        if pattern is not words.DENSE:  # the rest of them need not be looked at
            return words.ROLES["stage"]
        count += 1
    return words.DENSE_BLOCK if count > 1 else words.ROLES["stage"]


def is_transition(group: Group, architecture: Architecture) -> bool:
    """Does this block stand between two dense blocks?"""
    return _transition(Anatomy(group, architecture)) is not None


def _block(a: Anatomy) -> Pattern:
    if _attends(a):
        return _attention(a)
    if not a.weighted:
        return words.BLOCK
    for known in (_shuffle, _repvgg, _concatenated, _transition, _dense, _classifier):
        if (found := known(a)) is not None:
            return found
    if a.shortcut is None and a.is_branch:
        return words.BRANCH
    if (found := _straight(a) or _residual(a)) is not None:
        return _with_parts(found, a)
    return words.PROJECTION if _goes_around(a) else words.BLOCK


def _with_parts(pattern: Pattern, a: Anatomy) -> Pattern:
    """The pattern, with what is said of its shortcut and gates."""
    if a.gates:
        pattern = Pattern(f"{pattern.name} + SE", pattern.what, pattern.remarks).saying(words.SQUEEZED)
    if a.shortcut is not None and not a.shortcut.on:
        pattern = pattern.saying(words.OFF, "shortcut off")
    return pattern


# --- one way straight through ---------------------------------------------------------------------------------------


def _straight(a: Anatomy) -> Pattern | None:
    """Named by the form of the straight way: which layers follow one another."""
    if a.ghosts:
        return _ghost(a)
    if a.form == "1d1":
        return _inverted(a) or _bottleneck(a)
    named = {"d1": _separable, "d11": _convnext, "k1": _fused, "1k1": _bottleneck, "11": _mlp}.get(a.form)
    return named(a) if named is not None else _full(a)


def _inverted(a: Anatomy) -> Pattern | None:
    first, _, last = a.steps
    hidden = leaving(first)
    if hidden < entering(first):
        return None
    widest = hidden > max(entering(first), leaving(last))
    if a.shortcut is None and not (widest or _ends_linear(a)):
        return None
    return _about_bottleneck(words.INVERTED, a)


def _separable(a: Anatomy) -> Pattern:
    """A filter for each channel and a 1×1. With the activation between the two and none at the end it is an inverted
    residual that does not expand, as MobileNetV2 begins (Sandler et al., 2018, table 2, t = 1)."""
    if _ends_linear(a) and a.activated(a.steps[0]):
        return _about_bottleneck(words.INVERTED_ALONE, a)
    return words.RESIDUAL_SEPARABLE.saying(words.AROUND) if a.shortcut is not None else words.SEPARABLE


def _convnext(a: Anatomy) -> Pattern | None:
    depthwise, wide, narrow = a.steps
    widens = leaving(wide) > entering(wide) and leaving(narrow) < entering(narrow)
    if a.shortcut is None or a.activated(depthwise) or not widens:
        return None
    return words.CONVNEXT.saying(words.AROUND)


def _fused(a: Anatomy) -> Pattern | None:
    full, narrow = a.steps
    widens = leaving(full) > entering(full) and leaving(narrow) < entering(narrow)
    if not widens or groups(full) > 1 or not _ends_linear(a):
        return None
    return _about_bottleneck(words.FUSED, a)


def _about_bottleneck(pattern: Pattern, a: Anatomy) -> Pattern:
    """The pattern, with whether its narrow end is linear and what joins its ends."""
    acts = [node for node in a.follows(a.steps[-1]) if vocabulary.activation(node) not in (None, "linear")]
    acts += [n for n in a.follows(a.steps[-1]) if vocabulary.is_activation(n) and vocabulary.activation(n) is None]
    by_edit = "bottleneck activated" if any(node.added for node in acts) else ""
    pattern = pattern.saying(words.ACTIVATED if acts else words.LINEAR, by_edit)
    return pattern.saying(words.AROUND if a.shortcut is not None else words.NO_AROUND)


def _bottleneck(a: Anatomy) -> Pattern | None:
    first, middle, last = a.steps
    hidden, side, cardinality = leaving(first), kernel(middle), groups(middle)
    narrow, wide = hidden < leaving(last), hidden > max(entering(first), leaving(last))
    depthwise = vocabulary.kind(middle) == "depthwise"
    if a.shortcut is None and not (narrow and hidden < entering(first)):
        return None
    if depthwise and not narrow:
        return None
    name = "inverted bottleneck" if wide else "bottleneck"
    name = f"{_prefix(a)} {name}" if a.shortcut is not None and not wide else name.capitalize()
    what = (words.NARROW if narrow else words.WIDE if wide else words.EVEN).format(k=side)
    if depthwise:
        name, what = f"{name}, depthwise", f"{what} {words.DEPTHWISE.format(k=side)}"
    elif cardinality > 1:
        name, what = (
            f"{name}, cardinality {cardinality}",
            f"{what} {words.CARDINALITY.format(k=side, groups=cardinality)}",
        )
    return Pattern(name, f"{what} {words.AROUND}" if a.shortcut is not None else what)


def _mlp(a: Anatomy) -> Pattern | None:
    wide, narrow = a.steps
    linear = all(vocabulary.kind(step) == "linear" for step in a.steps)
    if a.shortcut is not None or not linear or not a.activated(wide) or leaving(wide) <= leaving(narrow):
        return None
    return words.MLP


def _full(a: Anatomy) -> Pattern | None:
    """Full convolutions in a row."""
    if len(a.steps) < 2 or set(a.form) != {"k"} or len(set(a.kernels)) > 1:
        return None
    if a.shortcut is None:
        ends = any(vocabulary.kind(node) in ("add", "multiply", "concat") for node in a.readers)
        return None if ends else words.PLAIN_BLOCK
    if len(a.steps) > 2:
        return None
    return Pattern(f"{_prefix(a)} block", words.BASIC.format(k=a.kernels[0]))


def _residual(a: Anatomy) -> Pattern | None:
    """Layers with a way around all of them, whatever they are."""
    return Pattern(f"{_prefix(a)} block", words.RESIDUAL) if a.shortcut is not None else None


def _prefix(a: Anatomy) -> str:
    return "Pre-activation residual" if a.pre_activation else "Residual"


def _ends_linear(a: Anatomy) -> bool:
    """Is there no activation at the end but what an edit put there?"""
    return all(node.added for node in a.follows(a.steps[-1]) if vocabulary.is_activation(node))


def _transition(a: Anatomy) -> Pattern | None:
    pools = bool(a.path) and vocabulary.title(a.path[-1]).startswith(("Avg pool", "Max pool"))
    return words.TRANSITION if a.form == "1" and a.pre_activation and pools and a.shortcut is None else None


def _dense(a: Anatomy) -> Pattern | None:
    grows = a.form in ("1k", "k") and a.pre_activation and a.shortcut is None and a.grows
    return words.DENSE if grows else None


def _classifier(a: Anatomy) -> Pattern | None:
    """Pooled to one number a channel, and weighed."""
    if set(a.form) != {"1"} or a.joins or a.shortcut is not None or a.lead != ["pool"] or a.activated(a.steps[-1]):
        return None
    pool = next(node for node in a.path if vocabulary.kind(node) == "pool")
    whole = vocabulary.title(pool).startswith(("Global", "Adaptive", "Mean"))
    return words.CLASSIFIER if whole else None


def _goes_around(a: Anatomy) -> bool:
    """Is it the way around another path, from where the two part to where they meet?"""
    ways = (known for known in shortcuts(a.architecture).values() if known.around == a.nodes[-1].name)
    return bool(a.path) and any(known.fork in a.entries for known in ways)


# --- several ways ---------------------------------------------------------------------------------------------------


def _attends(a: Anatomy) -> bool:
    """Is there attention: an op that is it, or a softmax that weighs a product of two maps?"""
    for node in a.nodes:
        if vocabulary.title(node).startswith(("Attention", "Window attention")):
            return True
        if vocabulary.title(node) == "Softmax":
            users = [a.architecture.nodes[user] for user in a.architecture.users[node.name]]
            users += [
                a.architecture.nodes[n]
                for u in users
                if vocabulary.kind(u) == "dropout"
                for n in a.architecture.users[u.name]
            ]
            if any(vocabulary.kind(user) == "attention" for user in users):
                return True
    return False


def _attention(a: Anatomy) -> Pattern:
    """Attention and an MLP with a way around each make a transformer block."""
    known = list(a.shortcuts.values())
    if not known and not any(kernel(node) != 1 for node in a.weighted):
        return words.ATTENTION
    if len(known) != 2:
        return words.BLOCK
    way = a.way(known[1].main, known[1].fork) or []
    steps = [node for node in way if vocabulary.kind(node) in WEIGHTED]
    is_mlp = len(steps) == 2 and all(kernel(s) == 1 for s in steps) and leaving(steps[0]) > leaving(steps[1])
    return words.TRANSFORMER if is_mlp and known[1].fork == known[0].add else words.BLOCK


def _shuffle(a: Anatomy) -> Pattern | None:
    if not a.has("shuffle") or not a.has("depthwise"):
        return None
    at = a.kinds.index("shuffle")
    before = a.architecture.nodes[a.nodes[at].inputs[0]]
    if vocabulary.kind(before) == "concat" and len(before.inputs) == 2:
        pattern = words.SHUFFLE_V2
    elif not any(kind in WEIGHTED for kind in a.kinds[:at]) or a.kinds[at:].count("conv") == 0 or not a.joins:
        return None
    else:
        pattern = words.SHUFFLE
    if isinstance(a.nodes[at].op, Pass):
        pattern = pattern.saying(words.SHUFFLE_OFF, "shuffle off")
    return _with_parts(pattern, a)


def _ghost(a: Anatomy) -> Pattern | None:
    modules = len(set(a.ghosts.values()))
    if a.shortcut is not None and modules == 2:
        return words.GHOST
    return words.GHOST_MODULE if a.shortcut is None and modules == len(a.steps) == 1 else None


def _concatenated(a: Anatomy) -> Pattern | None:
    """Ways side by side from one place, put together at the end."""
    if not a.joins or vocabulary.kind(a.joins[-1]) != "concat" or len(a.entries) != 1 or not a.last(a.joins[-1]):
        return None
    if a.has("split", "multiply", "add"):
        return None
    layers = [[node for node in way if vocabulary.kind(node) in WEIGHTED] for way in a.ways]
    if len(layers) == 2 and all(len(way) == 2 for way in layers):
        (squeeze, one), (shared, other) = layers
        fits = squeeze is shared and kernel(squeeze) == 1 and leaving(squeeze) < entering(squeeze)
        return words.FIRE if fits and sorted((kernel(one), kernel(other))) == [1, 3] else None
    if len(layers) < 3 or not _are_scales(layers):
        return None
    names = [node.name for way in layers for node in way]
    ends = set(a.reads(a.joins[-1]))
    inner = [sum(node.name in ends for node in way) for way in a.ways]
    apart = len(set(names)) == len(names) and all(count == 1 for count in inner)
    return words.INCEPTION if apart else None


def _are_scales(ways: list[list[Node]]) -> bool:
    """Do the ways differ in how far they look, by windows and not by dilation?"""
    convs = [node for way in ways for node in way]
    if any(max(getattr(node.layer, "dilation", (1,))) > 1 for node in convs):
        return False
    forms = {tuple(kernel(node) for node in way) for way in ways}
    reduced = any(form[:1] == (1,) and max(form) > 1 for form in forms)
    return len(forms) > 1 and (reduced or len(forms) > 2) and any(max(form, default=0) > 1 for form in forms)


def _repvgg(a: Anatomy) -> Pattern | None:
    """A sum of one window, one 1×1 and perhaps the input, each with its norm.

    Source: Ding et al., "RepVGG: making VGG-style ConvNets great again", 2021, fig. 2.
    """
    if (
        not 1 <= len(a.joins) <= 2
        or len(a.weighted) != 2
        or len(a.entries) != 1
        or a.has("concat", "split", "multiply")
    ):
        return None
    adds = {node.name for node in a.joins}
    ends = [read for node in a.joins for read in a.reads(node) if read not in adds]
    ways = [a.way(end) for end in ends]
    if any(not way or vocabulary.kind(way[-1]) != "norm" for way in ways):
        return None
    kinds = sorted([[str(vocabulary.kind(node)) for node in way or ()] for way in ways], key=len)
    identity = [["norm"]] if len(ways) == 3 else []
    sides = sorted(kernel(node) for node in a.weighted)
    fits = kinds == [*identity, ["conv", "norm"], ["conv", "norm"]] and sides[0] == 1 < sides[1]
    return words.REPVGG if fits else None


def _unit(group: Group, architecture: Architecture) -> Pattern:
    names = [vocabulary.title(architecture.nodes[name]) for name in group.nodes]
    return Pattern(" · ".join(names), "A layer with the norm and activation that go with it, on one card.")
