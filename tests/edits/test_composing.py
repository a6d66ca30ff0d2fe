"""Parts put in, in the place of others, and taken out; links, copies and moves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from explorer.base.id_text import join_ids
from explorer.edits import (
    AddShortcut,
    Connect,
    CopyBlock,
    Disconnect,
    Edit,
    EditError,
    InsertPart,
    MoveBlock,
    MultiplyWidth,
    RepeatBlock,
    ReplaceByPart,
    SetLayer,
    SetWidth,
    SwapNorm,
    TakeOut,
    ToggleAuxiliaryHead,
    ToggleShortcut,
    ToggleSqueezeExcitation,
)
from explorer.edits.edit import nodes_at
from explorer.edits.options import find_options
from explorer.export.python_code import python_source
from explorer.graph.ops import Layer
from explorer.network import Network, open_network
from explorer.parts import Part, all_parts, find_part
from explorer.project.edits_json import edit_from_json, edit_to_json
from tests.edits.test_random_edits import check_count, check_replay
from tests.export.stranger import Stranger
from tests.export.test_one_output import check_eval

Opened = Callable[[str], Network]


def toy() -> Network:
    """A network that fits whatever is put into it."""
    layers = [nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.AdaptiveAvgPool2d(1)]
    return open_network(nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 10)), input_shape=(1, 3, 32, 32))


def test_every_part_can_be_put_in_and_is_exported_as_it_is(stranger: Stranger, tmp_path: Path) -> None:
    network = toy()
    for part in all_parts():
        if part.key not in ("flatten", "global_pool", "convnext") and not part.join:
            network = network.edit(InsertPart("4" if part.takes == "features" else "1", part.key))
    for join in ("add", "multiply", "concat"):
        check_count(toy().edit(InsertPart("2", join)))
    check_count(network)
    check_replay(network)
    check_eval(network, stranger, tmp_path)
    # alone: behind permuted memory other kernels of the CPU run, and the last bits of whatever follows depend on it
    check_eval(toy().edit(InsertPart("1", "convnext")), stranger, tmp_path)


@pytest.mark.parametrize("part", all_parts(), ids=lambda part: part.key)
def test_a_part_takes_the_place_of_a_layer(part: Part) -> None:
    network = toy()
    place = "5" if part.takes == "features" else "2"
    if part.join or part.key == "flatten":
        with pytest.raises(EditError):
            network.edit(ReplaceByPart(place, part.key))
        return
    changed = network.edit(ReplaceByPart(place, part.key))
    if part.key in ("convolution", "linear"):
        assert changed.architecture is network.architecture, "the very same layer"
        return
    assert place not in changed.architecture.nodes or changed.architecture.nodes[place].original is not None
    check_count(changed)


def test_a_layer_in_the_place_of_its_kind_keeps_the_weights_that_fit(opened: Opened) -> None:
    network = opened("resnet18").edit(ReplaceByPart("conv1", "convolution", "kernel=7, stride=2, bias=False"))
    node = network.architecture.nodes["conv1"]
    assert node is network.baseline.architecture.nodes["conv1"], "the same layer is no change"


def test_what_is_put_in_behind_with_a_reader_is_on_that_link_alone(opened: Opened) -> None:
    network = opened("resnet18").edit(InsertPart("layer1.0", "activation", reader="layer1.1.conv1"))
    live = network.architecture.live
    assert live["layer1.1.conv1"].inputs == ("layer1.activation",)
    assert "layer1.0.relu:2" in live["layer1.1.add"].inputs
    with pytest.raises(EditError, match=r"layer3\.0 does not read layer1\.0\.relu:2"):
        opened("resnet18").edit(InsertPart("layer1.0", "activation", reader="layer3.0"))


def test_a_part_goes_into_each_of_several_places(opened: Opened) -> None:
    places = "layer1.0.bn2,layer1.1.bn2,layer2.1.bn2"
    network = opened("resnet18").edit(InsertPart(places, "squeeze_excitation"))
    gates = [name for name in network.architecture.live if name.endswith(".mul")]
    assert gates == [f"layer{one}.squeeze_excitation.mul" for one in ("1.0", "1.1", "2.1")]
    check_count(network)


NUMBERED: list[tuple[Edit, list[str]]] = [
    (ReplaceByPart("layer1.0,layer1.1", "inverted_residual"), ["layer1.inverted_residual"]),
    (InsertPart("layer1.0,layer1.1", "activation"), ["layer1.activation"]),
    (InsertPart("layer1.1,layer1.0", "eca", where="before"), ["layer1.eca"]),
    (InsertPart("layer1.0,layer1.1", "convolution", where="beside"), ["layer1.convolution", "layer1.add"]),
    (InsertPart("layer1.0,layer1.0", "activation"), ["layer1.activation"]),
]


@pytest.mark.parametrize(("edit", "titles"), NUMBERED)
def test_what_is_put_at_several_places_is_numbered_in_the_order_of_the_data(
    edit: Edit, titles: list[str], opened: Opened
) -> None:
    network = opened("resnet18").edit(edit)
    for title in titles:
        name = re.compile(re.escape(title) + r"(_\d+)?(?![\w])")
        found = dict.fromkeys(match[0] for match in map(name.match, network.architecture.live) if match)
        assert list(found) == [title, f"{title}_2"]
    check_count(network)


@pytest.mark.parametrize(("edit", "titles"), NUMBERED)
def test_what_earlier_files_put_at_several_places_keeps_its_names(
    edit: Edit, titles: list[str], opened: Opened
) -> None:
    """A later edit of the same file names it: it must not be about another block from one day to the next."""
    value = edit_to_json(edit)
    assert edit_from_json(value) == edit
    del value["numbering"]
    earlier = edit_from_json(value)
    network = opened("resnet18").edit(earlier)
    places = [node for node in network.architecture.live if node.startswith(titles[0])]
    assert places[0].startswith(f"{titles[0]}_2"), "the last is the first"
    assert edit_from_json(edit_to_json(earlier)) == earlier


@pytest.mark.parametrize("key", ["cbam", "eca", "mbconv"])
def test_a_part_is_called_in_code_as_in_its_field(key: str, opened: Opened) -> None:
    network = opened("resnet18").edit(InsertPart("layer1.0.bn2", key))
    assert network.architecture.module_classes[f"layer1.0.{key}"] == find_part(key).title
    assert key.capitalize() not in python_source(network)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (InsertPart("conv1", "activation", numbering="sideways"), "'sideways' is not a known way of numbering"),
        (InsertPart("conv1", "fir"), "no part 'fir'; nearest: fire"),
        (InsertPart("conv1", "fire", "widths=3"), "has no setting 'widths'"),
        (InsertPart("conv1", "fire", where="above"), "'above' is not a known side"),
        (InsertPart("conv1", "fire", where="beside", join="divide"), "'divide' is not a known kind of join"),
        (InsertPart("layer9", "fire"), "no layer or block 'layer9'; nearest"),
        (InsertPart("fc", "fire"), "Fire module takes maps; fc gives 1000"),
        (InsertPart("conv1", "linear"), "takes rows of features; conv1 gives 64×112×112"),
        (InsertPart("output", "activation"), "no single way out"),
        (InsertPart("input", "activation", where="before"), "no single way in"),
        (ReplaceByPart("layer1.0.add", "convolution"), r"layer1\.0\.add has no single way in"),
        (ReplaceByPart("conv1", "add"), "put it beside something"),
        (CopyBlock("fc", "layer1.0"), r"basic_block\.conv1 cannot take 1000: it takes maps"),
        (MoveBlock("maxpool", "fc"), "maxpool cannot take 1000: it takes maps"),
        (TakeOut("output"), "cannot be taken out"),
        (TakeOut("*"), "nothing of ResNet-18 would remain"),
    ],
)
def test_what_is_not_possible_is_refused_with_a_reason(edit: Edit, message: str, opened: Opened) -> None:
    with pytest.raises(EditError, match=message):
        opened("resnet18").edit(edit)


def test_a_refused_part_comes_with_ways_that_work(opened: Opened) -> None:
    with pytest.raises(EditError, match=r"layer1\.0\.add cannot add") as refused:
        opened("resnet18").edit(InsertPart("layer1.0.bn2", "convolution", "channels=96"))
    assert refused.value.repairs
    for repair in refused.value.repairs:
        check_count(opened("resnet18").edit(repair.edit))
    with pytest.raises(EditError, match="divisible") as refused:
        opened("mobilenet_v2").edit(ReplaceByPart("features.2", "shuffle_v1", "groups=5"))
    assert refused.value.repairs


# taking out


def test_a_branch_is_taken_out_of_its_concatenation(opened: Opened) -> None:
    network = opened("googlenet_2014").edit(TakeOut("inception3a.branch1"))
    assert len(network.architecture.nodes["inception3a.cat"].inputs) == 3
    assert network.architecture.nodes["inception3b.branch1.conv"].layer.in_channels == 192
    assert not any(name.startswith("inception3a.branch1") for name in network.architecture.nodes)


def test_an_auxiliary_head_is_taken_out_like_any_branch(opened: Opened) -> None:
    network = opened("googlenet_2014")
    headed = network.edit(ToggleAuxiliaryHead("*", on=True))
    first, second = headed.architecture.output.inputs[1:]
    for edit in (TakeOut("inception4a.aux"), Disconnect("output", first)):
        assert headed.edit(edit).architecture.output.inputs == ("fc", second)
    bare = headed.edit(TakeOut("inception4a.aux"), TakeOut("inception4d.aux"))
    assert bare.architecture.output.inputs == ("fc",)
    assert bare.figures.total == network.figures.total
    check_replay(bare)


def test_an_auxiliary_head_that_never_runs_can_go(opened: Opened) -> None:
    """torchvision's Inception v3 has one, of 3,326,696 parameters."""
    network = opened("inception_v3").edit(TakeOut("Mixed_7c"), ToggleAuxiliaryHead("AuxLogits", on=False))
    assert not network.figures.unused_params
    assert network.figures.total.params == network.undo().figures.total.params - 3_326_696
    check_replay(network)
    with pytest.raises(EditError, match="no auxiliary head"):
        network.edit(ToggleAuxiliaryHead("*", on=False))


