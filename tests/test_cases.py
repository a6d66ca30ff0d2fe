"""Modules as people bring them open verified, count right and compute what torch computes; or say truly why not.

`python -m tests.test_cases` prints the table.
"""

from __future__ import annotations

import random
import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

import explorer
from explorer.analysis.analysis import analyse
from explorer.analysis.example_inputs import build_examples
from explorer.analysis.forward.engine import ForwardEngine
from explorer.analysis.module_twin import unwrap
from explorer.design_rules.check import check_network
from explorer.edits import Edit, EditError, InsertPart, MultiplyDepth, RemoveBranch, RepeatBlock, SetInputSize, SetWidth
from explorer.edits.budget import free_axes
from explorer.edits.drops import find_drop
from explorer.edits.history import apply_edit
from explorer.edits.options import find_options
from explorer.graph.module_copy import module_key
from explorer.graph.transport import snapshot_from_bytes, snapshot_to_bytes
from explorer.network import Network
from explorer.networks.input_spec import parse_inputs
from explorer.presenters import build_inspection
from explorer.presenters.editable_table import build_editable_table, cell_option
from tests.cases.architectures import PAPERS
from tests.cases.brought import BROUGHT
from tests.cases.everyday import EVERYDAY
from tests.cases.forum import FORUM
from tests.cases.hard import HARD
from tests.cases.own_layers import OWN_LAYERS
from tests.cases.reported import CASES, Case
from tests.cases.repositories import REPOSITORIES

#: Of an edited case; a head of 21,841 classes on a flattened map has more.
MOST_PARAMS = 50_000_000

ALL = {**CASES, **PAPERS, **HARD, **BROUGHT, **EVERYDAY, **FORUM, **REPOSITORIES, **OWN_LAYERS}

pytestmark = pytest.mark.filterwarnings("ignore")  # of what torch deprecates: people still bring it


