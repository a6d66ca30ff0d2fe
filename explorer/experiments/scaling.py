"""Compound scaling of depth, width and resolution, against one of them alone.

Source: Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, §3 and §4.
"""

from __future__ import annotations

from explorer.base.cancellation import KeepGoing
from explorer.edits import ApplyCompoundScaling, Edit, MultiplyDepth, MultiplyWidth, SetInputSize
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, RangeControl, Values, report_progress
from explorer.experiments.outcome import Chart, ChartAxis, ComputedNumber, Outcome, QuotedResult, chart_line, message
from explorer.network import Network

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15
_KEYS = tuple(f"efficientnet_b{number}" for number in range(8))

#: Last version of the paper, table 2: parameters (M), FLOPs (G), top-1 (%).
_PUBLISHED = {
    "efficientnet_b0": (5.3, 0.39, 77.1),
    "efficientnet_b1": (7.8, 0.70, 79.1),
    "efficientnet_b2": (9.2, 1.0, 80.1),
    "efficientnet_b3": (12, 1.8, 81.6),
    "efficientnet_b4": (19, 4.2, 82.9),
    "efficientnet_b5": (30, 9.9, 83.6),
    "efficientnet_b6": (43, 19, 84.0),
    "efficientnet_b7": (66, 37, 84.3),
}


def scale_network(network: Network, way: str, cost: float) -> Network:
    """Scale a network to about 2^`cost` times its multiply-adds by "depth", "width", "resolution" or "compound".

    Width and resolution count squared (EfficientNet, §3.3).
    """
    side = network.architecture.input_shape[-1]
    edits: dict[str, Edit] = {
        "depth": MultiplyDepth("*", 2**cost),
        "width": MultiplyWidth("*", 2 ** (cost / 2)),
        "resolution": SetInputSize(resolution=round(side * 2 ** (cost / 2))),
        "compound": ApplyCompoundScaling(cost),
    }
    return network.edit(edits[way])


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    phi, network = values["phi"], measurements.open_cached("efficientnet_b0")
    base = network.figures.total
    steps = sorted({0.0, 1.0, 2.0, 3.0, float(phi)})
    grown = _grow(network, steps, keep_going)
    report_progress(keep_going, 0.75)
    chosen = grown["compound"][steps.index(float(phi))]
    key = values["network"]
    known = measurements.open_cached(key)
    params, macs, _ = _PUBLISHED[key]
    product = ALPHA * BETA**2 * GAMMA**2
    return Outcome(
        pictures=(_cost(grown, steps), _memory(grown, steps), _family(keep_going)),
        numbers=(
            ComputedNumber("product", "α · β² · γ²", product, "", 2.0, "EfficientNet, eq. 3: ≈ 2", 0.05),
            ComputedNumber(
                "grown",
                message("grown", phi=phi),
                chosen.figures.total.macs / base.macs,
                "×",
                product**phi,
                "EfficientNet, eq. 3: (α β² γ²)^φ",
                0.1,
                message("grown_note"),
            ),
            ComputedNumber("side", message("side", phi=phi), chosen.architecture.input_shape[-1], "px"),
            ComputedNumber("params", message("params_grown", phi=phi), chosen.figures.total.params),
            ComputedNumber(
                "params_known",
                message("params_known", network=known.title),
                known.figures.total.params,
                "",
                params * 1e6,
                "EfficientNet, table 2",
                0.04,
            ),
            ComputedNumber(
                "macs_known",
                message("macs_known", network=known.title),
                known.figures.total.macs,
                "",
                macs * 1e9,
                "EfficientNet, table 2",
                0.07,
                message("known_note"),
            ),
        ),
        observations=(message("seen_equal"), message("seen_params"), message("seen_memory")),
        quoted=(QuotedResult("EfficientNet-B0 … B7", "77.1 … 84.3 %", "EfficientNet, table 2"),),
    )


def _grow(network: Network, steps: list[float], keep_going: KeepGoing) -> dict[str, list[Network]]:
    """The network scaled by each way, as far as each step."""
    ways = ("compound", "depth", "width", "resolution")
    grown: dict[str, list[Network]] = {way: [] for way in ways}
    for number, way in enumerate(ways):
        for step in steps:
            report_progress(keep_going, 0.7 * (number + step / 5) / len(ways))
            grown[way].append(scale_network(network, way, step) if step else network)
    return grown


def _cost(grown: dict[str, list[Network]], steps: list[float]) -> Chart:
    base = grown["compound"][0].figures.total
    parts = [
        chart_line(message(way), steps, [network.figures.total.macs / base.macs for network in networks])
        for way, networks in grown.items()
    ]
    return Chart(
        message("chart"),
        ChartAxis("φ"),
        ChartAxis(message("axis_macs"), log=True),
        (*parts, chart_line("2^φ", steps, [2**step for step in steps], "dashed")),
    )


def _memory(grown: dict[str, list[Network]], steps: list[float]) -> Chart:
    parts = [
        chart_line(message(way), steps, [network.figures.total.params / 1e6 for network in networks])
        for way, networks in grown.items()
    ]
    return Chart(message("chart_params"), ChartAxis("φ"), ChartAxis(message("axis_params"), low=0), tuple(parts))


def _family(keep_going: KeepGoing) -> Chart:
    """B0 to B7: multiply-adds of the live networks, accuracy as published."""
    x: list[float] = []
    for done, key in enumerate(_KEYS):
        report_progress(keep_going, 0.75 + 0.25 * done / len(_KEYS))
        x.append(measurements.open_cached(key).figures.total.macs / 1e9)
    y = [top1 for _, _, top1 in _PUBLISHED.values()]
    return Chart(
        message("chart_family"),
        ChartAxis(message("axis_gmacs"), log=True),
        ChartAxis(message("axis_top1")),
        (chart_line("", x, y), chart_line("B0 … B7", x, y, "points")),
    )


_SNIPPET = """
import explorer
from explorer.edits import ApplyCompoundScaling

network = explorer.open("efficientnet_b0")
print("product", 1.2 * 1.1**2 * 1.15**2)
grown = network.edit(ApplyCompoundScaling($phi))
print("MACs grew", grown.figures.total.macs / network.figures.total.macs)
print("side", grown.architecture.input_shape[-1], "parameters", grown.figures.total.params)
"""

EXPERIMENT = Experiment(
    id="compound_scaling",
    idea="whole",
    networks=_KEYS,
    controls=(RangeControl("phi", 0, 4, 1, 0.5), ChoiceControl("network", _KEYS, "efficientnet_b1")),
    compute=_run,
    code_template=_SNIPPET,
)