def test_a_join_with_one_way_left_goes_too(opened: Opened) -> None:
    network = opened("resnet18").edit(TakeOut("layer2.0.downsample"))
    assert "layer2.0.add" not in network.architecture.nodes
    assert network.architecture.nodes["layer2.0.relu:2"].inputs == ("layer2.0.bn2",)
    network = opened("resnet18").edit(TakeOut("layer1.0.add"))
    assert network.architecture.nodes["layer1.0.relu:2"].inputs == ("layer1.0.bn2",)
    network = opened("mobilenet_v3_small").edit(TakeOut("features.1.block.1.mul"))
    assert "features.1.block.1.fc1" not in network.architecture.nodes


def test_what_goes_with_another_part_of_a_selection_is_no_fault(opened: Opened) -> None:
    weighed = opened("densenet121").edit(ToggleSqueezeExcitation("features.denseblock3", on=True))
    layers = [f"features.denseblock3.denselayer{number}" for number in (19, 20)]
    gone = weighed.edit(TakeOut(join_ids([*layers, f"{layers[0]}.se"])))
    assert gone.architecture.live.keys() == weighed.edit(TakeOut(join_ids(layers))).architecture.live.keys()
    check_count(gone)


def test_a_selection_is_taken_out_as_one(opened: Opened) -> None:
    names = ["stage2.1.chunk", "stage2.1.getitem", "stage2.1.getitem:2", "stage2.1.cat", "stage2.1.channel_shuffle"]
    unit = [n for n in opened("shufflenet_v2_x0_5").architecture.live if n.startswith("stage2.1")]
    network = opened("shufflenet_v2_x0_5").edit(TakeOut(join_ids(unit)))
    assert not any(name.startswith("stage2.1") for name in network.architecture.nodes)
    with pytest.raises(EditError):
        opened("shufflenet_v2_x0_5").edit(TakeOut(join_ids(names[:1])))