def flat(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from flat(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from flat(getattr(value, field.name))


def make(case: Case) -> nn.Module:
    torch.manual_seed(0)
    return case.make().eval()


def faults(case: Case) -> list[str]:
    """Open a case, and return in what it is not as torch says."""
    module, specs = make(case), parse_inputs(case.inputs)
    made = {name: tensor for name, tensor in module.state_dict().items() if not is_lazy(tensor)}
    before = {name: tensor.clone() for name, tensor in made.items()}
    network = explorer.open(module, inputs=specs)
    assert network.verification is not None
    if case.differs:
        assert network.verification.status == "differs"
        return [] if case.differs in network.verification.text else [network.verification.text]
    found = [] if network.verification.status == "equal" else [network.verification.text]
    if any(not torch.equal(before[name], tensor) for name, tensor in made.items()):
        found.append("the user's object was changed")
    example = next(iter(build_examples(unwrap(module), specs)))
    args, kwargs = example.fresh_arguments(network.preprocess("cat")[0])
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False), counter:
        torch.manual_seed(0)
        expected = list(flat(module(*args, **kwargs)))
    total = network.figures.total
    if total.params != sum(p.numel() for p in module.parameters()):
        found.append(f"{total.params} parameters")
    if case.counted and total.macs != counter.get_total_flops() // 2:
        found.append(f"{total.macs} MACs, not {counter.get_total_flops() // 2}")
    torch.manual_seed(0)
    found += _unlike(list(flat(network.run("cat").result.value)), expected, "run", case)
    with torch.no_grad():
        torch.manual_seed(0)
        again = network.module()(*flat((args, tuple(kwargs.values()))))
    if case.counted and network.verification.count:
        found.append(f"counts: {network.verification.count}")
    return found + _unlike(list(flat(again)), expected, "module()", case) + _looked_at(network)


def _unlike(ours: list[torch.Tensor], expected: list[torch.Tensor], where: str, case: Case) -> list[str]:
    if case.random:
        ours = [torch.zeros_like(t) for t in ours]
        expected = [torch.zeros_like(t) for t in expected]
    if [(t.shape, t.dtype) for t in ours] != [(t.shape, t.dtype) for t in expected]:
        return [f"{where} gives {[tuple(t.shape) for t in ours]}"]
    for one, other in zip(ours, expected, strict=True):
        one, other = (t.int() if t.dtype == torch.bool else t for t in (one, other))
        loose = torch.finfo(one.dtype).eps > 1e-6 if one.is_floating_point() else False
        scale = float(other.abs().max()) if other.numel() else 0.0
        if not torch.allclose(one, other, rtol=1e-2 if loose else 1e-3, atol=(1e-2 if loose else 1e-4) * scale):
            return [f"{where} differs"]
    return []


def _looked_at(network: Network) -> list[str]:
    """The inspector has an answer for every card."""
    for selected in (
        (),
        *((name,) for name in network.analysis.hierarchy.groups),
        *((n,) for n in network.architecture.live),
    ):
        if selected != ("",):
            build_inspection(network.analysis, selected)
    return []


@pytest.mark.parametrize("name", ALL)
def test_it_opens_verified_and_is_as_torch_says(name: str) -> None:
    case = ALL[name]
    if case.refusal:
        with pytest.raises(ValueError, match=case.refusal):
            explorer.open(make(case), inputs=case.inputs)
    else:
        assert faults(case) == []


def offers(network: Network) -> list[Edit]:
    """Every edit that is offered on any card, but other inputs: what goes in would have to follow."""
    cards = ["", *filter(None, network.analysis.hierarchy.groups), *network.architecture.live]
    options = [option for card in cards for option in find_options(network.analysis, card) if not option.reason]
    found = [choice.edit for option in options for choice in option.choices if choice.edit is not None]
    return [edit for edit in found if edit.name not in ("set_input_size", "apply_compound_scaling")]


def edit_faults(case: Case, count: int) -> list[str]:
    """Make some of the edits that are offered, and return where what runs and the module that leaves differ."""
    specs = parse_inputs(case.inputs)
    network = explorer.open(make(case), inputs=specs)
    example = next(iter(build_examples(unwrap(make(case)), specs)))
    args, kwargs = example.fresh_arguments(network.preprocess("cat")[0])
    given, found = list(flat((args, tuple(kwargs.values())))), list[str]()
    possible = offers(network)
    for edit in random.Random(0).sample(possible, min(count, len(possible))):
        edited = network.edit(edit)  # what is offered can be made
        if edited.figures.total.params > MOST_PARAMS:
            continue
        module = edited.module()
        if edited.figures.total.params - edited.figures.unused_params != sum(p.numel() for p in module.parameters()):
            found.append(f"{edit}: parameters")
        with torch.no_grad():
            torch.manual_seed(0)
            leaving = list(flat(module(*(tensor.clone() for tensor in given))))
        torch.manual_seed(0)
        found += _unlike(list(flat(edited.run("cat").result.value)), leaving, f"{edit}", case)
    return found


#: It writes through views whose strides are recorded: they are those of the layout that it had.
STRIDES_ARE_FIXED = ("InplaceThroughViews",)
EDITED = [name for name, case in ALL.items() if not (case.refusal or case.differs or name in STRIDES_ARE_FIXED)]


@pytest.mark.parametrize("name", EDITED)
def test_what_is_offered_on_it_can_be_made_and_leaves_as_it_runs(name: str, request: pytest.FixtureRequest) -> None:
    long = request.config.getoption("--long")
    if not long and list(ALL).index(name) % 3:
        pytest.skip("with --long")
    assert edit_faults(ALL[name], 12 if long else 2) == []


@pytest.mark.parametrize("name", ["RoutedCapsules", "JoinsParts", "ConditionalNorms", "SidesInLists"])
def test_every_card_says_what_can_be_done(name: str) -> None:
    """A list of maps goes into what joins them, a window is a list: neither is a number or one map."""
    assert offers(explorer.open(make(ALL[name]), inputs=ALL[name].inputs))


def test_a_list_of_sides_is_the_tuple_of_them() -> None:
    network = explorer.open(make(ALL["SidesInLists"]), inputs="3x32x32")
    pool = network.architecture.nodes["pool"].layer
    assert isinstance(pool, nn.MaxPool2d)
    assert pool.kernel_size == (2, 2)
    same: Any = [2, 2]
    other: Any = [2, 3]
    assert module_key(nn.MaxPool2d(same)) == module_key(nn.MaxPool2d((2, 2))) != module_key(nn.MaxPool2d(other))


def test_channels_that_are_cut_and_joined_again_are_one_width() -> None:
    network = explorer.open(make(ALL["JoinsParts"]), inputs="3x32x32")
    wider = network.edit(SetWidth("a", 12))
    assert [shape[1] for shape in (tuple(t.shape) for t in flat(wider.module()(torch.rand(1, 3, 32, 32))))] == [4, 2]
    assert edit_faults(ALL["JoinsParts"], 12) == []


def test_under_autocast_every_op_has_the_numbers_it_makes() -> None:
    """Half as many bytes are counted, and what is put in computes in them."""
    network = explorer.open(make(ALL["Autocast"]), inputs="3x32x32")
    measured = {name: measure.shape for name, measure in network.figures.measures.items()}
    assert {measured[name].dtype for name in ("a.conv2d", "relu", "b.conv2d")} == {torch.bfloat16}
    assert measured["float"].dtype == torch.float32
    assert edit_faults(ALL["Autocast"], 30) == []


def test_a_weight_that_is_read_too_is_counted_as_it_leaves() -> None:
    """The layer behind a copy reads other channels and has weights of its own; what the code reads are the old ones."""
    network = explorer.open(make(ALL["CalledWithOtherWeights"]), inputs="3x16x16").edit(RepeatBlock("a", 1))
    assert network.figures.total.params == sum(p.numel() for p in network.module().parameters()) == 1976


def test_a_deformable_convolution_keeps_its_offsets() -> None:
    """torch knows no shapes that it refuses, only numbers."""
    network = explorer.open(make(ALL["DeformableBlock"]), inputs=ALL["DeformableBlock"].inputs)
    with pytest.raises(EditError, match="18 offsets and a mask of 18 do not fit a window of 9 places"):
        network.edit(RemoveBranch("dcn.getitem"))
    assert RemoveBranch("dcn.getitem") not in offers(network)


def test_a_copied_block_keeps_its_tables() -> None:
    """Statistics that a block of one's own keeps are no weights: new ones would be negative variances."""
    network = explorer.open(make(ALL["ActivatedNorm"]), inputs="3x16x16")
    deeper = network.edit(MultiplyDepth("stage:1", 1.2))
    state, given = deeper.module().state_dict(), network.module().state_dict()
    copies = [name for name in state if name not in given and "running" in name]
    assert copies
    for name in copies:
        assert torch.equal(state[name], given[re.sub(r"(\.\d+)_\d+\.", r"\1.", name)])
    assert torch.isfinite(deeper.run("cat").result.main_output).all()


def size_faults(case: Case, most: int) -> list[str]:
    """Give images of other sizes to a case, sides of up to `most` among those offered, and return those for which it is
    edited and yet not the module."""
    specs = parse_inputs(case.inputs)
    network = explorer.open(make(case), inputs=specs)
    shape, found = network.architecture.input_shape, list[str]()
    if len(shape) != 4 or (network.verification is not None and network.verification.value_reads):
        return []
    side = shape[2]
    offered = [option for option in find_options(network.analysis, "") if not option.reason]
    edits = [choice.edit for option in offered for choice in option.choices if choice.edit is not None]
    tried = [SetInputSize(resolution=s) for s in (side + 1, side + 8, 2 * side, max(side // 2, 1))]
    tried += [e for e in edits if isinstance(e, SetInputSize) and not e.channels and max(e.resolution, e.batch) <= most]
    for edit in (*tried, SetInputSize(batch=3)):
        try:
            edited = network.edit(edit)
        except EditError:
            assert edit not in edits
            continue
        module = make(case)
        image = torch.randn(edited.architecture.input_shape).to(network.preprocess("cat")[0].dtype)
        args, kwargs = next(iter(build_examples(unwrap(module), specs))).fresh_arguments(image)
        try:
            with torch.no_grad():
                torch.manual_seed(0)
                expected = list(flat(module(*args, **kwargs)))
        except Exception:  # the module takes no such image, and a network that was edited may
            continue
        with torch.no_grad():
            torch.manual_seed(0)
            ours = list(flat(edited.module()(*flat((args, tuple(kwargs.values()))))))
        found += _unlike(ours, expected, edit.title, case)
    return found


#: Their weights are drawn when they first see an image.
LAZY = ("LazyInside",)


@pytest.mark.parametrize("name", [name for name in EDITED if name not in LAZY and not ALL[name].random])
def test_for_images_of_another_size_it_is_the_module_or_says_no(name: str, request: pytest.FixtureRequest) -> None:
    long = request.config.getoption("--long")
    if not long and list(ALL).index(name) % 3 and name not in READ_SIZES:
        pytest.skip("with --long")
    assert size_faults(ALL[name], 320 if long else 8) == []


#: For these no height but their own is possible, or no width of a layer; and the card whose size the code reads.
READ_SIZES: dict[str, tuple[Edit, str]] = {
    "CellOverRows": (SetInputSize(resolution=24), "unbind"),
    "PiecesOfRows": (SetInputSize(resolution=24), "split"),
    "LoopOverColumns": (SetInputSize(resolution=24), "a"),
    "SmallImagesOtherwise": (SetInputSize(resolution=24), "input"),
    "SideInAList": (SetInputSize(resolution=24), "input"),
    "ProductByNumpy": (SetInputSize(resolution=24), "input"),
    "GridThatIsKept": (SetInputSize(resolution=24), "a"),
    "LoopOverChannels": (SetWidth("a", 12), "a"),
}


@pytest.mark.parametrize("name", READ_SIZES)
def test_a_size_that_the_code_reads_as_a_number_is_not_edited(name: str) -> None:
    """A loop over rows or channels, a branch, a number computed outside of torch; also after a way to a file."""
    edit, card = READ_SIZES[name]
    network = explorer.open(make(ALL[name]), inputs=ALL[name].inputs)
    travelled = snapshot_from_bytes(snapshot_to_bytes(network.architecture))
    for snapshot in (network.architecture, travelled):
        with pytest.raises(EditError, match="Open the module anew") as refused:
            apply_edit(edit, snapshot)
        assert refused.value.node == card
    assert edit not in offers(network)
    if name in ("CellOverRows", "SideInAList"):
        assert "resolution" not in free_axes(network.architecture, "macs")
    assert network.edit(SetInputSize(batch=2)).figures.output_shape[0] == 2


def test_a_branch_that_is_taken_again_leaves_the_size_free() -> None:
    network = explorer.open(make(ALL["SmallImagesOtherwise"]), inputs=ALL["SmallImagesOtherwise"].inputs)
    assert network.edit(SetInputSize(resolution=20)).figures.output_shape == (1, 8, 20, 20)
    with pytest.raises(EditError, match="16 then, 18 now"):
        network.edit(SetInputSize(resolution=18))  # the assertion fails for it


@pytest.mark.parametrize(
    "name", ["ScalarOutput", "unbatched", "own_parametrization", "FakeQuantised", "NestedOutputs", "vectors"]
)
def test_whatever_it_gives_the_window_has_an_answer(name: str) -> None:
    """Numbers, vectors, maps without a batch, objects and computed weights: rules, tables and drops of parts."""
    network = explorer.open(make(ALL[name]), inputs=ALL[name].inputs)
    analysis, architecture = network.analysis, network.architecture
    check_network(analysis)
    table = build_editable_table(analysis, analysis)
    for row in range(len(table.rows)):
        for heading in table.headings:
            cell_option(analysis, row, heading.key)
    for card in architecture.live:
        for part in ("conv_norm_act", "concat"):
            find_drop(architecture, InsertPart(card, part))


@pytest.mark.parametrize("name", ["Autocast", "GraphConvolution", "ConditionalGenerator", "scripted_whole"])
def test_it_travels_from_the_process_that_it_is_opened_in(name: str) -> None:
    case = ALL[name]
    network = explorer.open(make(case), inputs=case.inputs)
    again = snapshot_from_bytes(snapshot_to_bytes(network.architecture))
    assert analyse(again).figures.total == network.figures.total
    image, weights = network.preprocess("cat")[0], network.context.weights
    ours, theirs = (list(flat(ForwardEngine().run(a, weights, image).value)) for a in (network.architecture, again))
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


#: Of torchvision: those that find their way in without images of their own, and a shape for each kind.
TORCHVISION = {
    **{f"segmentation.{name}": "3x96x96" for name in models.list_models(models.segmentation)},
    **{f"video.{name}": "3x16x64x64" for name in ("mc3_18", "r2plus1d_18", "r3d_18")},
    **{f"video.{name}": "3x16x64x64" for name in ("swin3d_t", "swin3d_s", "swin3d_b")},
    **{f"video.{name}": "3x16x224x224" for name in ("s3d", "mvit_v1_b", "mvit_v2_s")},
    **{f"detection.{name}": "images[0]=[3x96x96]@noise" for name in models.list_models(models.detection)},
}


def test_torchvision_opens_verified(request: pytest.FixtureRequest) -> None:
    """Segmentation, video and detection: one quick network, or with --long all of them."""
    every = request.config.getoption("--long")
    for name, shape in TORCHVISION.items() if every else (("segmentation.lraspp_mobilenet_v3_large", "3x64x64"),):
        room, _, key = name.partition(".")
        more = {} if room == "video" else {"weights_backbone": None}
        module = models.get_model(key, weights=None, **more).eval()
        network = explorer.open(module, inputs=shape)
        assert network.verification is not None
        assert network.verification.status == "equal", name
        assert network.figures.total.params == sum(p.numel() for p in module.parameters()), name


def tiny_detector() -> nn.Module:
    """A Keypoint and Mask R-CNN in one, of one small map."""
    from torchvision.models.detection import MaskRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
    from torchvision.ops import MultiScaleRoIAlign

    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Conv2d(3, 8, 3, 8, 1), nn.BatchNorm2d(8), nn.ReLU())
    backbone.out_channels = 8  # type: ignore[assignment]
    anchors, pool = AnchorGenerator(((16, 32),), ((0.5, 1.0),)), MultiScaleRoIAlign(["0"], 7, 2)
    sizes: Any = {"min_size": 64, "max_size": 64, "rpn_post_nms_top_n_test": 40, "box_score_thresh": 0.335}
    model = MaskRCNN(backbone, 3, rpn_anchor_generator=anchors, box_roi_pool=pool, mask_roi_pool=pool, **sizes)
    model.roi_heads.keypoint_roi_pool = MultiScaleRoIAlign(["0"], 14, 2)
    model.roi_heads.keypoint_head = KeypointRCNNHeads(8, (8,))
    model.roi_heads.keypoint_predictor = KeypointRCNNPredictor(8, 3)
    return model.eval()


def test_a_detector_finds_as_many_as_it_finds_in_any_image() -> None:
    model = tiny_detector()
    network = explorer.open(model, inputs="images[0]=[3x64x64]")
    assert network.verification is not None
    assert (network.verification.status, network.verification.text) == ("equal", "")
    counts = set()
    for image in (network.preprocess("cat")[0], torch.randn(3, 64, 64), torch.zeros(3, 64, 64)):
        with torch.no_grad():
            expected = list(flat(model([image.clone()])))
            ours = list(flat(network.module()(image)))
        counts.add(expected[0].shape)
        assert all(torch.equal(one, other) for one, other in zip(ours, expected, strict=True))
    assert len(counts) > 1
    assert {"rpn", "roi_heads"} <= set(network.analysis.hierarchy.groups)


def print_table() -> None:
    """Print a line for each case, and the sums."""
    warnings.simplefilter("ignore")
    counts: dict[str, int] = {}
    for name, case in ALL.items():
        start = time.perf_counter()
        try:
            found = faults(case)
            verdict = "wrong" if found else "differs, said" if case.differs else "verified"
        except Exception as failure:
            found = [f"{type(failure).__name__}: {' '.join(str(failure).split())[:260]}"]
            verdict = "refused, truly" if case.refusal and case.refusal in str(failure) else "refused"
        counts[verdict] = counts.get(verdict, 0) + 1
        print(f"{verdict:<15} {time.perf_counter() - start:5.1f} s  {name}  {'; '.join(found)}", flush=True)
    print(counts)


if __name__ == "__main__":
    print_table()
