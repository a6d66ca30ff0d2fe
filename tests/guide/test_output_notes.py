"""What to look at in the output: measured on the open network, and true of every network that borrows a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import prod
from typing import Any

import pytest
import torch
from torch import nn

from explorer.base.languages import LANGUAGES, Language
from explorer.edits import SwapActivation
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Bypass
from explorer.guide.locations import find_locations
from explorer.guide.output_notes import PLACEHOLDERS, OutputNote, measure_output_notes, write_share
from explorer.guide.page import PAGES, load_page, load_page_labels, load_try_edits
from explorer.guide.placeholders import fill_with
from explorer.network import Network

Opened = Callable[[str], Network]
PAIRS = [(page, network) for page in PAGES for network in load_page(page).facts.networks]
NOTES = [(page, note) for page in PAGES for note in load_page(page).facts.look]


def places(network: Network, page: str, note: str) -> list[Node]:
    """The nodes that a note speaks of; of a group the last."""
    groups, where = network.analysis.hierarchy.groups, load_page(page).facts.look[note].where
    names = [groups[id].nodes[-1] if id in groups else id for id in find_locations(network.analysis, where)]
    return [network.architecture.live[name] for name in names]


def of_kind(network: Network, *kinds: str) -> list[Node]:
    return [node for node in network.architecture.live.values() if op_kinds.kind(node) in kinds]


def titles(nodes: list[Node]) -> set[str]:
    return {op_kinds.title(node) for node in nodes}


def reads(network: Network, node: Node) -> list[Node]:
    return [network.architecture.nodes[name] for name in node.inputs]


def passes_to(network: Network, node: Node) -> list[Node]:
    return [network.architecture.nodes[name] for name in network.architecture.users[node.name]]


def sizes(network: Network, nodes: list[Node]) -> list[tuple[int, ...]]:
    shapes = [network.figures.shape(node.name) for node in nodes]
    return [shape.dims[1:] for shape in shapes if shape is not None]


def behind_dropout(network: Network, node: Node) -> Node:
    while op_kinds.kind(node) == "dropout":
        node = reads(network, node)[0]
    return node


# what is said, checked on the structure of the live network


def first_layer_reads_each_place(network: Network, page: str, note: str) -> bool:
    last_maps, linear = places(network, page, note)[-1], of_kind(network, "linear")[0]
    layer: Any = linear.layer
    return bool(layer.in_features == prod(sizes(network, [last_maps])[0]))


def maps_get_coarser_and_more(network: Network, page: str, note: str) -> bool:
    found = sizes(network, places(network, page, note))
    steps = list(pairwise(found))
    return all(b[0] >= a[0] and b[1] <= a[1] for a, b in steps) and found[-1][0] > found[0][0]


def has_norms_behind_convolutions(network: Network) -> bool:
    return all(op_kinds.title(passes_to(network, conv)[0]) == "BN" for conv in of_kind(network, "conv"))


def norms_are_as_said(network: Network, page: str, note: str) -> bool:
    says_none = re.search("no norm layer|No batch norm", why(network, page, note)) is not None
    has_none = "BN" not in titles(of_kind(network, "norm"))
    return says_none == has_none and (has_none or has_norms_behind_convolutions(network))


def pooled_branch_is_last(network: Network, page: str, note: str) -> bool:
    def is_pooled(name: str, module: set[str]) -> bool:
        inside = ({name} | network.architecture.ancestors(name)) & module
        return any(op_kinds.kind(network.architecture.nodes[other]) == "pool" for other in inside)

    groups = network.analysis.hierarchy.groups
    for id in find_locations(network.analysis, load_page(page).facts.look[note].where):
        join = network.architecture.nodes[groups[id].nodes[-1]]
        if [is_pooled(name, set(groups[id].nodes)) for name in join.inputs] != [False] * (len(join.inputs) - 1) + [
            True
        ]:
            return False
    return True


def first_branch_is_1x1(network: Network, page: str, note: str) -> bool:
    groups = network.analysis.hierarchy.groups
    for id in find_locations(network.analysis, load_page(page).facts.look[note].where):
        module = set(groups[id].nodes)
        first = network.architecture.nodes[groups[id].nodes[-1]].inputs[0]
        inside = [network.architecture.nodes[n] for n in ({first} | network.architecture.ancestors(first)) & module]
        convolutions: list[Any] = [node.layer for node in inside if op_kinds.kind(node) == "conv"]
        if [layer.kernel_size for layer in convolutions] != [(1, 1)]:
            return False
    return True


def identity_passes_the_addition(network: Network, page: str, note: str) -> bool:
    """Where the block keeps its size and width, one of the two that are added is what came into the block."""
    ancestors = network.architecture.ancestors
    kept = 0
    for add in places(network, page, note):
        first, second = (behind_dropout(network, node) for node in reads(network, add))
        is_kept = first.name in ancestors(second.name) or second.name in ancestors(first.name)
        kept += is_kept
        if not is_kept:
            entry = [node for node in reads(network, add) if op_kinds.kind(node) in ("norm", "conv", "multiply")]
            assert len(entry) == 2, "a projection beside the block"
    return kept > 0


def norm_before_each_relu(network: Network, page: str, note: str) -> bool:
    return all(titles(reads(network, relu)) == {"BN"} for relu in places(network, page, note))


def grid_is_halved_side_by_side(network: Network, page: str, note: str) -> bool:
    halved = 0
    for module, join in zip(
        find_locations(network.analysis, load_page(page).facts.look[note].where),
        places(network, page, note),
        strict=True,
    ):
        nodes = [network.architecture.nodes[n] for n in network.analysis.hierarchy.groups[module].nodes]
        strided: list[Any] = [n.layer for n in nodes if getattr(n.layer, "stride", 1) in ((2, 2), 2)]
        if not strided:
            continue
        halved += 1
        kinds = {op_kinds.kind(node) for node in nodes if node.layer in strided} | titles(reads(network, join)[-1:])
        if "conv" not in kinds or not any("ool" in kind for kind in kinds):
            return False
    return halved == 2 and pooled_branch_is_last(network, page, note)


def halves_are_1x1_and_3x3(network: Network, page: str, note: str) -> bool:
    for join in places(network, page, note):
        layers: list[Any] = [reads(network, relu)[0].layer for relu in reads(network, join)]
        if [layer.kernel_size for layer in layers] != [(1, 1), (3, 3)]:
            return False
        if layers[0].out_channels != layers[1].out_channels:
            return False
    return True


def means_of_maps_are_scores(network: Network, page: str, note: str) -> bool:
    (conv,) = places(network, page, note)
    behind = passes_to(network, conv)[0]
    pool = passes_to(network, behind)[0]
    layer: Any = conv.layer
    classes = network.figures.shape(network.architecture.output.inputs[0])
    assert classes is not None
    return op_kinds.title(behind) == "ReLU" and "avg" in op_kinds.title(pool) and layer.out_channels == classes.dims[1]


def groups_are_mixed_by_1x1(network: Network, page: str, note: str) -> bool:
    layers: list[Any] = [node.layer for node in of_kind(network, "conv")]
    grouped = [at for at, layer in enumerate(layers) if layer.groups > 1]
    behind = [layers[at + 1] for at in grouped]
    return bool(grouped) and all(layer.kernel_size == (1, 1) and layer.groups == 1 for layer in behind)


def early_maps_stand_in_front(network: Network, page: str, note: str) -> bool:
    blocks: dict[str, list[Node]] = {}
    for join in places(network, page, note):
        blocks.setdefault(join.name.split(".")[1], []).append(join)
    return all(b.inputs[: len(a.inputs)] == a.inputs for joins in blocks.values() for a, b in pairwise(joins))


def ends_in_a_convolution(network: Network, page: str, note: str) -> bool:
    found = places(network, page, note)
    joins = [join for node in found for join in passes_to(network, node) if op_kinds.kind(join) == "concat"]
    return {op_kinds.kind(node) for node in found} == {"conv"} and all(
        titles(passes_to(network, join)) <= {"BN"} for join in joins
    )


def empty_stays_empty(network: Network, page: str, note: str) -> bool:
    layers: list[Any] = [node.layer for node in places(network, page, note)]
    return bool(layers) and all(layer.bias is None and layer.padding_mode == "zeros" for layer in layers)


def shuffles_mix(network: Network, page: str, note: str) -> bool:
    found = places(network, page, note)
    return all(op_kinds.shuffle_groups(node) > 1 for node in found)


def halves_are_shuffled(network: Network, page: str, note: str) -> bool:
    return all(op_kinds.shuffle_groups(node) == 2 for node in places(network, page, note))


def first_half_comes_from_before(network: Network, page: str, note: str) -> bool:
    side = [sizes(network, [join])[0][-1] for join in places(network, page, note)]
    kept = 0
    for before, after, join in zip(side, side[1:], places(network, page, note)[1:], strict=False):
        if before != after:
            continue
        kept += 1
        part = reads(network, join)[0]
        if "split" not in {op_kinds.kind(part), *(op_kinds.kind(node) for node in reads(network, part))}:
            return False
    return kept > 0


def nothing_cuts_off(network: Network, page: str, note: str) -> bool:
    found = places(network, page, note)
    followers = [follower for node in found for follower in passes_to(network, node)]
    return bool(found) and not any(op_kinds.is_activation(node) for node in (*found, *followers))


def after(try_name: str, *allowed: str) -> Callable[[Network, str, str], bool]:
    """The places of the note are these activations once the try of the page has been made."""

    def check(network: Network, page: str, note: str) -> bool:
        idea, variant = try_name.split("/")
        edited = network.edit(*load_try_edits(page, idea, variant))
        there = {node.name for node in places(network, page, note)}
        now = [
            node for name, node in edited.architecture.live.items() if name in there and op_kinds.is_activation(node)
        ]
        if not now:  # put behind the place
            now = [node for node in places(edited, page, note) if op_kinds.is_activation(node)]
        return len(now) == len(there) and titles(now) <= set(allowed)

    return check


def is_taken_out(network: Network, page: str, note: str) -> bool:
    edited = network.edit(*load_try_edits(page, "signals", "no_norm"))
    left = [node for node in of_kind(edited, "norm") if not isinstance(node.op, Bypass)]
    return bool(of_kind(network, "norm")) and not left


def gates_are_sigmoids(network: Network, page: str, note: str) -> bool:
    return titles(places(network, page, note)) <= {"Sigmoid", "Hard sigmoid"}


def no_norm_on_the_trunk(network: Network, page: str, note: str) -> bool:
    trunk = [behind_dropout(network, node) for add in places(network, page, note) for node in reads(network, add)]
    return "norm" not in {op_kinds.kind(node) for node in trunk}


def norms_are_where_it_is_said(network: Network, page: str, note: str) -> bool:
    is_behind = "behind" in why(network, page, note)
    return no_norm_on_the_trunk(network, page, note) != is_behind


def norms_are_by_token(network: Network, page: str, note: str) -> bool:
    layers: list[Any] = [node.layer for node in places(network, page, note)]
    width = sizes(network, places(network, page, note))[0][-1]
    return all(tuple(layer.normalized_shape) == (width,) for layer in layers)


def four_tokens_become_one(network: Network, page: str, note: str) -> bool:
    merges: list[Any] = [node.layer for node in of_kind(network, "linear") if node.name.endswith("reduction")]
    return len(merges) == 3 and all(2 * layer.out_features == layer.in_features for layer in merges)


def windows_and_grids_take_turns(network: Network, page: str, note: str) -> bool:
    kinds = ["grid" if "grid" in node.name else "window" for node in places(network, page, note)]
    return kinds == ["window", "grid"] * (len(kinds) // 2)


CLAIMS: dict[tuple[str, str], Callable[[Network, str, str], bool]] = {
    ("alexnet", "zeros"): after("relu/tanh", "Tanh"),
    ("alexnet", "last_maps"): first_layer_reads_each_place,
    ("vgg", "drift"): norms_are_as_said,
    ("vgg", "maps"): maps_get_coarser_and_more,
    ("googlenet", "joins"): lambda *said: pooled_branch_is_last(*said) and first_branch_is_1x1(*said),
    ("googlenet", "drift"): norms_are_as_said,
    ("inception_v2", "norm"): lambda network, *_: has_norms_behind_convolutions(network),
    ("inception_v2", "joins"): pooled_branch_is_last,
    ("inception_v3", "joins"): grid_is_halved_side_by_side,
    ("inception_v3", "zeros"): norm_before_each_relu,
    ("resnet", "sums"): identity_passes_the_addition,
    ("resnet", "norm"): is_taken_out,
    ("squeezenet", "fire"): halves_are_1x1_and_3x3,
    ("squeezenet", "class_maps"): means_of_maps_are_scores,
    ("resnext", "sums"): identity_passes_the_addition,
    ("resnext", "groups"): groups_are_mixed_by_1x1,
    ("densenet", "growth"): early_maps_stand_in_front,
    ("densenet", "layers"): ends_in_a_convolution,
    ("mobilenet_v1", "empty"): empty_stays_empty,
    ("mobilenet_v1", "relu"): after("relu6/relu6", "ReLU6"),
    ("shufflenet_v1", "shuffle"): shuffles_mix,
    ("shufflenet_v1", "sums"): identity_passes_the_addition,
    ("mobilenet_v2", "linear"): lambda *said: (
        nothing_cuts_off(*said) and after("linear_bottleneck/activated", "ReLU6")(*said)
    ),
    ("mobilenet_v2", "relu6"): lambda network, *_: (
        load_page("mobilenet_v2").facts.networks == (network.architecture.key,)
    ),
    ("shufflenet_v2", "shuffle"): halves_are_shuffled,
    ("shufflenet_v2", "halves"): first_half_comes_from_before,
    ("mnasnet", "linear"): nothing_cuts_off,
    ("mnasnet", "empty"): empty_stays_empty,
    ("mobilenet_v3", "gates"): gates_are_sigmoids,
    ("mobilenet_v3", "hswish"): after("hswish/relu", "ReLU"),
    ("efficientnet", "gates"): gates_are_sigmoids,
    ("efficientnet", "silu"): after("swish/relu", "ReLU"),
    ("regnet", "sums"): identity_passes_the_addition,
    ("regnet", "gates"): gates_are_sigmoids,
    ("vit", "tokens"): no_norm_on_the_trunk,
    ("vit", "norm"): norms_are_by_token,
    ("swin", "stages"): four_tokens_become_one,
    ("swin", "sums"): norms_are_where_it_is_said,
    ("convnext", "gelu"): after("fewer/relu", "ReLU"),
    ("convnext", "sums"): identity_passes_the_addition,
    ("maxvit", "gates"): gates_are_sigmoids,
    ("maxvit", "attention"): windows_and_grids_take_turns,
}


def why(network: Network, page: str, note: str, language: Language = "en") -> str:
    """What a note says of a network, as it is filled in."""
    return fill_with(load_page(page, language).text.look[note].why, network.architecture.key, lambda _: "?")


def test_every_note_is_checked() -> None:
    assert set(NOTES) == set(CLAIMS)


@pytest.mark.parametrize(("page", "network"), PAIRS)
def test_what_is_said_is_true_of_every_network_that_borrows_the_page(page: str, network: str, opened: Opened) -> None:
    live = opened(network)
    shown = [note for note in load_page(page).facts.look if places(live, page, note)]
    assert shown, "nothing to look at"
    for note in shown:
        if (page, note) in CLAIMS:  # all are, see above; one of a page that is just being written is not yet
            assert CLAIMS[page, note](live, page, note), note
        for language in LANGUAGES:
            said = why(live, page, note, language)
            assert said
            assert not set("[]{}") & set(said)


@pytest.mark.parametrize(("page", "note"), NOTES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_seen_is_measured(page: str, note: str, language: Language) -> None:
    words = load_page(page, language).text.look[note]
    asked = re.findall(r"\{([^}]*)\}", words.see)
    assert asked
    assert set(asked) <= set(PLACEHOLDERS)
    assert "{" not in words.why
    assert sorted(asked) == sorted(re.findall(r"\{([^}]*)\}", load_page(page).text.look[note].see))


def test_activations_go_no_lower_than_is_said() -> None:
    x = torch.linspace(-20, 20, 400_001, dtype=torch.float64)
    least = [float(layer(x).min()) for layer in (nn.Hardswish(), nn.SiLU(), nn.GELU())]
    assert least[0] == pytest.approx(-0.375)
    assert -0.28 < least[1] < -0.27
    assert -0.17 <= least[2] < -0.169
    assert bool((nn.Hardswish()(x[x <= -3]) == 0).all())


# measured


def notes(network: Network, page: str, language: Language = "en") -> dict[str, OutputNote]:
    return {note.name: note for note in measure_output_notes(load_page(page, language), network)}


@pytest.fixture(scope="module")
def squeezenet(opened: Opened) -> Network:
    return opened("squeezenet1_1")


def test_numbers_are_those_of_a_pass(squeezenet: Network) -> None:
    found = notes(squeezenet, "squeezenet")
    assert list(found) == ["classes", "fire", "class_maps", "heat"]
    probe = squeezenet.probe("cat")
    joins = [probe.value(node.name) for node in places(squeezenet, "squeezenet", "fire")]
    zeros = sum(float((value == 0).float().mean()) for value in joins) / len(joins)
    assert f"{100 * zeros:.0f} % of the values are 0" in found["fire"].text
    best, share = squeezenet.run("cat").top(1)[0]
    assert f"“{best}” with {100 * share:.0f} %" in found["classes"].text
    assert "at most 9.97" in found["classes"].text  # log2 of 1,000
    assert "13×13 places on an image of 224×224" in found["heat"].text
    assert not any(note.edited for note in found.values())


def test_a_share_is_told_from_none_and_from_all() -> None:
    shares = [write_share(value) for value in (0, 0.00058, 0.5, 0.9952, 0.99999, 1)]
    assert shares == ["0 %", "0.058 %", "50 %", "99.5 %", "100.0 %", "100 %"]


def test_what_the_weights_are_is_said(squeezenet: Network) -> None:
    assert notes(squeezenet, "squeezenet")["classes"].why == load_page_labels("en").look_drawn


def test_edits_are_measured_beside(squeezenet: Network) -> None:
    found = notes(squeezenet.edit(SwapActivation("*", "leaky_relu")), "squeezenet")
    assert "; 0 % of the values are 0" in found["fire"].edited
    assert "; 0 % of the values are 0" not in found["fire"].text
    assert found["classes"].edited
    assert not found["heat"].edited  # the maps are as large as before


def test_a_network_without_such_places_has_no_such_note(opened: Opened) -> None:
    assert "gates" not in notes(opened("regnet_x_400mf"), "regnet")


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_grad_cam_is_not_to_be_had_it_is_said_why(language: Language, opened: Opened) -> None:
    found = notes(opened("vit_b_32"), "vit", language)["heat"]
    assert found.panel == "feature_maps"
    assert found.why == load_page_labels(language).look_no_heat


def filled(found: dict[str, OutputNote]) -> Iterator[str]:
    yield from (note.text for note in found.values())


@pytest.mark.parametrize(("page", "network"), PAIRS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_filled(
    page: str, network: str, language: Language, opened: Opened, pytestconfig: pytest.Config
) -> None:
    live = opened(network)
    if live.figures.total.macs > 4e8 and not pytestconfig.getoption("--long"):
        pytest.skip("with --long")
    for text in filled(notes(live, page, language)):
        assert not set("{}[]–") & set(text), text
        assert "nan" not in text
    live.context.forward.release()
