"""MobileNetV3's last stage, which pools before its last 1×1 convolution, and its stem of half the filters.

Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, §5.1 and fig. 5.
"""

from __future__ import annotations

from torch import nn

from explorer.analysis.figures.figures import Total
from explorer.base.cancellation import KeepGoing
from explorer.edits import ReorderLastStage
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import Chart, ChartAxis, ChartBars, ComputedNumber, Outcome, QuotedResult, message
from explorer.network import Network

_PAPER = "MobileNetV3, §5.1"


def v2_last_stage() -> nn.Module:
    """Return the convolutions of MobileNetV2's design behind the last expansion to 960 channels (fig. 5, above)."""
    return nn.Sequential(
        nn.Conv2d(960, 960, 3, padding=1, groups=960, bias=False),
        nn.Conv2d(960, 320, 1, bias=False),
        nn.Conv2d(320, 1280, 1, bias=False),
    )


def stem(filters: int) -> nn.Module:
    """Return the first convolution and the block behind it, which keeps its width."""
    return nn.Sequential(
        nn.Conv2d(3, filters, 3, stride=2, padding=1, bias=False),
        nn.Conv2d(filters, filters, 3, padding=1, groups=filters, bias=False),
        nn.Conv2d(filters, filters, 1, bias=False),
    )


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    network = measurements.open_cached(values["network"])
    orders: dict[str, Network] = {}
    for done, order in enumerate(("conv_first", "pool_first")):
        report_progress(keep_going, done / 4)
        orders[order] = network.edit(ReorderLastStage(order))
    before, after = (orders[order].figures.total.macs for order in ("conv_first", "pool_first"))
    report_progress(keep_going, 0.5)
    old = measurements.module_figures(v2_last_stage, (1, 960, 7, 7)).total
    new = measurements.module_figures(lambda: nn.Conv2d(960, 1280, 1), (1, 960, 1, 1)).total
    report_progress(keep_going, 0.75)
    thin = _stem_saving()
    return Outcome(
        pictures=(_orders(orders), _paper(old, new)),
        numbers=(
            ComputedNumber("old", message("old"), old.macs),
            ComputedNumber("new", message("new"), new.macs),
            ComputedNumber(
                "saved", message("saved"), old.macs - new.macs, "", 30e6, _PAPER, 0.05, message("saved_note")
            ),
            ComputedNumber("stem", message("stem"), thin, "", 10e6, _PAPER, 0.05, message("stem_note")),
            ComputedNumber("conv_first", message("conv_first", network=network.title), before),
            ComputedNumber("pool_first", message("pool_first", network=network.title), after),
            ComputedNumber("share", message("share"), 100 * (before - after) / before, "%"),
        ),
        observations=(message("seen_places"), message("seen_same", saved=1 - after / before), message("seen_params")),
        quoted=(
            QuotedResult(message("quoted_last"), "7 ms, 11 %", _PAPER),
            QuotedResult(message("quoted_stem"), "2 ms", _PAPER),
        ),
    )


def _stem_saving() -> int:
    """Multiply-adds that 16 instead of 32 filters save: the convolution, and depthwise and 1×1 behind it.

    The 1×1 behind it is counted with its input halved and its output kept, as the paper's own figure has it.
    """
    wide, narrow = (measurements.module_figures(lambda f=f: stem(f), (1, 3, 224, 224)) for f in (32, 16))  # type: ignore[misc]
    first, depthwise = (wide.measures[n].cost.macs - narrow.measures[n].cost.macs for n in ("0", "1"))
    return first + depthwise + narrow.measures["2"].cost.macs


def _orders(orders: dict[str, Network]) -> Chart:
    return Chart(
        message("chart"),
        ChartAxis(names=(message("order_conv"), message("order_pool"))),
        ChartAxis(message("macs"), low=0),
        (ChartBars("", tuple(float(network.figures.total.macs) for network in orders.values())),),
    )


def _paper(old: Total, new: Total) -> Chart:
    return Chart(
        message("chart_paper"),
        ChartAxis(names=(message("stage_old"), message("stage_new"))),
        ChartAxis(message("macs"), low=0),
        (ChartBars("", (float(old.macs), float(new.macs))),),
    )


_SNIPPET = """
import explorer
from explorer.edits import ReorderLastStage
from torch import nn

network = explorer.open($network)
for order in ("conv_first", "pool_first"):
    print(order, network.edit(ReorderLastStage(order)).figures.total.macs)

old = nn.Sequential(
    nn.Conv2d(960, 960, 3, padding=1, groups=960, bias=False),
    nn.Conv2d(960, 320, 1, bias=False),
    nn.Conv2d(320, 1280, 1, bias=False),
)
print("the paper's old stage", explorer.open(old, input_shape=(1, 960, 7, 7)).figures.total.macs)
"""

EXPERIMENT = Experiment(
    id="last_stage",
    idea="whole",
    networks=("mobilenet_v3_large", "mobilenet_v3_small", "mobilenet_v2"),
    controls=(
        ChoiceControl("network", ("mobilenet_v3_large", "mobilenet_v3_small", "mobilenet_v2"), "mobilenet_v3_large"),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
