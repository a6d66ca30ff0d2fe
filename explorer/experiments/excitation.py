"""Squeeze-and-excitation: what the gates cost, and how they weigh channels on a photo (Hu et al., 2017, §3 and §4)."""

from __future__ import annotations

import torch
from torch import nn

from explorer.edits import SqueezeRatio
from explorer.experiments import live
from explorer.experiments.experiment import Choice, Experiment, Values, go_on
from explorer.experiments.outcome import Axis, Bars, Chart, Number, Outcome, Quoted, line, words
from explorer.network import Network
from explorer.wanted import Wanted

STAGES = ("layer1", "layer2", "layer3", "layer4")
_SOURCE = "SENet, §4"


def added(network: Network) -> dict[str, tuple[int, int]]:
    """Weights and biases of the gates in each stage."""
    found = dict.fromkeys(STAGES, (0, 0))
    for node in network.architecture.live.values():
        if ".se." in node.path and isinstance(node.layer, nn.Conv2d):
            weights, biases = found[stage := node.path.split(".")[0]]
            bias = node.layer.bias
            found[stage] = weights + node.layer.weight.numel(), biases + (bias.numel() if bias is not None else 0)
    return found


def around(network: Network) -> int:
    """Additions of the gates' pooling and multiplications of their scaling: one each for every number that is gated."""
    nodes = network.architecture.live.values()
    shapes = [network.figures.shape(node.inputs[0]) for node in nodes if node.path.endswith(".se.avgpool")]
    return sum(2 * shape.elements for shape in shapes if shape is not None)


def gates(module: nn.Module, image: torch.Tensor) -> dict[str, torch.Tensor]:
    """By how much each block multiplies each channel of this image, from 0 to 1."""
    paths = [name for name, layer in module.named_modules() if name.endswith("se.scale_activation")]
    seen = live.watched(module, paths, image)
    return {path.removesuffix(".se.scale_activation"): seen[path].flatten() for path in paths}


def _work(values: Values, wanted: Wanted) -> Outcome:
    opened = live.opened("se_resnet50")
    network = opened.edit(SqueezeRatio("*", values["ratio"]))
    plain = live.opened("resnet50_v1").figures.total
    go_on(wanted, 0.2)
    module = network.module()
    found: dict[str, dict[str, torch.Tensor]] = {}
    for done, name in enumerate((values["photo"], values["other"])):
        go_on(wanted, 0.4 + 0.3 * done)
        found[name] = gates(module, live.photo(name, network, 160))
    costs = added(network)
    weights = sum(count for count, _ in costs.values())
    biases = sum(count for _, count in costs.values())
    without = weights - costs["layer4"][0]
    macs = network.figures.total.macs - plain.macs
    standard = values["ratio"] == 16
    block = values["block"]
    one, two = (found[name][block] for name in (values["photo"], values["other"]))
    return Outcome(
        pictures=(_gates(found, block), _spread(found[values["photo"]]), _params(costs)),
        numbers=(
            Number("weights", words("weights"), weights),
            Number(
                "share",
                words("share"),
                100 * weights / plain.params,
                "%",
                10.0 if standard else None,
                f"{_SOURCE}: ~10 %",
                0.05,
            ),
            Number("biases", words("biases"), biases, note=words("biases_note")),
            Number("without", words("without"), without),
            Number(
                "without_share",
                words("without_share"),
                100 * without / plain.params,
                "%",
                4.0 if standard else None,
                f"{_SOURCE}: ~4 %",
                0.1,
            ),
            Number("macs", words("macs"), 100 * macs / plain.macs, "%"),
            Number(
                "work",
                words("work"),
                100 * (macs + around(network)) / plain.macs,
                "%",
                0.26 if standard else None,
                f"{_SOURCE}: 0.26 %",
                0.5,
                words("work_note"),
            ),
            Number("low", words("low"), float(one.min())),
            Number("high", words("high"), float(one.max())),
            Number("apart", words("apart"), float((one - two).abs().mean())),
        ),
        seen=(words("seen_cheap"), words("seen_late", share=costs["layer4"][0] / weights), words("seen_untrained")),
        quoted=(
            Quoted(words("quoted_50"), "24.80 → 23.29 %", "SENet, table 2"),
            Quoted(words("quoted_101"), "23.17 → 22.38 %", "SENet, table 2"),
            Quoted(words("quoted_mobile"), "28.4 → 25.3 %", "SENet, table 3"),
        ),
    )


def _gates(found: dict[str, dict[str, torch.Tensor]], block: str) -> Chart:
    """The gates of a block on two photos, channels in the order of the first."""
    first, *_ = found.values()
    order = first[block].argsort(descending=True)
    parts = [
        line(
            words(f"photo.{name}"),
            range(len(order)),
            seen[block][order].tolist(),
            "line" if seen is first else "points",
        )
        for name, seen in found.items()
    ]
    return Chart(
        words("chart"), Axis(words("axis_sorted")), Axis(words("axis_gate"), low=0, high=1), tuple(reversed(parts))
    )


def _spread(seen: dict[str, torch.Tensor]) -> Chart:
    places = range(len(seen))
    return Chart(
        words("chart_blocks"),
        Axis(words("axis_block")),
        Axis(words("axis_gate"), low=0, high=1),
        (
            line(words("highest"), places, [float(gate.max()) for gate in seen.values()], "dashed"),
            line(words("mean"), places, [float(gate.mean()) for gate in seen.values()]),
            line(words("lowest"), places, [float(gate.min()) for gate in seen.values()], "dashed"),
        ),
    )


def _params(costs: dict[str, tuple[int, int]]) -> Chart:
    names = tuple(words("stage", number=number) for number in range(1, 5))
    return Chart(
        words("chart_params"),
        Axis(names=names),
        Axis(words("params")),
        (Bars("", tuple(float(w) for w, _ in costs.values())),),
    )


_SNIPPET = """
import explorer
from explorer.edits import SqueezeRatio
from torch import nn

network = explorer.open("se_resnet50").edit(SqueezeRatio("*", $ratio))
gates = [n.layer for n in network.architecture.live.values() if ".se." in n.path and isinstance(n.layer, nn.Conv2d)]
plain = explorer.open("resnet50_v1").figures.total
weights = sum(layer.weight.numel() for layer in gates)
print("weights", weights, "share", 100 * weights / plain.params)
print("MACs", 100 * (network.figures.total.macs - plain.macs) / plain.macs)
"""

EXPERIMENT = Experiment(
    id="squeeze_excitation",
    idea="channels",
    networks=("se_resnet50", "mobilenet_v3_large", "efficientnet_b0"),
    controls=(
        live.PHOTO,
        Choice("other", tuple(live.PHOTO.values), "coffee"),
        Choice("block", ("layer1.2", "layer2.3", "layer3.5", "layer4.0", "layer4.2"), "layer4.0"),
        Choice("ratio", (2, 4, 8, 16, 32), 16),
    ),
    work=_work,
    snippet=_SNIPPET,
)