# links


def test_a_long_shortcut_is_fitted_as_is_chosen(opened: Opened) -> None:
    with pytest.raises(EditError, match=r"\(64×56×56\) does not meet layer2\.1\.relu:2 \(128×28×28\)") as refused:
        opened("resnet18").edit(Connect("layer3.0", "layer1.0"))
    ways = [repair.edit for repair in refused.value.repairs]
    assert ways == [Connect("layer3.0", "layer1.0", fit="pool"), Connect("layer3.0", "layer1.0", fit="project")]
    for way in ways:
        check_count(opened("resnet18").edit(way))
    up = opened("resnet18").edit(Connect("layer3.0", "layer1.0", "concat", "pool"))
    assert up.figures.shape("layer3.0.conv1").dims == (1, 256, 14, 14)
    assert up.architecture.nodes["layer3.0.conv1"].layer.in_channels == 128 + 64


def test_a_concatenation_gets_one_more_way_and_loses_it(opened: Opened) -> None:
    network = opened("googlenet_2014").edit(Connect("inception3a.cat", "maxpool2", "concat"))
    assert network.architecture.nodes["inception3a.cat"].inputs[-1] == "maxpool2"
    back = network.edit(Disconnect("inception3a.cat", "maxpool2"))
    assert back.figures.total == network.baseline.figures.total


