"""Networks from nothing: what the papers count, trained one step, saved as values, opened again, written as Python."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

import explorer
from explorer.design import TEMPLATES, DesignError, DesignRow, NetworkDesign, build_design, find_design
from explorer.export.network_files import save_network
from explorer.graph.trace import trace
from explorer.project.files import write_project
from explorer.project.opening import build_project, open_project
from explorer.weights import SeededWeights
from tests.edits.test_random_edits import check_count


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


#: Parameters by the papers, or by independent modules; where it comes from is in the docstring of each template.
COUNTS = {
    "lenet_5": 61_706,
    "nin": 966_986,
    "resnet_20": 272_474,  # He et al. say 0.27 M; with projections where the shape changes
    "resnet_18": 11_689_512,
    "mobilenet_like": 3_504_872,
    "densenet_like": 769_162,  # Huang et al. say 0.8 M
    "shufflenet_like": 2_278_604,
    "all_convolutional": 1_369_738,  # Springenberg et al. say about 1.4 M
}


@pytest.mark.parametrize("key", COUNTS)
def test_a_template_has_as_many_parameters_as_its_paper_says(key: str) -> None:
    assert count(build_design(TEMPLATES[key])) == COUNTS[key]


def test_counts_are_those_of_independent_modules() -> None:
    with torch.device("meta"):
        vgg = torchvision.models.vgg11_bn().features
    biases = sum(layer.out_channels for layer in vgg if isinstance(layer, nn.Conv2d))  # of no use before a norm
    assert count(build_design(TEMPLATES["vgg_like"])) == count(vgg) - biases + 512 * 1000 + 1000

    def pair(before: int, after: int) -> int:
        return 9 * before * after + 9 * after * after + 4 * after

    widths = (32, 64, 128, 256, 512)
    down = pair(3, 32) + sum(pair(a, b) for a, b in itertools.pairwise(widths))
    up = sum(4 * b * a + a + pair(2 * a, a) for a, b in itertools.pairwise(widths))
    assert count(build_design(TEMPLATES["u_net"])) == down + up + 32 * 2 + 2


@pytest.mark.parametrize("key", TEMPLATES)
def test_it_opens_is_counted_trains_and_comes_back_from_a_project(key: str, tmp_path: Path) -> None:
    network = explorer.open(f"design:{key}")
    check_count(network)
    design, module = TEMPLATES[key], network.module()
    assert network.figures.total.params == count(build_design(design))
    image = torch.rand(2, *design.input_size)
    output = module.train()(image)
    loss = output.square().mean()
    loss.backward()
    torch.optim.SGD(module.parameters(), 0.01).step()
    assert torch.isfinite(module(image)).all()
    write_project(tmp_path / "made.cnnx", build_project(network, folder=tmp_path))
    again, _ = open_project(tmp_path / "made.cnnx")
    assert again.figures.total == network.figures.total
    values = json.loads((tmp_path / "made.cnnx").read_text())["options"]
    assert NetworkDesign.from_options(values) == design


@pytest.mark.parametrize("key", TEMPLATES)
def test_it_is_edited_and_the_exported_python_computes_the_same(key: str, tmp_path: Path) -> None:
    opened = explorer.open(f"design:{key}")
    network = opened.edit(explorer.SwapActivation("*", "silu"))
    assert network.history.applied_edits
    assert network.figures.total.params == opened.figures.total.params
    path = tmp_path / "made.py"
    save_network(network, path)
    names: dict[str, object] = {"__name__": "made"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    classes = [value for value in names.values() if isinstance(value, type) and issubclass(value, nn.Module)]
    module = classes[-1]().eval()
    ours = network.module()
    module.load_state_dict(ours.state_dict())
    image = torch.rand(1, *TEMPLATES[key].input_size)
    assert torch.equal(module(image), ours(image))


def test_names_are_those_of_torchvision() -> None:
    names = dict(build_design(TEMPLATES["resnet_18"]).named_modules())
    assert {"stem.0.conv", "stages.0.1", "stages.3.0", "head.pool", "head.fc"} <= names.keys()
    traced = trace(build_design(TEMPLATES["resnet_18"]), (1, 3, 224, 224))
    assert traced.title == "ResNet18"


def test_values_of_a_template_can_be_others() -> None:
    network = explorer.open(
        "design:lenet_5", options={"classes": 7, "input": "3x64x64", "row1": "2 vgg_pair channels=8"}
    )
    assert network.architecture.input_shape == (1, 3, 64, 64)
    assert network.baseline.analysis.figures.total.params == count(network.module())
    made = explorer.open_design(NetworkDesign("Mine", (3, 64, 64), 4, (), (DesignRow("mbconv", "channels=24", 2),)))
    assert made.title == "Mine"


def test_it_is_called_as_it_is_designed_and_tells_photos_apart(tmp_path: Path) -> None:
    network = explorer.open_design(replace(TEMPLATES["resnet_20"], title="My network"))
    assert network.title == "My network"
    assert isinstance(network.weights, SeededWeights)
    distance = network.measure_photo_distance()
    assert distance is not None
    assert distance.bits > 0.1, "photos would look alike"
    write_project(tmp_path / "mine.cnnx", build_project(network, folder=tmp_path))
    again, _ = open_project(tmp_path / "mine.cnnx")
    assert again.title == "My network"
    assert torch.equal(again.run("cat").result.main_output, network.run("cat").result.main_output)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"row1": "no_such_part"}, "no_such_part"),
        ({"row1": "basic_residual channels=x"}, "channels must be a whole number"),
        ({"row1": "basic_residual channels=(8"}, "arguments"),
        ({"row1": "basic_residual width=3"}, "no setting"),
        ({"row1": "999 basic_residual"}, "200 times"),
        ({"row1": "add"}, "joins two ways"),
        ({"row1": "up channels=3"}, "ways up"),
        ({"row1": "valid_conv channels=8, kernel=31", "input": "3x16x16"}, "does not take"),
        ({"row1": "convolution channels=8192, kernel=31", "row2": "convolution channels=8192, kernel=31"}, "more than"),
        ({"input": "3x"}, "channels×height"),
        ({"head": "tail"}, "no head"),
        ({"colour": "red"}, "no 'colour'"),
        ({"classes": 0}, "classes"),
        ({"title": "a\nb"}, "title"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_reason(options: dict[str, str], says: str) -> None:
    with pytest.raises(DesignError, match=says):
        build_design(find_design("network", {"row1": "conv_norm_act channels=8", **options}))
    with pytest.raises(DesignError, match="there is no design"):
        find_design("lenet")
