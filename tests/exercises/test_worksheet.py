"""Every answer of a work sheet is what torch says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.cli import main
from explorer.exercises.sheet_text import sheet_as_html, sheet_as_markdown
from explorer.exercises.worksheet import EXERCISE_LEVELS, Exercise, ExerciseLevel, build_worksheet
from explorer.network import Network

Opened = Callable[[str], Network]

NETWORKS = ("vgg11", "resnet18", "mobilenet_v2", "shufflenet_v1_g3", "googlenet", "efficientnet_b0", "densenet121")


def layer_of(network: Network, exercise: Exercise) -> nn.Module:
    node = network.architecture.nodes[exercise.place]
    assert node.layer is not None
    return node.layer


def output_of(network: Network, exercise: Exercise) -> torch.Tensor:
    """What the layer makes, run by torch on a tensor of the shape that it reads."""
    given = network.figures.shape(network.architecture.nodes[exercise.place].inputs[0])
    assert given is not None
    result = layer_of(network, exercise)(torch.zeros(given.dims, device="meta"))
    assert isinstance(result, torch.Tensor)
    return result


def count_macs(module: nn.Module, shape: tuple[int, ...]) -> int:
    with FlopCounterMode(display=False) as counter:
        module(torch.zeros(shape, device="meta"))
    return int(counter.get_total_flops()) // 2


def check(network: Network, exercise: Exercise) -> None:
    """Compare an answer about one layer or block with torch."""
    if exercise.figure == "params" and not exercise.edits:
        block = exercise.place in network.analysis.hierarchy.groups
        names = network.analysis.hierarchy.nodes_of(exercise.place) if block else (exercise.place,)
        modules = [network.architecture.nodes[name].layer for name in names]
        assert exercise.value == sum(p.numel() for m in modules if m is not None for p in m.parameters())
    elif exercise.figure == "macs" and not exercise.edits:
        given = network.figures.shape(network.architecture.nodes[exercise.place].inputs[0])
        assert given is not None
        assert exercise.value == count_macs(layer_of(network, exercise), given.dims)
    elif exercise.figure == "side":
        assert exercise.value == output_of(network, exercise).shape[-1]
    elif exercise.figure == "shape":
        made = output_of(network, exercise)
        assert exercise.answer == "×".join(map(str, made.shape[1:]))
        assert exercise.value == made.numel()


@pytest.mark.parametrize("key", NETWORKS)
def test_answers_about_layers_and_blocks(key: str, opened: Opened) -> None:
    network = opened(key)
    asked: set[str] = set()
    for level in EXERCISE_LEVELS:
        for seed in range(2):
            sheet = build_worksheet(network, level, 12, seed)
            assert 5 <= len(sheet.exercises) <= 12
            for exercise in sheet.exercises:
                check(network, exercise)
                asked.add(exercise.figure)
    assert {"params", "macs", "side", "shape", "field"} <= asked


@pytest.mark.parametrize("key", ["mobilenet_v1_x0_25", "resnet18", "plain18", "mnasnet0_5", "shufflenet_v1_x0_25"])
def test_receptive_fields_by_gradients(key: str, opened: Opened) -> None:
    """A unit's gradient reaches just the pixels that it sees, where nothing cancels and no maximum chooses."""
    network = opened(key)
    sheet = build_worksheet(network, 2, 24)
    asked = [exercise for exercise in sheet.exercises if exercise.figure == "field" and exercise.value < 150]
    assert len(asked) >= 2
    module = network.module()
    for name, part in list(module.named_modules()):
        parent, _, own = name.rpartition(".")
        if isinstance(part, nn.Conv2d):
            nn.init.constant_(part.weight, 0.1)
        elif isinstance(part, nn.BatchNorm2d | nn.ReLU):
            setattr(module.get_submodule(parent), own, nn.Identity())
        elif isinstance(part, nn.MaxPool2d):
            mean = nn.AvgPool2d(part.kernel_size, part.stride, part.padding)
            setattr(module.get_submodule(parent), own, mean)
    for exercise in asked:
        made: list[torch.Tensor] = []
        path = network.architecture.nodes[exercise.place].path
        handle = module.get_submodule(path).register_forward_hook(lambda m, i, o: made.append(o))  # noqa: B023
        image = torch.ones(network.architecture.input_shape, requires_grad=True)
        module(image)
        handle.remove()
        middle = made[0].shape[-1] // 2
        (gradient,) = torch.autograd.grad(made[0][0, 0, middle, middle], image)
        assert exercise.value == int((gradient[0].abs().sum((0, 1)) > 0).sum())


