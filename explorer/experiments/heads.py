"""What the classifier weighs: fully connected layers against global average pooling (GoogLeNet, 2014, §5)."""

from __future__ import annotations

from torch import nn

from explorer.analysis.figures import Total
from explorer.edits import Head
from explorer.experiments import live
from explorer.experiments.experiment import Choice, Experiment, Values, go_on
from explorer.experiments.outcome import Axis, Bars, Chart, Number, Outcome, Quoted, words
from explorer.network import Network
from explorer.wanted import Wanted

_NETWORKS = ("alexnet_2012", "vgg16", "googlenet_2014", "resnet50", "mobilenet_v1")
_SHORT = {"alexnet_2012": "AlexNet", "vgg16": "VGG-16", "googlenet_2014": "GoogLeNet", "resnet50": "ResNet-50"}


def _head(network: Network) -> Total:
    """The linear layers together."""
    nodes = network.architecture.live.values()
    return network.figures.sum(node.name for node in nodes if isinstance(node.layer, nn.Linear))


def _work(values: Values, wanted: Wanted) -> Outcome:
    opened: dict[str, tuple[Network, Network, Network]] = {}
    for done, key in enumerate(_NETWORKS):
        go_on(wanted, done / len(_NETWORKS))
        network = live.opened(key)
        opened[key] = network, network.edit(Head("fully_connected", values["hidden"])), network.edit(Head("pool"))
    network, connected, pooled = opened[values["network"]]
    head, whole = _head(network), network.figures.total
    flattened = 7 * 7 * 1024 * 1000
    own = _head(live.opened("googlenet_2014")).params
    return Outcome(
        pictures=(_params(opened), _share(opened)),
        numbers=(
            Number("head", words("head"), head.params),
            Number("share", words("share"), 100 * head.params / whole.params, "%"),
            Number("macs", words("share_macs"), 100 * head.macs / whole.macs, "%"),
            Number("pooled", words("pooled"), pooled.figures.total.params),
            Number("connected", words("connected"), connected.figures.total.params),
            Number(
                "googlenet",
                words("googlenet"),
                own,
                "",
                1000 * 1024,
                "GoogLeNet, table 1: 1000 K",
                0.001,
                words("googlenet_note"),
            ),
            Number("flattened", words("flattened"), flattened / own, "×"),
        ),
        seen=(
            words("seen_params", share=head.params / whole.params, macs=head.macs / whole.macs),
            words("seen_pool"),
            words("seen_place"),
        ),
        quoted=(Quoted(words("quoted_pool"), "+0.6 %", "GoogLeNet, §5"),),
    )


def _params(opened: dict[str, tuple[Network, Network, Network]]) -> Chart:
    columns = [[float(network.figures.total.params) for network in three] for three in opened.values()]
    labels = ("as_published", "with_connected", "with_pool")
    return Chart(
        words("chart"),
        Axis(names=_names(opened)),
        Axis(words("params")),
        tuple(Bars(words(label), heights) for label, heights in zip(labels, zip(*columns, strict=True), strict=True)),
    )


def _share(opened: dict[str, tuple[Network, Network, Network]]) -> Chart:
    heads = [(_head(three[0]), three[0].figures.total) for three in opened.values()]
    return Chart(
        words("chart_share"),
        Axis(names=_names(opened)),
        Axis(words("axis_share"), low=0, high=100),
        (
            Bars(words("of_params"), tuple(100 * head.params / whole.params for head, whole in heads)),
            Bars(words("of_macs"), tuple(100 * head.macs / whole.macs for head, whole in heads)),
        ),
    )


def _names(opened: dict[str, tuple[Network, Network, Network]]) -> tuple[str, ...]:
    return tuple(_SHORT.get(key, three[0].title) for key, three in opened.items())


_SNIPPET = """
import explorer
from torch import nn
from explorer.edits import Head

network = explorer.open($network)
linear = [n.name for n in network.architecture.live.values() if isinstance(n.layer, nn.Linear)]
head, whole = network.figures.sum(linear), network.figures.total
print("head", head.params, "of parameters", 100 * head.params / whole.params, "of MACs", 100 * head.macs / whole.macs)
print("pooled", network.edit(Head("pool")).figures.total.params)
print("fully connected", network.edit(Head("fully_connected", $hidden)).figures.total.params)
"""

EXPERIMENT = Experiment(
    id="heads",
    idea="whole",
    networks=_NETWORKS,
    controls=(Choice("network", _NETWORKS, "vgg16"), Choice("hidden", (256, 512, 1024, 2048, 4096), 4096)),
    work=_work,
    snippet=_SNIPPET,
)
