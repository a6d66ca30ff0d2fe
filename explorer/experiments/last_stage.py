"""MobileNetV3 pools before its last 1×1 convolution, and starts with half the filters (2019, §5.1 and fig. 5)."""

from __future__ import annotations

from torch import nn

from explorer.analysis.figures import Total
from explorer.edits import LastStage
from explorer.experiments import live
from explorer.experiments.experiment import Choice, Experiment, Values, go_on
from explorer.experiments.outcome import Axis, Bars, Chart, Number, Outcome, Quoted, words
from explorer.network import Network
from explorer.wanted import Wanted

_PAPER = "MobileNetV3, §5.1"


def old_stage() -> nn.Module:
    """What MobileNetV2's design puts behind the last expansion to 960 channels (fig. 5, above)."""
    return nn.Sequential(
        nn.Conv2d(960, 960, 3, padding=1, groups=960, bias=False),
        nn.Conv2d(960, 320, 1, bias=False),
        nn.Conv2d(320, 1280, 1, bias=False),
    )


def stem(filters: int) -> nn.Module:
    """First convolution, and the block behind it, which keeps its width."""
    return nn.Sequential(
        nn.Conv2d(3, filters, 3, stride=2, padding=1, bias=False),
        nn.Conv2d(filters, filters, 3, padding=1, groups=filters, bias=False),
        nn.Conv2d(filters, filters, 1, bias=False),
    )


def _work(values: Values, wanted: Wanted) -> Outcome:
    network = live.opened(values["network"])
    orders: dict[str, Network] = {}
    for done, order in enumerate(("conv_first", "pool_first")):
        go_on(wanted, done / 4)
        orders[order] = network.edit(LastStage(order))
    before, after = (orders[order].figures.total.macs for order in ("conv_first", "pool_first"))
    go_on(wanted, 0.5)
    old = live.figures(old_stage, (1, 960, 7, 7)).total
    new = live.figures(lambda: nn.Conv2d(960, 1280, 1), (1, 960, 1, 1)).total
    go_on(wanted, 0.75)
    thin = _stem_saving()
    return Outcome(
        pictures=(_orders(orders), _paper(old, new)),
        numbers=(
            Number("old", words("old"), old.macs),
            Number("new", words("new"), new.macs),
            Number("saved", words("saved"), old.macs - new.macs, "", 30e6, _PAPER, 0.05, words("saved_note")),
            Number("stem", words("stem"), thin, "", 10e6, _PAPER, 0.05, words("stem_note")),
            Number("conv_first", words("conv_first", network=network.title), before),
            Number("pool_first", words("pool_first", network=network.title), after),
            Number("share", words("share"), 100 * (before - after) / before, "%"),
        ),
        seen=(words("seen_places"), words("seen_same", saved=1 - after / before), words("seen_params")),
        quoted=(
            Quoted(words("quoted_last"), "7 ms, 11 %", _PAPER),
            Quoted(words("quoted_stem"), "2 ms", _PAPER),
        ),
    )


def _stem_saving() -> int:
    """Multiply-adds that 16 instead of 32 filters save: the convolution, and depthwise and 1×1 behind it.

    The 1×1 behind it is counted with its input halved and its output kept, as the paper's own figure has it.
    """
    wide, narrow = (live.figures(lambda f=f: stem(f), (1, 3, 224, 224)) for f in (32, 16))  # type: ignore[misc]
    first, depthwise = (wide.measures[n].cost.macs - narrow.measures[n].cost.macs for n in ("0", "1"))
    return first + depthwise + narrow.measures["2"].cost.macs


def _orders(orders: dict[str, Network]) -> Chart:
    return Chart(
        words("chart"),
        Axis(names=(words("order_conv"), words("order_pool"))),
        Axis(words("macs"), low=0),
        (Bars("", tuple(float(network.figures.total.macs) for network in orders.values())),),
    )


def _paper(old: Total, new: Total) -> Chart:
    return Chart(
        words("chart_paper"),
        Axis(names=(words("stage_old"), words("stage_new"))),
        Axis(words("macs"), low=0),
        (Bars("", (float(old.macs), float(new.macs))),),
    )


_SNIPPET = """
import explorer
from explorer.edits import LastStage
from torch import nn

network = explorer.open($network)
for order in ("conv_first", "pool_first"):
    print(order, network.edit(LastStage(order)).figures.total.macs)

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
    controls=(Choice("network", ("mobilenet_v3_large", "mobilenet_v3_small", "mobilenet_v2"), "mobilenet_v3_large"),),
    work=_work,
    snippet=_SNIPPET,
)