def test_a_join_behind_one_that_was_mended_is_mended_too(opened: Opened) -> None:
    strided = SetLayer("stage2.1.branch2.3,stage2.2.branch2.3", "stride", 2)
    with pytest.raises(EditError, match="maps of different sizes") as refused:
        opened("shufflenet_v2_x0_5").edit(strided)
    assert [repair.edit for repair in refused.value.repairs] == [
        replace(strided, mend=way) for way in ("pool", "upsample")
    ]
    for repair in refused.value.repairs:
        check_count(opened("shufflenet_v2_x0_5").edit(repair.edit))


def test_a_join_of_another_kind_is_joined_behind(opened: Opened) -> None:
    network = opened("resnet18").edit(Connect("layer1.1.add", "maxpool", "concat"))
    (concat,) = network.architecture.users["layer1.1.add"]
    assert network.architecture.nodes[concat].inputs == ("layer1.1.add", "maxpool")
    assert network.figures.shape(concat).dims == (1, 128, 56, 56)
    check_count(network)
    weighed = opened("resnet18").edit(Connect("layer1.1.add", "layer1.0", "multiply"))
    (product,) = weighed.architecture.users["layer1.1.add"]
    assert weighed.architecture.nodes[product].inputs[0] == "layer1.1.add"


def test_a_block_that_several_ways_go_into_is_reached_where_they_meet(opened: Opened) -> None:
    layer = "features.denseblock1.denselayer3"
    summed = opened("densenet121").edit(Connect(layer, "features.denseblock1.denselayer1", fit="project"))
    (join,) = summed.architecture.users[f"{layer}.cat"]
    assert join.startswith(f"{layer}.add")
    check_count(summed)


def test_a_map_that_fits_where_what_follows_is_projected_is_offered_so(opened: Opened) -> None:
    """A block around which an addition goes takes a wider map once its shortcut is projected."""
    with pytest.raises(EditError, match="does not meet") as refused:
        opened("resnet18").edit(Connect("layer3.1", "layer1.1", "concat"))
    found = [repair.edit for repair in refused.value.repairs]
    assert found == [Connect("layer3.1", "layer1.1", "concat", fit, "project") for fit in ("pool", "project")]
    for repair in refused.value.repairs:
        assert " · " in repair.title
        check_count(opened("resnet18").edit(repair.edit))