@pytest.mark.parametrize(
    "key", ["squeezenet1_1", "mobilenet_v1_x0_25", "mnasnet0_5", "shufflenet_v1_x0_25", "shufflenet_v2_x0_5"]
)
def test_answers_about_changes(key: str, opened: Opened) -> None:
    network = opened(key)
    sheet = build_worksheet(network, 3, 24)
    changes = [exercise for exercise in sheet.exercises if exercise.edits and exercise.figure in ("params", "macs")]
    assert len(changes) > 6
    known = {edits: measured(network.edit(*edits)) for edits in {(), *(exercise.edits for exercise in changes)}}
    for exercise in changes:
        sizes = [known[edits][exercise.figure] for edits in ((), exercise.edits)]
        if exercise.choices:
            assert list(exercise.choices) == ["less", "the same", "more"]
            assert exercise.value == (sizes[1] > sizes[0]) - (sizes[1] < sizes[0]) + 1
        else:
            assert exercise.value == pytest.approx(sizes[1] / sizes[0])


def measured(network: Network) -> dict[str, int]:
    module = network.module().to("meta")
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return {"params": parameters, "macs": count_macs(module, network.architecture.input_shape)}


def test_the_same_seed_gives_the_same_sheet(opened: Opened) -> None:
    network = opened("resnet18")
    assert build_worksheet(network, 2) == build_worksheet(network, 2)
    assert build_worksheet(network, 2) != build_worksheet(network, 2, seed=1)
    for level in EXERCISE_LEVELS:
        exercises = build_worksheet(network, level, 10).exercises
        assert len({(one.question, one.answer) for one in exercises}) == len(exercises)


def test_an_edited_network_has_other_answers(opened: Opened) -> None:
    from explorer.edits import MultiplyWidth

    network = opened("resnet18")
    edited = network.edit(MultiplyWidth("*", 0.5))
    sheet = build_worksheet(edited, 1)
    for exercise in sheet.exercises:
        check(edited, exercise)
    assert sheet.exercises != build_worksheet(network, 1).exercises


@pytest.mark.parametrize("level", EXERCISE_LEVELS)
def test_the_key_is_apart(level: ExerciseLevel, opened: Opened) -> None:
    sheet = build_worksheet(opened("resnet18"), level)
    text = sheet_as_markdown(sheet)
    assert len(re.findall(r"^\d+\. ", text, re.MULTILINE)) == 2 * len(sheet.exercises)
    without = sheet_as_markdown(sheet, with_key=False)
    assert "Answers" not in without
    page = sheet_as_html(sheet)
    assert page.count("<section>") == 1
    assert "http" not in page.replace("http-equiv", "")
    assert "<section>" not in sheet_as_html(sheet, with_key=False)
    for exercise in sheet.exercises:
        assert exercise.answer in text


def test_a_network_without_layers() -> None:
    from explorer.network import open_network

    network = open_network(nn.Sequential(nn.ReLU()), input_shape=(1, 3, 8, 8))
    with pytest.raises(ValueError, match="no layers to ask about"):
        build_worksheet(network, 1)
    with pytest.raises(ValueError, match="levels 1, 2 and 3, not 4"):
        build_worksheet(network, 4)  # type: ignore[arg-type]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worksheet", "resnet18", "--level", "2", "--count", "3"]) == 0
    assert capsys.readouterr().out.startswith("# ResNet-18: work sheet, level 2")
    page = tmp_path / "sheet.html"
    assert main(["worksheet", "resnet18", "--language", "zh", "--out", str(page), "--without-key"]) == 0
    assert "练习" in page.read_text(encoding="utf-8")
    assert main(["worksheet", "resnet18", "--out", str(tmp_path / "sheet.docx")]) == 2
    assert ".md or .html" in capsys.readouterr().err
    assert main(["worksheet", "resnet18", "--count", "0"]) == 2
