"""n×n convolutions as 1×n and n×1, or as a stack of small windows.

Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, §3.
"""

from __future__ import annotations

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import Chart, ChartAxis, ChartBars, ComputedNumber, Outcome, chart_line, message
from explorer.network import Network

_SIZES = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SOURCE = "Szegedy et al. 2015 (Rethinking), §3"


def _conv(channels: int, *kernels: tuple[int, int]) -> nn.Sequential:
    """Convolutions that keep the side of the map."""
    layers: list[nn.Module] = []
    for high, wide in kernels:
        layers.append(nn.ZeroPad2d(((wide - 1) // 2, wide // 2, (high - 1) // 2, high // 2)))
        layers.append(nn.Conv2d(channels, channels, (high, wide), bias=False))
    return nn.Sequential(*layers)


def macs_unfactorised(network: Network) -> int:
    """Count the multiply-adds if each pair of 1×7 and 7×1 (in either order) were one 7×7."""
    halves = [node for node in network.architecture.live.values() if _is_factor(node.layer)]
    saved = 0
    for first, second in zip(halves[::2], halves[1::2], strict=True):
        shape = network.figures.shape(second.name)
        assert shape is not None
        assert isinstance(first.layer, nn.Conv2d)
        assert isinstance(second.layer, nn.Conv2d)
        both = network.figures.sum((first.name, second.name)).macs
        saved += 49 * first.layer.in_channels * second.layer.out_channels * shape.dims[2] * shape.dims[3] - both
    return network.figures.total.macs + saved


def _is_factor(layer: nn.Module | None) -> bool:
    return isinstance(layer, nn.Conv2d) and sorted(layer.kernel_size) == [1, 7]


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    n, channels, side = values["n"], values["channels"], values["side"]

    def macs(*kernels: tuple[int, int]) -> int:
        return measurements.module_figures(lambda: _conv(channels, *kernels), (1, channels, side, side)).total.macs

    full, split = [], []
    for done, size in enumerate(_SIZES):
        report_progress(keep_going, done / (len(_SIZES) + 4))
        full.append(macs((size, size)))
        split.append(macs((1, size), (size, 1)))
    at = _SIZES.index(n)
    three, two_twos, five = macs((3, 3)), macs((2, 2), (2, 2)), macs((5, 5))
    report_progress(keep_going, 0.8)
    network = measurements.open_cached("inception_v3")
    now, whole = network.figures.total.macs, macs_unfactorised(network)
    return Outcome(
        pictures=(
            _cost(full, split, at),
            Chart(
                message("chart_network"),
                ChartAxis(names=(message("as_published"), message("whole_7x7"))),
                ChartAxis(message("macs"), low=0),
                (ChartBars("", (float(now), float(whole))),),
            ),
        ),
        numbers=(
            ComputedNumber("share", message("share", n=n), split[at] / full[at], "×", 2 / n, f"{_SOURCE}.2: 2/n", 1e-9),
            ComputedNumber("saved", message("saved", n=n), 100 * (1 - split[at] / full[at]), "%"),
            ComputedNumber("five", message("five"), five / three, "×", 25 / 9, f"{_SOURCE}.1: 2.78 ×", 1e-9),
            ComputedNumber("three", message("three"), 1 - split[1] / full[1], "×", 1 / 3, f"{_SOURCE}.2: −33 %", 1e-9),
            ComputedNumber("twos", message("twos"), 1 - two_twos / three, "×", 1 / 9, f"{_SOURCE}.2: −11 %", 1e-9),
            ComputedNumber("network", message("network"), now),
            ComputedNumber("whole", message("network_whole"), whole),
        ),
        observations=(
            message("seen_line", n=n, saved=1 - split[at] / full[at]),
            message("seen_where"),
            message("seen_rank"),
        ),
    )


def _cost(full: list[int], split: list[int], at: int) -> Chart:
    share = [100 * part / whole for part, whole in zip(split, full, strict=True)]
    sizes = [float(size) for size in _SIZES]
    stacks = [(size, 100 * 9 * (size // 2) / size**2) for size in _SIZES if size % 2]
    return Chart(
        message("chart"),
        ChartAxis("n"),
        ChartAxis(message("axis_share"), low=0, high=110),
        (
            chart_line(message("split"), sizes, share),
            chart_line(message("stack"), [size for size, _ in stacks], [part for _, part in stacks]),
            chart_line("n×n", [sizes[0], sizes[-1]], [100, 100], "dashed"),
            chart_line(message("chosen"), [sizes[at]], [share[at]], "points"),
        ),
    )


_SNIPPET = """
import explorer
from torch import nn

def macs(*kernels):
    layers = []
    for high, wide in kernels:
        layers.append(nn.ZeroPad2d(((wide - 1) // 2, wide // 2, (high - 1) // 2, high // 2)))
        layers.append(nn.Conv2d($channels, $channels, (high, wide), bias=False))
    network = explorer.open(nn.Sequential(*layers), input_shape=(1, $channels, $side, $side))
    return network.figures.total.macs

full, split = macs(($n, $n)), macs((1, $n), ($n, 1))
print("MACs", full, split, "share", split / full)
print("Inception v3", explorer.open("inception_v3").figures.total.macs)
"""

EXPERIMENT = Experiment(
    id="factorised",
    idea="convolution",
    networks=("inception_v3", "inception_v2"),
    controls=(
        ChoiceControl("n", _SIZES, 7),
        ChoiceControl("channels", (16, 32, 64, 128, 256, 512), 128),
        ChoiceControl("side", (8, 17, 35), 17),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
