"""Information that ReLU keeps of a curve in the plane, in few and in many channels.

Source: Sandler et al., "MobileNetV2", CVPR 2018, fig. 1 and appendix A.
"""

from __future__ import annotations

import math

import torch

from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, RangeControl, Values, report_progress
from explorer.experiments.outcome import (
    Array,
    Chart,
    ChartAxis,
    ChartDots,
    ComputedNumber,
    Label,
    Outcome,
    QuotedResult,
    chart_line,
    message,
)

DIMENSIONS = (2, 3, 5, 15, 30)
_POINTS = 400


def spiral(count: int = _POINTS) -> torch.Tensor:
    """Return points of a spiral around the origin, which itself is left out: shape (count, 2)."""
    turn = torch.linspace(0.6, 4 * math.pi, count)
    return torch.stack((turn * turn.cos(), turn * turn.sin()), dim=1) / (4 * math.pi)


def collapsed_share(m: int, n: int = 2) -> float:
    """Return the share of inputs in n dimensions that ReLU in m channels cannot tell from others, for a random linear
    map.

    Theorem 1 (MobileNetV2, appendix A): all with fewer than n channels alive, 1 − 2⁻ᵐ Σ_{k ≤ m − n} C(m, k).
    """
    kept: int = sum(math.comb(m, k) for k in range(m - n + 1))
    return 1 - kept / float(2**m)


def random_map(m: int, seed: int) -> torch.Tensor:
    """Return a random linear map from the plane to m channels: shape (2, m)."""
    return measurements.normal_noise(1000 * m + seed, 2, m)


def decode_channels(x: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
    """Return the least-squares reconstruction of x, (points, 2), from channels (…, points, m)."""
    wide, target = channels.double(), x.double()
    gram = torch.linalg.pinv(wide.mT @ wide, rtol=1e-10, hermitian=True)
    back: torch.Tensor = wide @ (gram @ (wide.mT @ target))
    return back.float()


def _apply(activation: str, channels: torch.Tensor) -> torch.Tensor:
    return channels if activation == "linear" else channels.relu()


def average_over_maps(
    m: int, count: int, keep_going: KeepGoing, progress: float, activation: str = "relu"
) -> tuple[float, float]:
    """Return, over random maps, the share of points with fewer than two channels alive, and the mean squared relative
    error of the reconstruction. Raises Cancelled."""
    x = spiral(200)
    lost = errors = 0.0
    for first in range(0, count, 50):
        report_progress(keep_going, progress)
        maps = torch.stack([random_map(m, seed) for seed in range(first, min(first + 50, count))])
        channels = x @ maps
        lost += float(((channels > 0).sum(dim=2) < 2).float().mean(dim=1).sum())
        back = decode_channels(x, _apply(activation, channels))
        errors += float(((back - x).square().sum(dim=(1, 2)) / x.square().sum()).sum())
    return lost / count, errors / count


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    x = spiral()
    measured = {
        m: average_over_maps(m, values["draws"], keep_going, number / len(DIMENSIONS), values["activation"])
        for number, m in enumerate(DIMENSIONS)
    }
    shade = torch.linspace(0, 1, len(x)).numpy()
    pictures = [_plane(message("input"), x, shade)]
    for m in DIMENSIONS:
        back = decode_channels(x, _apply(values["activation"], x @ random_map(m, values["seed"])))
        pictures.append(_plane(message("back", m=m), back, shade))
    close = 4 / math.sqrt(values["draws"])
    return Outcome(
        pictures=(*pictures, _shares(measured)),
        numbers=(
            *(
                ComputedNumber(
                    f"collapsed_{m}",
                    message("collapsed", m=m),
                    measured[m][0],
                    "",
                    collapsed_share(m),
                    "MobileNetV2, A, thm. 1",
                    max(close, close / max(collapsed_share(m), 1e-9) * 0.01),
                    message("collapsed_note") if m == 2 else "",
                )
                for m in DIMENSIONS
            ),
            *(ComputedNumber(f"error_{m}", message("error", m=m), measured[m][1]) for m in DIMENSIONS),
        ),
        observations=(message("seen_few"), message("seen_many"), message("seen_linear")),
        quoted=(QuotedResult(message("quoted_linear"), "–", "MobileNetV2, §3.2, fig. 6"),),
    )


def _plane(title: Label, points: torch.Tensor, shade: Array) -> Chart:
    dots = ChartDots(points[:, 0].numpy(), points[:, 1].numpy(), shade)
    axes = (ChartAxis(low=-1.1, high=1.1), ChartAxis(low=-1.1, high=1.1))
    return Chart(title, *axes, (dots,), square=True)


def _shares(measured: dict[int, tuple[float, float]]) -> Chart:
    m = list(range(2, 31))
    return Chart(
        message("chart"),
        ChartAxis(message("axis_m")),
        ChartAxis(message("axis_lost"), low=0),
        (
            chart_line(message("theorem"), m, [collapsed_share(number) for number in m]),
            chart_line(message("measured"), list(measured), [lost for lost, _ in measured.values()], "points"),
            chart_line(message("error_line"), list(measured), [error for _, error in measured.values()], "dashed"),
        ),
    )


_SNIPPET = """
import math

import torch

turn = torch.linspace(0.6, 4 * math.pi, 200)
x = torch.stack((turn * turn.cos(), turn * turn.sin()), dim=1) / (4 * math.pi)
for m in (2, 3, 5, 15, 30):
    lost = 0.0
    for seed in range($draws):
        map = torch.randn(2, m, generator=torch.Generator().manual_seed(1000 * m + seed))
        lost += ((x @ map > 0).sum(dim=1) < 2).float().mean().item() / $draws
    theorem = 1 - sum(math.comb(m, k) for k in range(m - 1)) / 2**m
    print(m, "channels: collapsed", lost, "theorem 1", theorem)
"""

EXPERIMENT = Experiment(
    id="relu_spiral",
    idea="mobile",
    networks=("mobilenet_v2",),
    controls=(
        ChoiceControl("activation", ("relu", "linear"), "relu"),
        ChoiceControl("draws", (100, 500, 2000), 500),
        RangeControl("seed", 0, 19, 0),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