def test_no_link_closes_a_cycle_and_nothing_is_left_without_an_input(opened: Opened) -> None:
    with pytest.raises(EditError, match="would close a cycle"):
        opened("resnet18").edit(Connect("layer1.0", "layer3.0"))
    with pytest.raises(EditError, match="would close a cycle"):
        opened("resnet18").edit(Connect("layer1.0.conv1", "layer1.0.conv1"))
    with pytest.raises(EditError, match=r"layer2\.0\.bn1 would have nothing to read") as refused:
        opened("resnet18").edit(Disconnect("layer2.0.bn1", "layer2.0.conv1"))
    assert [repair.edit for repair in refused.value.repairs] == [TakeOut("layer2.0.bn1")]
    with pytest.raises(EditError, match=r"layer3\.0 does not read conv1"):
        opened("resnet18").edit(Disconnect("layer3.0", "conv1"))


# copies and moves


def test_a_block_of_another_network_fits_its_new_place(opened: Opened) -> None:
    network = opened("resnet18").edit(CopyBlock("layer2.1", "features.3", "mobilenet_v2"))
    home = "layer2.inverted_residual"
    assert network.architecture.module_classes[home] == "InvertedResidual"
    assert network.figures.shape(f"{home}.add").dims == (1, 128, 28, 28)
    gate = opened("resnet18").edit(CopyBlock("layer2.1", "features.3.1.block.2", "efficientnet_b0"))
    assert gate.figures.total.params > gate.baseline.figures.total.params
    check_count(network)
    with pytest.raises(EditError, match="no network 'nix' in the catalogue"):
        network.edit(CopyBlock("layer2.1", "features.3", "nix"))


@pytest.mark.parametrize(
    ("block", "name"), [("features.3", "inverted_residual"), ("features.2.conv.2", "conv"), ("classifier.1", "linear")]
)
def test_a_copy_of_a_numbered_item_is_called_by_its_kind(block: str, name: str, opened: Opened) -> None:
    place = "fc" if name == "linear" else "layer2.1"
    network = opened("resnet18").edit(CopyBlock(place, block, "mobilenet_v2"))
    home = f"layer2.{name}" if place != "fc" else name
    assert any(node.path == home or home in node.scope for node in network.architecture.live.values())


def test_blocks_copied_as_one_are_below_it_as_they_were_below_their_stage(opened: Opened) -> None:
    blocks = join_ids([f"layer3.{number}" for number in range(1, 4)])
    network = opened("resnet50").edit(CopyBlock("layer3.5", blocks))
    made = {path for node in network.architecture.live.values() if node.added for path in node.scope[-1:]}
    assert made == {f"layer3.block.{number}" for number in range(1, 4)}
    check_count(network)
    check_replay(network)


def test_a_block_moves_with_its_weights(opened: Opened) -> None:
    network = opened("resnet18").edit(MoveBlock("layer1.0", "layer1.1"))
    before, after = network.baseline.architecture.nodes, network.architecture.nodes
    assert list(after).index("layer1.1.conv1") < list(after).index("layer1.0.conv1")
    assert all(after[name].op is before[name].op for name in before)
    assert after["layer2.0.conv1"].inputs == ("layer1.0.relu:2",)
    with pytest.raises(EditError, match="behind a part of itself"):
        network.edit(MoveBlock("layer1.0", "layer1.0.conv1"))


@pytest.mark.parametrize(
    ("key", "edit", "has_norm"),
    [
        ("vgg11", Connect("features.5", "features.2", fit="project"), False),
        ("vgg11_bn", Connect("features.7", "features.3", fit="project"), True),
        ("mobilenet_v2", AddShortcut("features.2", way="project"), True),
    ],
)
def test_a_projection_has_a_bias_where_the_network_has_no_norm(
    key: str, edit: Edit, has_norm: bool, opened: Opened
) -> None:
    """As papers and torchvision have it: a convolution and a norm, or a convolution that shifts by itself."""
    check_projection(opened(key), edit, has_norm=has_norm)


def test_so_has_one_where_the_norms_were_taken_out(opened: Opened) -> None:
    bare = opened("mobilenet_v2").edit(SwapNorm("*", "none"))
    check_projection(bare, AddShortcut("features.2", way="project"), has_norm=False)


