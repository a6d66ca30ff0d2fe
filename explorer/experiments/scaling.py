"""Deeper, wider and larger images together, or one of them alone (EfficientNet, 2019, §3 and §4)."""

from __future__ import annotations

from explorer.edits import CompoundScaling, DepthMultiplier, Edit, InputSize, WidthMultiplier
from explorer.experiments import live
from explorer.experiments.experiment import Choice, Experiment, Range, Values, go_on
from explorer.experiments.outcome import Axis, Chart, Number, Outcome, Quoted, line, words
from explorer.network import Network
from explorer.wanted import Wanted

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15
_KEYS = tuple(f"efficientnet_b{number}" for number in range(8))

#: Last version of the paper, table 2: parameters (M), FLOPs (G), top-1 (%).
_PRINTED = {
    "efficientnet_b0": (5.3, 0.39, 77.1),
    "efficientnet_b1": (7.8, 0.70, 79.1),
    "efficientnet_b2": (9.2, 1.0, 80.1),
    "efficientnet_b3": (12, 1.8, 81.6),
    "efficientnet_b4": (19, 4.2, 82.9),
    "efficientnet_b5": (30, 9.9, 83.6),
    "efficientnet_b6": (43, 19, 84.0),
    "efficientnet_b7": (66, 37, 84.3),
}


def scaled(network: Network, way: str, cost: float) -> Network:
    """The network made to cost about 2^`cost` times as much by one way: "depth", "width", "resolution", "compound"."""
    side = network.architecture.input_shape[-1]
    edits: dict[str, Edit] = {
        "depth": DepthMultiplier("*", 2**cost),
        "width": WidthMultiplier("*", 2 ** (cost / 2)),
        "resolution": InputSize(resolution=round(side * 2 ** (cost / 2))),
        "compound": CompoundScaling(cost),
    }
    return network.edit(edits[way])


def _work(values: Values, wanted: Wanted) -> Outcome:
    phi, network = values["phi"], live.opened("efficientnet_b0")
    base = network.figures.total
    ways = ("compound", "depth", "width", "resolution")
    steps = sorted({0.0, 1.0, 2.0, 3.0, float(phi)})
    grown: dict[str, list[Network]] = {}
    for number, way in enumerate(ways):
        grown[way] = []
        for step in steps:
            go_on(wanted, 0.7 * (number + step / 5) / len(ways))
            grown[way].append(scaled(network, way, step) if step else network)
    go_on(wanted, 0.75)
    chosen = grown["compound"][steps.index(float(phi))]
    key = values["network"]
    known = live.opened(key)
    params, macs, _ = _PRINTED[key]
    product = ALPHA * BETA**2 * GAMMA**2
    return Outcome(
        pictures=(_cost(grown, steps), _memory(grown, steps), _family(wanted)),
        numbers=(
            Number("product", "α · β² · γ²", product, "", 2.0, "EfficientNet, eq. 3: ≈ 2", 0.05),
            Number(
                "grown",
                words("grown", phi=phi),
                chosen.figures.total.macs / base.macs,
                "×",
                product**phi,
                "EfficientNet, eq. 3: (α β² γ²)^φ",
                0.1,
                words("grown_note"),
            ),
            Number("side", words("side", phi=phi), chosen.architecture.input_shape[-1], "px"),
            Number("params", words("params_grown", phi=phi), chosen.figures.total.params),
            Number(
                "params_known",
                words("params_known", network=known.title),
                known.figures.total.params,
                "",
                params * 1e6,
                "EfficientNet, table 2",
                0.04,
            ),
            Number(
                "macs_known",
                words("macs_known", network=known.title),
                known.figures.total.macs,
                "",
                macs * 1e9,
                "EfficientNet, table 2",
                0.07,
                words("known_note"),
            ),
        ),
        seen=(words("seen_equal"), words("seen_params"), words("seen_memory")),
        quoted=(Quoted("EfficientNet-B0 … B7", "77.1 … 84.3 %", "EfficientNet, table 2"),),
    )


def _cost(grown: dict[str, list[Network]], steps: list[float]) -> Chart:
    base = grown["compound"][0].figures.total
    parts = [
        line(words(way), steps, [network.figures.total.macs / base.macs for network in networks])
        for way, networks in grown.items()
    ]
    return Chart(
        words("chart"),
        Axis("φ"),
        Axis(words("axis_macs"), log=True),
        (*parts, line("2^φ", steps, [2**step for step in steps], "dashed")),
    )


def _memory(grown: dict[str, list[Network]], steps: list[float]) -> Chart:
    parts = [
        line(words(way), steps, [network.figures.total.params / 1e6 for network in networks])
        for way, networks in grown.items()
    ]
    return Chart(words("chart_params"), Axis("φ"), Axis(words("axis_params"), low=0), tuple(parts))


def _family(wanted: Wanted) -> Chart:
    """B0 to B7: multiply-adds of the live networks, accuracy as published."""
    x: list[float] = []
    for done, key in enumerate(_KEYS):
        go_on(wanted, 0.75 + 0.25 * done / len(_KEYS))
        x.append(live.opened(key).figures.total.macs / 1e9)
    y = [top1 for _, _, top1 in _PRINTED.values()]
    return Chart(
        words("chart_family"),
        Axis(words("axis_gmacs"), log=True),
        Axis(words("axis_top1")),
        (line("", x, y), line("B0 … B7", x, y, "points")),
    )


_SNIPPET = """
import explorer
from explorer.edits import CompoundScaling

network = explorer.open("efficientnet_b0")
print("product", 1.2 * 1.1**2 * 1.15**2)
grown = network.edit(CompoundScaling($phi))
print("MACs grew", grown.figures.total.macs / network.figures.total.macs)
print("side", grown.architecture.input_shape[-1], "parameters", grown.figures.total.params)
"""

EXPERIMENT = Experiment(
    id="compound_scaling",
    idea="whole",
    networks=_KEYS,
    controls=(Range("phi", 0, 4, 1, 0.5), Choice("network", _KEYS, "efficientnet_b1")),
    work=_work,
    snippet=_SNIPPET,
)
