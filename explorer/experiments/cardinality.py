"""Cardinality at equal cost: the ResNeXt block from one wide path to 32 narrow ones.

Source: Xie et al., "Aggregated Residual Transformations for Deep Neural Networks" (ResNeXt), CVPR 2017, table 2.
"""

from __future__ import annotations

from functools import partial

from torch import nn
from torchvision.models.resnet import Bottleneck, ResNet

from explorer.analysis.figures.figures import Total
from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import Chart, ChartAxis, ChartBars, ComputedNumber, Outcome, QuotedResult, message

#: Cardinality and width of a path, at about equal cost: ResNeXt, table 2.
PATHS = {1: 64, 2: 40, 4: 24, 8: 14, 32: 4}
_SOURCE = "ResNeXt, §3.3, eq. 4: C(256d + 9d² + 256d)"


def resnext_block(cardinality: int, width: int) -> nn.Module:
    """Return the three convolutions of a block on 256 channels (ResNeXt, table 1), without norms."""
    inner = cardinality * width
    return nn.Sequential(
        nn.Conv2d(256, inner, 1, bias=False),
        nn.Conv2d(inner, inner, 3, padding=1, groups=cardinality, bias=False),
        nn.Conv2d(inner, 256, 1, bias=False),
    )


def resnext50(cardinality: int, width: int) -> nn.Module:
    """Return a 50-layer network of such blocks (ResNeXt, table 1)."""
    made: nn.Module = ResNet(Bottleneck, [3, 4, 6, 3], groups=cardinality, width_per_group=width)
    return made


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    chosen = values["cardinality"]
    blocks: dict[int, Total] = {}
    networks: dict[int, Total] = {}
    for done, (paths, width) in enumerate(PATHS.items()):
        report_progress(keep_going, done / len(PATHS))
        block, network = partial(resnext_block, paths, width), partial(resnext50, paths, width)
        blocks[paths] = measurements.module_figures(block, (1, 256, 56, 56)).total
        networks[paths] = measurements.module_figures(network, (1, 3, 224, 224)).total
    width = PATHS[chosen]
    return Outcome(
        pictures=(_chart(blocks), _widths(), _whole(networks)),
        numbers=(
            ComputedNumber(
                "weights",
                message("weights", cardinality=chosen, width=width),
                blocks[chosen].params,
                "",
                chosen * (256 * width + 9 * width**2 + 256 * width),
                _SOURCE,
                0,
            ),
            ComputedNumber("params", message("params_whole"), networks[chosen].params, "", *_published(chosen, 0)),
            ComputedNumber("macs", message("macs_whole"), networks[chosen].macs, "", *_published(chosen, 1)),
            ComputedNumber("inner", message("inner"), chosen * width),
            ComputedNumber(
                "pointwise",
                message("pointwise"),
                100 * pointwise_share(32),
                "%",
                93.4,
                "ShuffleNet, §3.1",
                0.0006,
                message("pointwise_note"),
            ),
        ),
        observations=(message("seen_equal"), message("seen_wider", times=chosen * width / 64), message("seen_next")),
        quoted=(
            QuotedResult(message("quoted_50"), "23.9 → 22.2 %", "ResNeXt, table 3"),
            QuotedResult(message("quoted_plain"), "31.2 / 26.1 %", "ResNeXt, §5.1"),
            QuotedResult(message("quoted_101"), "22.0 → 21.2 %", "ResNeXt, table 4"),
        ),
    )


def pointwise_share(groups: int) -> float:
    """Return the share of 1×1 convolutions in the multiply-adds of a ResNeXt unit with c = 2m: 2cm of hw(2cm + 9m²/g).

    Source: Zhang et al., "ShuffleNet", CVPR 2018, §3.1.
    """
    total = measurements.module_figures(lambda: resnext_block(groups, 128 // groups), (1, 256, 14, 14))
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
        message("chart"),
        ChartAxis(message("axis_paths"), names=_names()),
        ChartAxis(message("weights_axis")),
        (ChartBars("", heights),),
    )


def _widths() -> Chart:
    heights = tuple(float(paths * width) for paths, width in PATHS.items())
    return Chart(
        message("chart_widths"),
        ChartAxis(message("axis_paths"), names=_names()),
        ChartAxis(message("channels")),
        (ChartBars("", heights),),
    )


def _whole(networks: dict[int, Total]) -> Chart:
    return Chart(
        message("chart_whole"),
        ChartAxis(message("axis_paths"), names=_names()),
        ChartAxis(message("macs")),
        (ChartBars("", tuple(float(total.macs) for total in networks.values())),),
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
    controls=(ChoiceControl("cardinality", tuple(PATHS), 32),),
    compute=_run,
    code_template=_SNIPPET,
)
