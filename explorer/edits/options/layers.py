"""What may be changed about single layers: activation, norm, window, groups, bias, width, form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from torch import nn

from explorer.edits.attributes import SetLayer, is_of_kind, settings_of
from explorer.edits.forms import FORMS, ConvForm, can_become, separable_pairs
from explorer.edits.gates import GATES, Gate, gate_kind, is_squasher
from explorer.edits.norms import NORM_TITLES, Norm, norm_kind, norms_at
from explorer.edits.options.place import Place, one_of
from explorer.edits.options.sides import fits, side_after
from explorer.edits.options.trunk import is_trunk, tied_to
from explorer.edits.parts import Part, parts_at
from explorer.edits.reductions import Reduction, is_windowed_depthwise, reduction_before
from explorer.edits.switches import SwapActivation, swappable
from explorer.edits.widths import WIDEST, Width
from explorer.graph import vocabulary
from explorer.graph.architecture import Node
from explorer.graph.layers import is_depthwise
from explorer.graph.vocabulary import ACTIVATION_TITLES
from explorer.panels import Option


def layer_options(place: Place) -> Iterator[Option]:
    """Everything about the one layer (or few) of a card."""
    yield from activation(place, quiet=True)
    yield from gate(place)
    yield from norm(place, quiet=True)
    yield from window(place)
    yield from groups(place)
    yield from width(place)
    yield from bias(place)
    yield from form(place, quiet=True)
    yield from reduction(place)
    yield from pooling(place)
    yield from dropout(place)


def activation(place: Place, quiet: bool = False) -> Iterator[Option]:
    found = list(swappable(place.architecture, place.at))
    if not found:
        if not quiet:
            yield place.disabled("Activation", f"There is no activation {place.words}.", _ACTIVATION_TIP)
        return
    present = one_of(vocabulary.activation(node) for node in found)
    yield place.choice(
        "Activation",
        present,
        [(name, title, SwapActivation(place.at, name)) for name, title in ACTIVATION_TITLES.items()],
        _ACTIVATION_TIP,
    )


def gate(place: Place) -> Iterator[Option]:
    found = [node for node in place.nodes if is_squasher(node, place.architecture)]
    if found:
        present = one_of(gate_kind(node) for node in found)
        tip = "What squashes gates between 0 and 1; the hard sigmoid is its cheap look-alike."
        yield place.choice("Gate", present, [(n, title, Gate(place.at, n)) for n, title in GATES.items()], tip)


def norm(place: Place, quiet: bool = False) -> Iterator[Option]:
    norms, bare = norms_at(place.architecture, place.nodes)
    if not norms and not bare:
        if not quiet:
            yield place.disabled(
                "Norm", f"There is no norm over channels {place.words}, and no convolution.", _NORM_TIP
            )
        return
    present = one_of(norm_kind(node) for node in norms) if norms else "none"
    maps = [place.dims(node.inputs[0]) for node in norms] or [place.dims(node.name) for node in bare]
    single = any(math.prod(dims[2:]) <= 1 for dims in maps)  # a norm over the places of one place is nothing
    kinds = [kind for kind in NORM_TITLES if not (kind in ("instance", "group") and single)]
    yield place.choice("Norm", present, [(k, NORM_TITLES[k], Norm(place.at, k)) for k in kinds], _NORM_TIP)


def window(place: Place) -> Iterator[Option]:
    """Kernel, stride, padding, dilation of the only layer with a window."""
    node = _only(place, "kernel")
    if node is None:
        return
    present = settings_of(node)
    if not isinstance(present.get("kernel"), int):
        return
    kernel, dilation = int(present["kernel"]), present.get("dilation", 1)
    padding = present.get("padding")
    is_conv = isinstance(node.layer, nn.Conv2d)
    if isinstance(padding, int) and isinstance(dilation, int):
        sides = [k for k in range(1, 14) if _fits(kernel, k, padding, dilation, is_conv)]
        if len(sides) > 1:
            found = [(k, f"{k}×{k}", SetLayer(place.at, "kernel", k)) for k in sides]
            yield place.slider(
                "Kernel", kernel, found, "The window a layer looks through. Padding follows, so the map keeps its size."
            )
    yield from _stride(place, node, present)
    if is_conv and isinstance(padding, int) and isinstance(dilation, int) and kernel > 1:
        far = [d for d in range(1, 7) if not ((d - dilation) * (kernel - 1)) % 2]
        far = [d for d in far if padding + (d - dilation) * (kernel - 1) // 2 >= 0]
        if len(far) > 1:
            found = [(d, str(d), SetLayer(place.at, "dilation", d)) for d in far]
            yield place.slider(
                "Dilation", dilation, found, "Gaps between the places a window looks at: a wider view at the same cost."
            )


def _fits(kernel: int, other: int, padding: int, dilation: int, is_conv: bool) -> bool:
    """Can the window become `other` wide while the map keeps its size?"""
    more = dilation * (other - kernel)
    if more % 2 or padding + more // 2 < 0:
        return False
    return is_conv or padding + more // 2 <= other // 2


def _stride(place: Place, node: Node, present: Mapping[str, object]) -> Iterator[Option]:
    stride, padding, kernel = present.get("stride"), present.get("padding"), present.get("kernel")
    if not isinstance(stride, int):
        return
    tip = "How far the window moves: 2 halves the map, and everything behind costs a quarter."
    pad_tip = "Places of zeros around the map."
    if not is_trunk(place.architecture, node.name):
        reason = "Other ways run beside this layer and are joined with it: all must keep one size."
        yield place.disabled("Stride", reason, tip)
        yield place.disabled("Padding", reason, pad_tip)
        return
    entering = min(place.dims(node.inputs[0])[2:])

    def works(**changed: int) -> bool:
        side = side_after(node, entering, **changed)
        return side is not None and fits(place.study, node.name, side)

    strides = [s for s in (1, 2, 3, 4) if s == stride or works(stride=s)]
    yield place.choice("Stride", stride, [(s, str(s), SetLayer(place.at, "stride", s)) for s in strides], tip)
    if isinstance(padding, int) and isinstance(kernel, int):
        most = kernel // 2 if not isinstance(node.layer, nn.Conv2d) else max(kernel - 1, padding)
        found = [p for p in range(most + 1) if p == padding or works(padding=p)]
        yield place.choice("Padding", padding, [(p, str(p), SetLayer(place.at, "padding", p)) for p in found], pad_tip)


def groups(place: Place) -> Iterator[Option]:
    node = _only(place, "groups")
    if node is None:
        return
    layer = node.layer
    if vocabulary.kind(node) == "shuffle":
        width = place.dims(node.name)[1]
        even = [g for g in range(2, 65) if width % g == 0]
        choices = [(g, str(g), SetLayer(place.at, "groups", g)) for g in even]
        yield place.choice("Groups", vocabulary.shuffle_groups(node), choices, "How many groups the shuffle mixes.")
        return
    if not isinstance(layer, nn.Conv2d):
        return
    common = math.gcd(layer.in_channels, layer.out_channels)
    if common == 1:
        reason = f"No number of groups divides {layer.in_channels} and {layer.out_channels} channels."
        yield place.disabled("Groups", reason, _GROUPS_TIP)
        return
    divisors = [g for g in range(1, common + 1) if common % g == 0]
    kept = [g for g in divisors if g in (1, layer.groups, layer.in_channels)]
    kept += [g for g in divisors if g <= 64 and g not in kept]
    words = {1: "1 (standard)", layer.in_channels: f"{layer.in_channels} (depthwise)"}
    found = [(g, words.get(g, str(g)), SetLayer(place.at, "groups", g)) for g in sorted(kept)]
    yield place.choice("Groups", layer.groups, found, _GROUPS_TIP)


def width(place: Place) -> Iterator[Option]:
    """How many channels leave the place."""
    tip = "How many feature maps it makes. What is coupled with them (norms, sums, the next layers) follows."
    try:
        (target,) = parts_at(place.architecture, place.at)
    except ValueError:  # several cards
        return
    coupled, row = place.coupled, made_row(place, target)
    if row is None:
        return
    found = widths(place, target, row)
    if len(found) > 1:
        yield place.slider("Width", coupled.size(row), [(w, str(w), Width(place.at, w)) for w in found], tip)
    else:
        locked = next((coupled.atoms[a].locked for a in coupled.linear(row) if coupled.atoms[a].locked), "")
        reason = (
            f"Its {coupled.size(row)} channels are fixed: {locked}." if locked else "No other width divides evenly."
        )
        yield place.disabled("Width", reason, tip)


def made_row(place: Place, target: Part) -> tuple[int, ...] | None:
    """The channels that leave a part with a layer that makes some; None for any other."""
    coupled, nodes = place.coupled, place.architecture.nodes
    ends = [name for name in target.exits if name in coupled.rows]
    makes = any(name in coupled.makers or is_depthwise(nodes[name].layer) for name in target.nodes)
    return coupled.rows[ends[-1]] if ends and makes else None


def widths(place: Place, target: Part, row: tuple[int, ...]) -> list[int]:
    """Widths a row could have, about fifty from an eighth to four times of what it has, none wider than any may be."""
    coupled, present = place.coupled, place.coupled.size(row)
    counts, chosen = coupled.chosen(row, {coupled.born[name] for name in target.nodes})
    if not chosen:
        return [present]
    atoms = {atom: coupled.atoms[atom] for atom in chosen}
    if len(chosen) == 1:
        (atom,) = chosen
        size, step = atoms[atom].size, atoms[atom].multiple
        while 4 * size // step > 64:
            step *= 2
        sizes = [{atom: size + (n - size // step) * step} for n in range(1, 4 * size // step + 1)]
    else:  # several widths change in proportion
        sizes = [{a: known.size * eighths // 8 for a, known in atoms.items()} for eighths in range(1, 33)]
        exact = [
            all(known.size * eighths % (8 * known.multiple) == 0 for known in atoms.values())
            for eighths in range(1, 33)
        ]
        sizes = [size for size, fits in zip(sizes, exact, strict=True) if fits]
    found = {present}
    common = math.lcm(*(n.denominator for n in counts.values()))  # whole numbers are ten times as quick as fractions
    times = {atom: int(n * common) for atom, n in counts.items()}
    rest = sum(n * coupled.atoms[atom].size for atom, n in times.items() if atom not in atoms)
    for changed in sizes:
        total, over = divmod(rest + sum(times[atom] * size for atom, size in changed.items()), common)
        if min(changed.values()) > 0 and total <= WIDEST and not over and (not coupled.even or coupled.holds(changed)):
            found.add(total)
    return sorted(found)


def bias(place: Place) -> Iterator[Option]:
    known = [settings_of(node) for node in place.nodes]
    states = [bool(settings["bias"]) for settings in known if "bias" in settings]
    if states:
        tip = "A number added to each channel. Before a norm it has no effect, so most networks leave it out there."
        yield place.switch("Bias", states, lambda on: SetLayer(place.at, "bias", on), tip)


def form(place: Place, quiet: bool = False) -> Iterator[Option]:
    names = {node.name for node in place.nodes}
    pairs = any(not names.isdisjoint(pair) for pair in separable_pairs(place.architecture))
    found = [
        name for name in FORMS if (pairs if name == "full" else any(can_become(node, name) for node in place.nodes))
    ]
    if found:
        choices = [("", "as it is", ConvForm(place.at, ""))]
        choices += [(name, FORMS[name], ConvForm(place.at, name)) for name in found]
        yield place.choice("Convolution form", "", choices, _FORM_TIP)
    elif not quiet:
        yield place.disabled("Convolution form", f"There is no convolution with a window {place.words}.", _FORM_TIP)


def reduction(place: Place) -> Iterator[Option]:
    """The 1×1 before the only convolution with a window: a reduction, or before a depthwise one an expansion."""
    node = _only(place, "kernel")
    layer = node.layer if node is not None else None
    if not isinstance(layer, nn.Conv2d) or max(layer.kernel_size) == 1 or node is None:
        return
    chain = reduction_before(place.architecture, node.name)
    first = place.architecture.nodes[chain[0]].layer if chain else None
    present, entering = (
        (first.out_channels, first.in_channels) if isinstance(first, nn.Conv2d) else (0, layer.in_channels)
    )
    fixed = place.coupled.rows.get(chain[0] if chain else node.inputs[0], ())
    if chain and len(place.coupled.group(next(iter(place.coupled.linear(fixed)), -1))) > 1:
        return  # other layers make the same width
    if is_windowed_depthwise(node):
        yield from _expansion(place, node, present, entering)
        return
    if (not chain and layer.groups > 1) or (chain and entering % layer.groups):
        return
    sizes = sorted({0, present, *(entering * share // 8 for share in (1, 2, 4, 6))})
    sizes = [size for size in sizes if size % layer.groups == 0]
    tip = "A 1×1 convolution to few channels before an expensive window, as in GoogLeNet."
    yield place.choice("1×1 reduction", present, _before(place, sizes), tip)


def _expansion(place: Place, node: Node, present: int, entering: int) -> Iterator[Option]:
    if not tied_to(place.architecture, node.name):
        sizes = sorted({0, present, *(entering * times for times in (1, 2, 3, 4, 6))})
        tip = "A 1×1 convolution to many channels before the depthwise one, as in MobileNetV2: more to filter."
        yield place.choice("1×1 expansion", present, _before(place, sizes), tip)


def _before(place: Place, sizes: list[int]) -> Iterator[tuple[int, str, Reduction]]:
    return ((size, str(size) if size else "none", Reduction(place.at, size)) for size in sizes)


def pooling(place: Place) -> Iterator[Option]:
    found = [settings_of(node)["pooling"] for node in place.nodes if "pooling" in settings_of(node)]
    if found and all(is_of_kind(node, "pool") for node in place.nodes if "pooling" in settings_of(node)):
        choices = [(kind, kind, SetLayer(place.at, "pooling", kind)) for kind in ("max", "average")]
        yield place.choice(
            "Pooling", one_of(found), choices, "Keeps the strongest of neighbouring places, or their mean."
        )


def dropout(place: Place) -> Iterator[Option]:
    found = [settings_of(node)["dropout"] for node in place.nodes if "dropout" in settings_of(node)]
    if found:
        present = one_of(found)
        rates = sorted({*(n / 20 for n in range(20)), *((float(present),) if isinstance(present, float) else ())})
        choices = [(rate, f"{rate:g}", SetLayer(place.at, "dropout", rate)) for rate in rates]
        yield place.slider(
            "Dropout rate", present, choices, "The share of units silenced while training; nothing at inference."
        )


def _only(place: Place, setting: str) -> Node | None:
    """The one layer of the place with that setting; None when there are none or several."""
    found = [node for node in place.nodes if setting in settings_of(node)]
    return found[0] if len(found) == 1 else None


_ACTIVATION_TIP = (
    "What bends the signal between two layers. “linear” takes it out: two layers without one are as good as one."
)
_NORM_TIP = "Brings channels to a common scale, so that deep stacks can be trained. New ones start neutral."
_GROUPS_TIP = "Groups only see their own share of the channels: g groups cost 1/g. As many as channels is depthwise."
_FORM_TIP = "The same view made otherwise: depthwise and 1×1, or several small windows, for fewer multiply-adds."