def check_projection(before: Network, edit: Edit, *, has_norm: bool) -> None:
    made = before.edit(edit)
    new = [node.op for name, node in made.architecture.live.items() if name not in before.architecture.live]
    modules = [op.module for op in new if isinstance(op, Layer)]
    (conv,) = (module for module in modules if isinstance(module, nn.Conv2d))
    assert (conv.bias is None) is has_norm
    assert any(isinstance(module, nn.BatchNorm2d) for module in modules) is has_norm
    check_count(made)


def test_what_eca_weighs_has_a_width_and_its_window_can_be_repeated(opened: Opened) -> None:
    """Its convolution moves along the channels: it takes any number of them, and two are no squeeze-and-excitation."""
    network = opened("resnet18").edit(InsertPart("layer1.0.bn2,layer2.0.bn2", "eca"))
    for edit in (SetWidth("layer1.0", 96), MultiplyWidth("*", 0.5), RepeatBlock("layer1.0.eca.conv", 1)):
        made = network.edit(edit)
        check_count(made)
        assert made.architecture.nodes["layer1.0.eca.mul"].inputs == ("layer1.0.bn2", "layer1.0.eca.unsqueeze")
    wide = network.edit(SetWidth("layer1.0", 96)).architecture.nodes
    assert wide["layer1.0.eca.conv"].op == network.architecture.nodes["layer1.0.eca.conv"].op


@pytest.mark.parametrize(
    ("key", "block", "to", "home"),
    [
        ("mobilenet_v3_small", "features.5.block.2", "features.10.block.1", "features.10.block.squeeze_excitation"),
        ("resnet18", "layer1.0.conv1", "layer1.1.conv1", "layer1.1.conv1_2"),
        ("resnet18", "layer1.1", "conv1", "basic_block"),
        ("squeezenet1_1", "features.4.squeeze", "features.6", "features.squeeze"),
        ("densenet121", "features.denseblock1.denselayer1.relu1", "features.norm0", "features.relu1"),
    ],
)
def test_what_is_moved_lives_in_the_block_it_is_moved_into(
    key: str, block: str, to: str, home: str, opened: Opened, stranger: Stranger, tmp_path: Path
) -> None:
    """Cards show it there, code too, its weights are found again, and its old place still names it."""
    network = opened(key)
    try:
        moved = network.edit(MoveBlock(block, to))
    except EditError as refused:
        moved = network.edit(refused.repairs[0].edit)
    names = [name for name in network.architecture.live if name == block or name.startswith(f"{block}.")]
    paths = {moved.architecture.live[name].home for name in names} - {""}
    assert all(path == home or path.startswith(f"{home}.") for path in paths)
    assert {node.name for node in nodes_at(moved.architecture, block)} == set(names)
    assert set(moved.analysis.hierarchy.groups) >= {home} - paths
    check_count(moved)
    check_replay(moved)
    check_eval(moved, stranger, tmp_path)
    module = moved.module()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.01)
    torch.save(module.state_dict(), tmp_path / "trained.pth")
    back = moved.load_weights(tmp_path / "trained.pth").module().state_dict()
    assert all(torch.equal(back[name], tensor) for name, tensor in module.state_dict().items())


def test_a_block_stays_whole_with_what_is_moved_into_it(opened: Opened) -> None:
    moved = opened("resnet18").edit(MoveBlock("layer1.0.relu", "layer3.0.conv1"))
    (around,) = {group.id for group in moved.analysis.hierarchy.blocks if "layer1.0.relu" in group.nodes}
    assert around == "layer3.0"
    assert "layer1.0" in moved.analysis.hierarchy.groups
    back = moved.edit(MoveBlock("layer1.0.relu", "layer1.0.bn1"))
    assert back.architecture.live["layer1.0.relu"].scope == ("layer1", "layer1.0")


def test_what_is_put_back_never_reads_what_is_computed_later(opened: Opened) -> None:
    """A sum that was switched off, and moved before what it added, cannot be switched on."""
    off = opened("mobilenet_v3_small").edit(ToggleShortcut("*", on=False))
    moved = off.edit(MoveBlock("features.11.add", "features.7.block.1.0"))
    with pytest.raises(EditError, match="cycle"):
        moved.edit(ToggleShortcut("features.11.add", on=True))
    assert find_options(moved.analysis, ("features.7",))
