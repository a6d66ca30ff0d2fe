"""Local response normalisation: strong channels inhibit their neighbours.

Source: Krizhevsky et al., AlexNet, NIPS 2012, §3.3.
"""

from __future__ import annotations

import torch
from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ComputedNumber,
    Message,
    Outcome,
    Photo,
    QuotedResult,
    chart_line,
    message,
    normalise_map,
)

#: What turns a standardised photo back into one of 0 to 255, the mean taken off: 255 × ImageNet's mean deviation.
_PIXEL_SCALE = 255 * 0.226


def lrn_factor(x: torch.Tensor, n: int, alpha: float, beta: float = 0.75, k: float = 2.0) -> torch.Tensor:
    """Return (k + α Σ a²)^−β, by which each activation is multiplied; the sum is over n channels around it.

    Source: AlexNet, §3.3. Torch divides α by n. Shape as x: (batch, channels, height, width).
    """
    squares = nn.functional.pad(x.square(), (0, 0, 0, 0, n // 2, (n - 1) // 2))
    energy = torch.stack([squares[:, shift : shift + x.shape[1]] for shift in range(n)]).sum(dim=0)
    result: torch.Tensor = (k + alpha * energy) ** -beta
    return result


def local_response_norm(x: torch.Tensor, n: int, alpha: float) -> torch.Tensor:
    """Apply local response normalisation as in AlexNet, §3.3."""
    return x * lrn_factor(x, n, alpha)


def neighbour_factors(x: torch.Tensor, n: int, alpha: float) -> tuple[float, float]:
    """Return the mean factor of the channels around the strongest of each place, itself left out, and that of all
    others."""
    channels = torch.arange(x.shape[1]).view(1, -1, 1, 1)
    away = (channels - x.argmax(dim=1, keepdim=True)).abs()
    factors, reach = lrn_factor(x, n, alpha), max(n // 2, 1)
    return float(factors[(away > 0) & (away <= reach)].mean()), float(factors[away > reach].mean())


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    n, alpha = values["n"], values["alpha"]
    network = measurements.open_cached("alexnet_2012")
    report_progress(keep_going, 0.1)
    module = network.module()
    report_progress(keep_going, 0.5)
    image = measurements.photo_tensor(values["photo"], network) * (_PIXEL_SCALE if values["pixels"] == "raw" else 1.0)
    before = measurements.record_activations(module, ["features.1"], image)["features.1"]
    report_progress(keep_going, 0.8)
    after = local_response_norm(before, n, alpha)
    torchs = nn.LocalResponseNorm(n, alpha=alpha * n, beta=0.75, k=2.0)(before)
    gain = lrn_factor(before, n, alpha)
    near, far = neighbour_factors(before, n, alpha)
    alive = before > 0
    place = divmod(int(before[0].square().sum(dim=0).argmax()), before.shape[3])
    column, held = before[0, :, *place], after[0, :, *place]
    loudest = int(column.argmax())
    peak, others = column[loudest] / column[column > 0].mean(), held[loudest] / held[held > 0].mean()
    return Outcome(
        pictures=(
            _channels(column, held),
            _gains(before, gain),
            Photo(message("map_before", channel=loudest), normalise_map(before[0, loudest].numpy())),
            Photo(message("map_after"), normalise_map(after[0, loudest].numpy() * 2**0.75, before[0, loudest].numpy())),
        ),
        numbers=(
            ComputedNumber(
                "torch",
                message("torch"),
                float((after - torchs).abs().max() / after.abs().max()),
                note=message("torch_note"),
            ),
            ComputedNumber("ceiling", message("ceiling"), 2**-0.75),
            ComputedNumber("lowest", message("lowest"), float(gain[alive].min())),
            ComputedNumber("highest", message("highest"), float(gain[alive].max())),
            ComputedNumber("near", message("near"), near),
            ComputedNumber("far", message("far"), far),
            ComputedNumber("peak_before", message("peak_before"), float(peak), "×"),
            ComputedNumber("peak_after", message("peak_after"), float(others), "×"),
        ),
        observations=(
            message("seen_held", low=float(gain[alive].min()), high=float(gain[alive].max())),
            _what_stands_out(float(gain[alive].max() - gain[alive].min()), near < far, float(peak), float(others)),
            message("seen_gone"),
        ),
        quoted=(
            QuotedResult(message("quoted_gain"), "−1.4 / −1.2", "AlexNet, §3.3"),
            QuotedResult(message("quoted_vgg"), "29.6 / 29.7 %", "VGG, table 3"),
        ),
    )


def _what_stands_out(spread: float, holds_neighbours: bool, before: float, after: float) -> Message:
    """Say what becomes of the loudest channel of the loudest place, against the mean of the others that speak."""
    if spread < 0.05:
        return message("seen_quiet")
    return message("seen_loud" if holds_neighbours else "seen_alone", before=before, after=after)


def _channels(column: torch.Tensor, held: torch.Tensor) -> Chart:
    """All channels at the loudest place of the map, each as a share of the loudest, before and after."""
    places = range(column.numel())
    return Chart(
        message("chart"),
        ChartAxis(message("axis_channel")),
        ChartAxis(message("axis_share"), low=0),
        (
            chart_line(message("before"), places, (column / column.max()).tolist(), "steps"),
            chart_line(message("after"), places, (held / column.max()).tolist(), "steps"),
        ),
    )


def _gains(before: torch.Tensor, gain: torch.Tensor) -> Chart:
    """By how much activations are multiplied, by how loud they are: means of twenty equal shares."""
    alive = before > 0
    loud, factor = before[alive], gain[alive]
    order = loud.argsort()
    shares = [order[part] for part in torch.arange(len(order)).tensor_split(20)]
    x = [float(loud[share].mean()) for share in shares]
    return Chart(
        message("chart_gain"),
        ChartAxis(message("axis_loud"), log=True),
        ChartAxis(message("axis_gain"), low=0, high=0.65),
        (
            chart_line(message("gain"), x, [float(factor[share].mean()) for share in shares]),
            chart_line(message("ceiling"), [x[0], x[-1]], [2**-0.75] * 2, "dashed"),
        ),
    )


_SNIPPET = """
import explorer
import torch
from explorer.analysis.sample import load_sample, preprocess
from torch import nn

network = explorer.open("alexnet_2012")
image = preprocess(load_sample($photo), network.architecture.input_shape)
if $pixels == "raw":
    image = image * 255 * 0.226  # pixels of 0 to 255, as in 2012
with torch.no_grad():
    before = torch.relu(network.module().get_submodule("features.0")(image))
after = nn.LocalResponseNorm($n, alpha=$alpha * $n, beta=0.75, k=2.0)(before)
gain = (after / before)[before > 0]
print("lowest", gain.min().item())
print("highest", gain.max().item())
"""

EXPERIMENT = Experiment(
    id="local_response",
    idea="training",
    networks=("alexnet_2012", "googlenet_2014"),
    controls=(
        measurements.PHOTO,
        ChoiceControl("pixels", ("raw", "standardised"), "raw"),
        ChoiceControl("n", (1, 3, 5, 9, 15), 5),
        ChoiceControl("alpha", (1e-5, 1e-4, 1e-3, 1e-2), 1e-4),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
