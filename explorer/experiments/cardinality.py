"""More paths at the same cost: the block of ResNeXt from one wide path to 32 narrow ones (2016, table 2)."""

from __future__ import annotations

from torch import nn
from torchvision.models.resnet import Bottleneck, ResNet

from explorer.analysis.figures import Total
from explorer.experiments import live
from explorer.experiments.experiment import Choice, Experiment, Values, go_on
from explorer.experiments.outcome import Axis, Bars, Chart, Number, Outcome, Quoted, words
from explorer.wanted import Wanted

#: Cardinality and width of a path, at about equal cost: ResNeXt, table 2.
PATHS = {1: 64, 2: 40, 4: 24, 8: 14, 32: 4}
_SOURCE = "ResNeXt, §3.3, eq. 4: C(256d + 9d² + 256d)"


def block(cardinality: int, width: int) -> nn.Module:
    """The three convolutions of a block on 256 channels."""
    inner = cardinality * width
    return nn.Sequential(
        nn.Conv2d(256, inner, 1, bias=False),
        nn.Conv2d(inner, inner, 3, padding=1, groups=cardinality, bias=False),
        nn.Conv2d(inner, 256, 1, bias=False),
    )


def network(cardinality: int, width: int) -> nn.Module:
    """A 50-layer network of such blocks."""
    made: nn.Module = ResNet(Bottleneck, [3, 4, 6, 3], groups=cardinality, width_per_group=width)
    return made


def _work(values: Values, wanted: Wanted) -> Outcome:
    chosen = values["cardinality"]
    blocks: dict[int, Total] = {}
    networks: dict[int, Total] = {}
    for done, (paths, width) in enumerate(PATHS.items()):
        go_on(wanted, done / len(PATHS))
        blocks[paths] = live.figures(lambda p=paths, w=width: block(p, w), (1, 256, 56, 56)).total  # type: ignore[misc]
        networks[paths] = live.figures(lambda p=paths, w=width: network(p, w), (1, 3, 224, 224)).total  # type: ignore[misc]
    width = PATHS[chosen]
    return Outcome(
        pictures=(_chart(blocks), _widths(), _whole(networks)),
        numbers=(
            Number(
                "weights",
                words("weights", cardinality=chosen, width=width),
                blocks[chosen].params,
                "",
                chosen * (256 * width + 9 * width**2 + 256 * width),
                _SOURCE,
                0,
            ),
            Number("params", words("params_whole"), networks[chosen].params, "", *_published(chosen, 0)),
            Number("macs", words("macs_whole"), networks[chosen].macs, "", *_published(chosen, 1)),
            Number("inner", words("inner"), chosen * width),
            Number(
                "pointwise",
                words("pointwise"),
                100 * pointwise(32),
                "%",
                93.4,
                "ShuffleNet, §3.1",
                0.0006,
                words("pointwise_note"),
            ),
        ),
        seen=(words("seen_equal"), words("seen_wider", times=chosen * width / 64), words("seen_next")),
        quoted=(
            Quoted(words("quoted_50"), "23.9 → 22.2 %", "ResNeXt, table 3"),
            Quoted(words("quoted_plain"), "31.2 / 26.1 %", "ResNeXt, §5.1"),
            Quoted(words("quoted_101"), "22.0 → 21.2 %", "ResNeXt, table 4"),
        ),
    )


def pointwise(groups: int) -> float:
    """Share of 1×1 convolutions in the multiply-adds of a ResNeXt unit with c = 2m: 2cm of hw(2cm + 9m²/g)."""
    total = live.figures(lambda: block(groups, 128 // groups), (1, 256, 14, 14))
    first, _, last = (total.measures[name].cost.macs for name in ("0", "1", "2"))
    return (first + last) / total.total.macs


def _published(cardinality: int, what: int) -> tuple[float | None, str, float]:
    table = {1: (25.5e6, 4.1e9), 32: (25.0e6, 4.2e9)}
    if cardinality not in table:
        return None, "", 0.0
    return table[cardinality][what], "ResNeXt, table 1", (0.003, 0.02)[what]


def _names() -> tuple[str, ...]:
    return tuple(f"{paths} × {width}d" for paths, width in PATHS.items())


def _chart(blocks: dict[int, Total]) -> Chart:
    heights = tuple(float(total.params) for total in blocks.values())
    return Chart(
        words("chart"), Axis(words("axis_paths"), names=_names()), Axis(words("weights_axis")), (Bars("", heights),)
    )


def _widths() -> Chart:
    heights = tuple(float(paths * width) for paths, width in PATHS.items())
    return Chart(
        words("chart_widths"), Axis(words("axis_paths"), names=_names()), Axis(words("channels")), (Bars("", heights),)
    )


def _whole(networks: dict[int, Total]) -> Chart:
    return Chart(
        words("chart_whole"),
        Axis(words("axis_paths"), names=_names()),
        Axis(words("macs")),
        (Bars("", tuple(float(total.macs) for total in networks.values())),),
    )


_SNIPPET = """
import explorer
import torch
from torchvision.models.resnet import Bottleneck, ResNet

paths = {1: 64, 2: 40, 4: 24, 8: 14, 32: 4}  # cardinality: width of each
width = paths[$cardinality]
print("weights of a block", $cardinality * (256 * width + 9 * width**2 + 256 * width))

with torch.device("meta"):
    module = ResNet(Bottleneck, [3, 4, 6, 3], groups=$cardinality, width_per_group=width).eval()
total = explorer.open(module).figures.total
print("the whole network", total.params, total.macs)
"""

EXPERIMENT = Experiment(
    id="cardinality",
    idea="channels",
    networks=("resnext50_32x4d", "resnet50"),
    controls=(Choice("cardinality", tuple(PATHS), 32),),
    work=_work,
    snippet=_SNIPPET,
)
