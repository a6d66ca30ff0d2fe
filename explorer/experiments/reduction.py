"""GoogLeNet's 1×1 convolutions that reduce the channels before the expensive ones.

Source: Szegedy et al., "Going Deeper with Convolutions" (GoogLeNet), CVPR 2015, §3 and table 1.
"""

from __future__ import annotations

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.edits import SetReduction
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, RangeControl, Values, report_progress
from explorer.experiments.outcome import Chart, ChartAxis, ComputedNumber, Outcome, chart_line, message
from explorer.network import Network

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


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    module, branch, width = values["module"], _BRANCHES[values["branch"]], values["width"]
    path = f"inception{module}.{branch}"
    network = measurements.open_cached("googlenet_2014")
    direct = network.edit(SetReduction(path, 0))
    widths = sorted({4, 8, 16, 24, 32, 48, 64, 96, 128, 160, 192, width})
    macs: dict[int, int] = {}
    for done, to in enumerate(widths):
        report_progress(keep_going, done / len(widths))
        macs[to] = measurements.total_below(network.edit(SetReduction(path, to)), path).macs
    without = measurements.total_below(direct, path).macs
    present = measurements.total_below(network, path).macs
    return Outcome(
        pictures=(_chart(macs, without, present, path, network),),
        numbers=(
            ComputedNumber("weights_direct", message("weights_direct"), _weights(direct, path)),
            ComputedNumber("weights", message("weights_reduced"), _weights(network, path)),
            ComputedNumber("macs_direct", message("macs_direct"), without),
            ComputedNumber("macs", message("macs_reduced"), present),
            ComputedNumber("times", message("times"), without / present, "×"),
            ComputedNumber("macs_chosen", message("macs_chosen", width=width), macs[width]),
            *_compare_with_table(network, module),
            ComputedNumber(
                "network", message("network_without"), direct.figures.total.macs / network.figures.total.macs, "×"
            ),
        ),
        observations=(
            message("seen_cheaper", times=without / present),
            message("seen_line"),
            message("seen_relu"),
        ),
    )


def _compare_with_table(network: Network, module: str) -> tuple[ComputedNumber, ComputedNumber]:
    """The weights and MACs of a module beside those that the paper prints."""
    (params, ops), table = _TABLE[module], "GoogLeNet, table 1"
    weights, macs = (
        _weights(network, f"inception{module}"),
        measurements.total_below(network, f"inception{module}").macs,
    )
    of_weights, of_macs = (message("misprint" if module in wrong else "table_note") for wrong in _MISPRINTED)
    titles = message("module_weights", module=module), message("module_macs", module=module)
    return (
        ComputedNumber("module_weights", titles[0], weights, "", params * _K, table, 0.01, of_weights),
        ComputedNumber("module_macs", titles[1], macs, "", ops * 1e6, table, 0.011, of_macs),
    )


def _chart(macs: dict[int, int], direct: int, present: int, path: str, network: Network) -> Chart:
    widths = list(macs)
    reduction = network.architecture.nodes[f"{path}.0.conv"].layer
    assert isinstance(reduction, nn.Conv2d)
    return Chart(
        message("chart"),
        ChartAxis(message("axis_width")),
        ChartAxis(message("macs")),
        (
            chart_line(message("with_reduction"), widths, list(macs.values())),
            chart_line(message("without"), [widths[0], widths[-1]], [direct, direct], "dashed"),
            chart_line(message("as_published"), [reduction.out_channels], [present], "points"),
        ),
    )


_SNIPPET = """
import explorer
from explorer.edits import SetReduction

path = "inception" + $module + "." + {"5×5": "branch3", "3×3": "branch2"}[$branch]
network = explorer.open("googlenet_2014")

def macs(network):
    nodes = network.architecture.live.values()
    return network.figures.sum(n.name for n in nodes if n.path.startswith(path + ".")).macs

print("as published", macs(network))
print("without the 1×1", macs(network.edit(SetReduction(path, 0))))
print("thinned to $width", macs(network.edit(SetReduction(path, $width))))
"""

EXPERIMENT = Experiment(
    id="reduction_1x1",
    idea="convolution",
    networks=("googlenet_2014", "googlenet"),
    controls=(
        ChoiceControl("module", _MODULES, "3a"),
        ChoiceControl("branch", tuple(_BRANCHES), "5×5"),
        RangeControl("width", 4, 192, 16, 4),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
