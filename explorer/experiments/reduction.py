"""GoogLeNet's 1×1 convolutions that thin out the channels before the expensive ones (2014, §3 and table 1)."""

from __future__ import annotations

from torch import nn

from explorer.edits import Reduction
from explorer.experiments import live
from explorer.experiments.experiment import Choice, Experiment, Range, Values, go_on
from explorer.experiments.outcome import Axis, Chart, Number, Outcome, line, words
from explorer.network import Network
from explorer.wanted import Wanted

_MODULES = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
_BRANCHES = {"5×5": "branch3", "3×3": "branch2"}
_K = 1024  # the paper's K

#: Table 1 of the paper: parameters (K) and ops (M) of each module.
_TABLE = {
    "3a": (159, 128),
    "3b": (380, 304),
    "4a": (364, 73),
    "4b": (437, 88),
    "4c": (463, 100),
    "4d": (580, 119),
    "4e": (840, 170),
    "5a": (1072, 54),
    "5b": (1388, 71),
}
#: Where the table does not fit the layer widths it prints itself: parameters, ops.
_MISPRINTED = ("4c", "4d", "5a", "5b"), ("5a",)


def _weights(network: Network, path: str) -> int:
    """Weights of the convolutions below a path, biases not counted."""
    nodes = network.architecture.live.values()
    layers = [node.layer for node in nodes if node.path.startswith(f"{path}.")]
    return sum(layer.weight.numel() for layer in layers if isinstance(layer, nn.Conv2d))


def _work(values: Values, wanted: Wanted) -> Outcome:
    module, branch, width = values["module"], _BRANCHES[values["branch"]], values["width"]
    path = f"inception{module}.{branch}"
    network = live.opened("googlenet_2014")
    direct = network.edit(Reduction(path, 0))
    widths = sorted({4, 8, 16, 24, 32, 48, 64, 96, 128, 160, 192, width})
    macs: dict[int, int] = {}
    for done, to in enumerate(widths):
        go_on(wanted, done / len(widths))
        macs[to] = live.below(network.edit(Reduction(path, to)), path).macs
    without = live.below(direct, path).macs
    params, ops = _TABLE[module]
    of_weights, of_macs = (words("misprint" if module in wrong else "table_note") for wrong in _MISPRINTED)
    whole = live.below(network, f"inception{module}")
    return Outcome(
        pictures=(_chart(macs, without, live.below(network, path).macs, path, network),),
        numbers=(
            Number("weights_direct", words("weights_direct"), _weights(direct, path)),
            Number("weights", words("weights_reduced"), _weights(network, path)),
            Number("macs_direct", words("macs_direct"), without),
            Number("macs", words("macs_reduced"), live.below(network, path).macs),
            Number("times", words("times"), without / live.below(network, path).macs, "×"),
            Number("macs_chosen", words("macs_chosen", width=width), macs[width]),
            Number(
                "module_weights",
                words("module_weights", module=module),
                _weights(network, f"inception{module}"),
                "",
                params * _K,
                "GoogLeNet, table 1",
                0.01,
                of_weights,
            ),
            Number(
                "module_macs",
                words("module_macs", module=module),
                whole.macs,
                "",
                ops * 1e6,
                "GoogLeNet, table 1",
                0.011,
                of_macs,
            ),
            Number("network", words("network_without"), direct.figures.total.macs / network.figures.total.macs, "×"),
        ),
        seen=(
            words("seen_cheaper", times=without / live.below(network, path).macs),
            words("seen_line"),
            words("seen_relu"),
        ),
    )


def _chart(macs: dict[int, int], direct: int, present: int, path: str, network: Network) -> Chart:
    widths = list(macs)
    reduction = network.architecture.nodes[f"{path}.0.conv"].layer
    assert isinstance(reduction, nn.Conv2d)
    return Chart(
        words("chart"),
        Axis(words("axis_width")),
        Axis(words("macs")),
        (
            line(words("with_reduction"), widths, list(macs.values())),
            line(words("without"), [widths[0], widths[-1]], [direct, direct], "dashed"),
            line(words("as_published"), [reduction.out_channels], [present], "points"),
        ),
    )


_SNIPPET = """
import explorer
from explorer.edits import Reduction

path = "inception" + $module + "." + {"5×5": "branch3", "3×3": "branch2"}[$branch]
network = explorer.open("googlenet_2014")

def macs(network):
    nodes = network.architecture.live.values()
    return network.figures.sum(n.name for n in nodes if n.path.startswith(path + ".")).macs

print("as published", macs(network))
print("without the 1×1", macs(network.edit(Reduction(path, 0))))
print("thinned to $width", macs(network.edit(Reduction(path, $width))))
"""

EXPERIMENT = Experiment(
    id="reduction_1x1",
    idea="convolution",
    networks=("googlenet_2014", "googlenet"),
    controls=(
        Choice("module", _MODULES, "3a"),
        Choice("branch", tuple(_BRANCHES), "5×5"),
        Range("width", 4, 192, 16, 4),
    ),
    work=_work,
    snippet=_SNIPPET,
)
