"""Cost of the classifier: fully connected layers against global average pooling.

Sources: Szegedy et al., "Going Deeper with Convolutions" (GoogLeNet), CVPR 2015, §5; Lin et al., "Network In Network",
ICLR 2014, §3.2.
"""

from __future__ import annotations

from torch import nn

from explorer.analysis.figures.figures import Total
from explorer.base.cancellation import KeepGoing
from explorer.edits import SwapHead
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import Chart, ChartAxis, ChartBars, ComputedNumber, Outcome, QuotedResult, message
from explorer.network import Network

_NETWORKS = ("alexnet_2012", "vgg16", "googlenet_2014", "resnet50", "mobilenet_v1")
_SHORT = {"alexnet_2012": "AlexNet", "vgg16": "VGG-16", "googlenet_2014": "GoogLeNet", "resnet50": "ResNet-50"}


def _linear_total(network: Network) -> Total:
    """The linear layers together."""
    nodes = network.architecture.live.values()
    return network.figures.sum(node.name for node in nodes if isinstance(node.layer, nn.Linear))


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    opened: dict[str, tuple[Network, Network, Network]] = {}
    for done, key in enumerate(_NETWORKS):
        report_progress(keep_going, done / len(_NETWORKS))
        network = measurements.open_cached(key)
        opened[key] = (
            network,
            network.edit(SwapHead("fully_connected", values["hidden"])),
            network.edit(SwapHead("pool")),
        )
    network, connected, pooled = opened[values["network"]]
    head, whole = _linear_total(network), network.figures.total
    flattened = 7 * 7 * 1024 * 1000
    own = _linear_total(measurements.open_cached("googlenet_2014")).params
    return Outcome(
        pictures=(_params(opened), _share(opened)),
        numbers=(
            ComputedNumber("head", message("head"), head.params),
            ComputedNumber("share", message("share"), 100 * head.params / whole.params, "%"),
            ComputedNumber("macs", message("share_macs"), 100 * head.macs / whole.macs, "%"),
            ComputedNumber("pooled", message("pooled"), pooled.figures.total.params),
            ComputedNumber("connected", message("connected"), connected.figures.total.params),
            ComputedNumber(
                "googlenet",
                message("googlenet"),
                own,
                "",
                1000 * 1024,
                "GoogLeNet, table 1: 1000 K",
                0.001,
                message("googlenet_note"),
            ),
            ComputedNumber("flattened", message("flattened"), flattened / own, "×"),
        ),
        observations=(
            message("seen_params", share=head.params / whole.params, macs=head.macs / whole.macs),
            message("seen_pool"),
            message("seen_place"),
        ),
        quoted=(QuotedResult(message("quoted_pool"), "+0.6 %", "GoogLeNet, §5"),),
    )


def _params(opened: dict[str, tuple[Network, Network, Network]]) -> Chart:
    columns = [[float(network.figures.total.params) for network in three] for three in opened.values()]
    labels = ("as_published", "with_connected", "with_pool")
    return Chart(
        message("chart"),
        ChartAxis(names=_names(opened)),
        ChartAxis(message("params")),
        tuple(
            ChartBars(message(label), heights)
            for label, heights in zip(labels, zip(*columns, strict=True), strict=True)
        ),
    )


def _share(opened: dict[str, tuple[Network, Network, Network]]) -> Chart:
    heads = [(_linear_total(three[0]), three[0].figures.total) for three in opened.values()]
    return Chart(
        message("chart_share"),
        ChartAxis(names=_names(opened)),
        ChartAxis(message("axis_share"), low=0, high=100),
        (
            ChartBars(message("of_params"), tuple(100 * head.params / whole.params for head, whole in heads)),
            ChartBars(message("of_macs"), tuple(100 * head.macs / whole.macs for head, whole in heads)),
        ),
    )


def _names(opened: dict[str, tuple[Network, Network, Network]]) -> tuple[str, ...]:
    return tuple(_SHORT.get(key, three[0].title) for key, three in opened.items())


_SNIPPET = """
import explorer
from torch import nn
from explorer.edits import SwapHead

network = explorer.open($network)
linear = [n.name for n in network.architecture.live.values() if isinstance(n.layer, nn.Linear)]
head, whole = network.figures.sum(linear), network.figures.total
print("head", head.params, "of parameters", 100 * head.params / whole.params, "of MACs", 100 * head.macs / whole.macs)
print("pooled", network.edit(SwapHead("pool")).figures.total.params)
print("fully connected", network.edit(SwapHead("fully_connected", $hidden)).figures.total.params)
"""

EXPERIMENT = Experiment(
    id="heads",
    idea="whole",
    networks=_NETWORKS,
    controls=(
        ChoiceControl("network", _NETWORKS, "vgg16"),
        ChoiceControl("hidden", (256, 512, 1024, 2048, 4096), 4096),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
