"""A block whose weights are all zero: a residual one passes its input on, a plain one passes nothing (ResNet, 2015)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from explorer.experiments import live
from explorer.experiments.cardinality import block as bottleneck
from explorer.experiments.experiment import Choice, Experiment, Values, go_on
from explorer.experiments.outcome import Axis, Chart, Number, Outcome, Photo, Quoted, evened, line, words
from explorer.network import Network
from explorer.wanted import Wanted

_BLOCKS = {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3}
_SIDE = 160  # of the photos: enough to see, quick to run
_KEYS = ("resnet34", "plain34")


def emptied(module: nn.Module, blocks: Iterable[str]) -> nn.Module:
    """Set every weight of the main path of these blocks to zero; projections on the shortcut stay."""
    with torch.no_grad():
        for block in blocks:
            for name, parameter in module.get_submodule(block).named_parameters():
                if not name.startswith("downsample"):
                    parameter.zero_()
    return module


def _other(photo: str) -> str:
    return "coffee" if photo != "coffee" else "cat"


def _apart(outputs: torch.Tensor) -> float:
    """How far the outputs for two photos are apart."""
    return float((outputs[0] - outputs[1]).norm())


def _moved(into: torch.Tensor, out: torch.Tensor) -> float:
    """By how much a block changes its input, relative to it."""
    return float((out - into).norm() / into.norm())


def _work(values: Values, wanted: Wanted) -> Outcome:
    stage = values["stage"]
    count = _BLOCKS[stage] - 1  # the first block changes the shape, so it can be no identity
    inside: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    apart: dict[str, list[float]] = {}
    for number, key in enumerate(_KEYS):
        network = live.opened(key)
        go_on(wanted, number / 2)
        module = network.module()
        images = torch.cat([live.photo(name, network, _SIDE) for name in (values["photo"], _other(values["photo"]))])
        apart[key] = [_apart(live.watched(module, (), images)[""])]
        for block in range(1, count + 1):
            go_on(wanted, (number + block / (count + 1)) / 2)
            emptied(module, [f"{stage}.{block}"])
            into, out = f"{stage}.1.conv1", f"{stage}.2.conv1"  # what leaves a block enters the next
            seen = live.watched(module, (into, out), images, entering=True)
            inside.setdefault(key, (seen[into], seen[out]))
            apart[key].append(_apart(seen[""]))
    kept = {key: [distance / distances[0] for distance in distances] for key, distances in apart.items()}
    return Outcome(
        pictures=(_chart(kept), *_maps(inside)),
        numbers=(
            Number("residual", words("residual"), _moved(*inside["resnet34"]), "", 0.0, "ResNet, §3.2"),
            Number("plain", words("plain"), _moved(*inside["plain34"])),
            Number("kept_residual", words("kept", network="ResNet-34", count=count), kept["resnet34"][-1]),
            Number("kept_plain", words("kept", network="Plain-34", count=count), kept["plain34"][-1]),
            *_parameters(),
        ),
        seen=(words("seen_residual"), words("seen_plain"), words("seen_free")),
        quoted=(
            Quoted(words("quoted_18"), "27.94 / 27.88 %", "ResNet, table 2"),
            Quoted(words("quoted_34"), "28.54 / 25.03 %", "ResNet, table 2"),
            Quoted(words("quoted_options"), "25.03 / 24.52 / 24.19 %", "ResNet, table 3"),
        ),
    )


def _chart(kept: dict[str, list[float]]) -> Chart:
    labels = {"resnet34": "ResNet-34", "plain34": "Plain-34"}
    return Chart(
        words("chart"),
        Axis(words("axis_count")),
        Axis(words("axis_kept"), low=0),
        tuple(line(labels[key], range(len(values)), values) for key, values in kept.items()),
    )


def _maps(inside: dict[str, tuple[torch.Tensor, torch.Tensor]]) -> tuple[Photo, ...]:
    """The loudest channel that enters each block, and what leaves it."""
    photos: list[Photo] = []
    for key, name in zip(_KEYS, ("residual", "plain"), strict=True):
        into, out = inside[key]
        channel = int(into[0].square().sum(dim=(1, 2)).argmax())
        photos.append(Photo(words(f"{name}_in"), evened(into[0, channel].numpy())))
        photos.append(Photo(words(f"{name}_out"), evened(out[0, channel].numpy())))
    return tuple(photos)


def _parameters() -> tuple[Number, ...]:
    plain, projected = (live.opened(key).figures.total.params for key in ("plain34", "resnet34"))
    everywhere = projected + sum(width * width + 2 * width for width in _identity_widths(live.opened("resnet34")))
    narrow = live.figures(lambda: bottleneck(1, 64), (1, 256, 56, 56)).total.params
    return (
        Number("option_a", words("option_a"), plain, "", note=words("option_a_note")),
        Number("option_b", words("option_b"), projected),
        Number("option_c", words("option_c"), everywhere),
        Number("bottleneck", words("bottleneck"), narrow),
        Number("basic", words("basic"), live.figures(_basic, (1, 64, 56, 56)).total.params),
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
from explorer.analysis.sample import built_in, preprocess

image = preprocess(built_in($photo), (1, 3, 160, 160))
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
    controls=(live.PHOTO, Choice("stage", tuple(_BLOCKS), "layer2")),
    work=_work,
    snippet=_SNIPPET,
)
