"""A block whose weights are all zero: a residual one passes its input on, a plain one passes nothing.

Source: He et al., "Deep Residual Learning for Image Recognition" (ResNet), CVPR 2016, §3.2 and tables 2 and 3.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.cardinality import resnext_block as bottleneck
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ComputedNumber,
    Outcome,
    Photo,
    QuotedResult,
    chart_line,
    message,
    normalise_map,
)
from explorer.network import Network

_BLOCKS = {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3}
_SIDE = 160  # of the photos: enough to see, quick to run
_KEYS = ("resnet34", "plain34")


def zero_main_path(module: nn.Module, blocks: Iterable[str]) -> nn.Module:
    """Set every weight of the main path of these blocks to zero; projections on the shortcut stay."""
    with torch.no_grad():
        for block in blocks:
            for name, parameter in module.get_submodule(block).named_parameters():
                if not name.startswith("downsample"):
                    parameter.zero_()
    return module


def _other(photo: str) -> str:
    return "coffee" if photo != "coffee" else "cat"


def _output_distance(outputs: torch.Tensor) -> float:
    """How far the outputs for two photos are apart."""
    return float((outputs[0] - outputs[1]).norm())


def _relative_change(into: torch.Tensor, out: torch.Tensor) -> float:
    """By how much a block changes its input, relative to it."""
    return float((out - into).norm() / into.norm())


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    stage = values["stage"]
    count = _BLOCKS[stage] - 1  # the first block changes the shape, so it can be no identity
    inside: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    apart: dict[str, list[float]] = {}
    for number, key in enumerate(_KEYS):
        network = measurements.open_cached(key)
        report_progress(keep_going, number / 2)
        module = network.module()
        images = torch.cat(
            [measurements.photo_tensor(name, network, _SIDE) for name in (values["photo"], _other(values["photo"]))]
        )
        apart[key] = [_output_distance(measurements.record_activations(module, (), images)[""])]
        for block in range(1, count + 1):
            report_progress(keep_going, (number + block / (count + 1)) / 2)
            zero_main_path(module, [f"{stage}.{block}"])
            into, out = f"{stage}.1.conv1", f"{stage}.2.conv1"  # what leaves a block enters the next
            seen = measurements.record_activations(module, (into, out), images, inputs=True)
            inside.setdefault(key, (seen[into], seen[out]))
            apart[key].append(_output_distance(seen[""]))
    ratios = {key: [distance / distances[0] for distance in distances] for key, distances in apart.items()}
    return Outcome(
        pictures=(_chart(ratios), *_maps(inside)),
        numbers=(
            ComputedNumber(
                "residual", message("residual"), _relative_change(*inside["resnet34"]), "", 0.0, "ResNet, §3.2"
            ),
            ComputedNumber("plain", message("plain"), _relative_change(*inside["plain34"])),
            ComputedNumber("kept_residual", message("kept", network="ResNet-34", count=count), ratios["resnet34"][-1]),
            ComputedNumber("kept_plain", message("kept", network="Plain-34", count=count), ratios["plain34"][-1]),
            *_parameters(),
        ),
        observations=(message("seen_residual"), message("seen_plain"), message("seen_free")),
        quoted=(
            QuotedResult(message("quoted_18"), "27.94 / 27.88 %", "ResNet, table 2"),
            QuotedResult(message("quoted_34"), "28.54 / 25.03 %", "ResNet, table 2"),
            QuotedResult(message("quoted_options"), "25.03 / 24.52 / 24.19 %", "ResNet, table 3"),
        ),
    )


def _chart(ratios: dict[str, list[float]]) -> Chart:
    labels = {"resnet34": "ResNet-34", "plain34": "Plain-34"}
    return Chart(
        message("chart"),
        ChartAxis(message("axis_count")),
        ChartAxis(message("axis_kept"), low=0),
        tuple(chart_line(labels[key], range(len(values)), values) for key, values in ratios.items()),
    )


def _maps(inside: dict[str, tuple[torch.Tensor, torch.Tensor]]) -> tuple[Photo, ...]:
    """The loudest channel that enters each block, and what leaves it."""
    photos: list[Photo] = []
    for key, name in zip(_KEYS, ("residual", "plain"), strict=True):
        into, out = inside[key]
        channel = int(into[0].square().sum(dim=(1, 2)).argmax())
        photos.append(Photo(message(f"{name}_in"), normalise_map(into[0, channel].numpy())))
        photos.append(Photo(message(f"{name}_out"), normalise_map(out[0, channel].numpy())))
    return tuple(photos)


def _parameters() -> tuple[ComputedNumber, ...]:
    plain, projected = (measurements.open_cached(key).figures.total.params for key in ("plain34", "resnet34"))
    everywhere = projected + sum(
        width * width + 2 * width for width in _identity_widths(measurements.open_cached("resnet34"))
    )
    narrow = measurements.module_figures(lambda: bottleneck(1, 64), (1, 256, 56, 56)).total.params
    return (
        ComputedNumber("option_a", message("option_a"), plain, "", note=message("option_a_note")),
        ComputedNumber("option_b", message("option_b"), projected),
        ComputedNumber("option_c", message("option_c"), everywhere),
        ComputedNumber("bottleneck", message("bottleneck"), narrow),
        ComputedNumber("basic", message("basic"), measurements.module_figures(_basic, (1, 64, 56, 56)).total.params),
    )


def _basic() -> nn.Module:
    return nn.Sequential(*(nn.Conv2d(64, 64, 3, padding=1, bias=False) for _ in range(2)))


def _identity_widths(network: Network) -> list[int]:
    """Widths of the blocks whose shortcut is the identity."""
    nodes = network.architecture.live
    found: list[int] = []
    for stage, blocks in _BLOCKS.items():
        for block in range(blocks):
            layer = nodes[f"{stage}.{block}.conv2"].layer
            assert isinstance(layer, nn.Conv2d)
            if f"{stage}.{block}.downsample.0" not in nodes:
                found.append(layer.out_channels)
    return found


_SNIPPET = """
import explorer
import torch
from explorer.analysis.sample import load_sample, preprocess

image = preprocess(load_sample($photo), (1, 3, 160, 160))
for key in ("resnet34", "plain34"):
    module, seen = explorer.open(key).module(), {}
    for parameter in module.get_submodule($stage + ".1").parameters():
        torch.nn.init.zeros_(parameter)
    for block in ("1", "2"):  # what enters a block is what leaves the one before
        conv = module.get_submodule($stage + "." + block + ".conv1")
        conv.register_forward_pre_hook(lambda _m, given, block=block: seen.update({block: given[0].clone()}))
    with torch.no_grad():
        module(image)
    print(key, "moves its input by", ((seen["2"] - seen["1"]).norm() / seen["1"].norm()).item())
"""

EXPERIMENT = Experiment(
    id="identity",
    idea="training",
    networks=("resnet34", "plain34", "resnet18", "plain18"),
    controls=(measurements.PHOTO, ChoiceControl("stage", tuple(_BLOCKS), "layer2")),
    compute=_run,
    code_template=_SNIPPET,
)
