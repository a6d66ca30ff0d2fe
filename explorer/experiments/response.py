"""Local response normalisation: loud channels hold their neighbours down (AlexNet, 2012, §3.3)."""

from __future__ import annotations

import torch
from torch import nn

from explorer.experiments import live
from explorer.experiments.experiment import Choice, Experiment, Values, go_on
from explorer.experiments.outcome import Axis, Chart, Number, Outcome, Photo, Quoted, evened, line, words
from explorer.wanted import Wanted

#: What turns a standardised photo back into one of 0 to 255, the mean taken off: 255 × ImageNet's mean deviation.
_LOUD = 255 * 0.226


def factor(x: torch.Tensor, n: int, alpha: float, beta: float = 0.75, k: float = 2.0) -> torch.Tensor:
    """(k + α Σ a²)^−β, by which each activation is multiplied; the sum is over n channels around it (AlexNet, §3.3).
    Torch divides α by n."""
    squares = nn.functional.pad(x.square(), (0, 0, 0, 0, n // 2, (n - 1) // 2))
    energy = torch.stack([squares[:, shift : shift + x.shape[1]] for shift in range(n)]).sum(dim=0)
    result: torch.Tensor = (k + alpha * energy) ** -beta
    return result


def norm(x: torch.Tensor, n: int, alpha: float) -> torch.Tensor:
    """Local response normalisation, as in the paper."""
    return x * factor(x, n, alpha)


def near_and_far(x: torch.Tensor, n: int, alpha: float) -> tuple[float, float]:
    """Mean factor of the channels around the loudest of each place, itself left out, and that of all farther away."""
    channels = torch.arange(x.shape[1]).view(1, -1, 1, 1)
    away = (channels - x.argmax(dim=1, keepdim=True)).abs()
    factors, reach = factor(x, n, alpha), max(n // 2, 1)
    return float(factors[(away > 0) & (away <= reach)].mean()), float(factors[away > reach].mean())


def _work(values: Values, wanted: Wanted) -> Outcome:
    n, alpha = values["n"], values["alpha"]
    network = live.opened("alexnet_2012")
    go_on(wanted, 0.1)
    module = network.module()
    go_on(wanted, 0.5)
    image = live.photo(values["photo"], network) * (_LOUD if values["pixels"] == "raw" else 1.0)
    before = live.watched(module, ["features.1"], image)["features.1"]
    go_on(wanted, 0.8)
    after = norm(before, n, alpha)
    torchs = nn.LocalResponseNorm(n, alpha=alpha * n, beta=0.75, k=2.0)(before)
    gain = factor(before, n, alpha)
    near, far = near_and_far(before, n, alpha)
    alive = before > 0
    place = divmod(int(before[0].square().sum(dim=0).argmax()), before.shape[3])
    column, held = before[0, :, *place], after[0, :, *place]
    loudest = int(column.argmax())
    peak, others = column[loudest] / column[column > 0].mean(), held[loudest] / held[held > 0].mean()
    return Outcome(
        pictures=(
            _channels(column, held),
            _gains(before, gain),
            Photo(words("map_before", channel=loudest), evened(before[0, loudest].numpy())),
            Photo(words("map_after"), evened(after[0, loudest].numpy() * 2**0.75, before[0, loudest].numpy())),
        ),
        numbers=(
            Number(
                "torch",
                words("torch"),
                float((after - torchs).abs().max() / after.abs().max()),
                note=words("torch_note"),
            ),
            Number("ceiling", words("ceiling"), 2**-0.75),
            Number("lowest", words("lowest"), float(gain[alive].min())),
            Number("highest", words("highest"), float(gain[alive].max())),
            Number("near", words("near"), near),
            Number("far", words("far"), far),
            Number("peak_before", words("peak_before"), float(peak), "×"),
            Number("peak_after", words("peak_after"), float(others), "×"),
        ),
        seen=(
            words("seen_held", low=float(gain[alive].min()), high=float(gain[alive].max())),
            words("seen_loud" if values["pixels"] == "raw" else "seen_quiet"),
            words("seen_gone"),
        ),
        quoted=(
            Quoted(words("quoted_gain"), "−1.4 / −1.2", "AlexNet, §3.3"),
            Quoted(words("quoted_vgg"), "29.6 / 29.7 %", "VGG, table 3"),
        ),
    )


def _channels(column: torch.Tensor, held: torch.Tensor) -> Chart:
    """All channels at the loudest place of the map, each as a share of the loudest, before and after."""
    places = range(column.numel())
    return Chart(
        words("chart"),
        Axis(words("axis_channel")),
        Axis(words("axis_share"), low=0),
        (
            line(words("before"), places, (column / column.max()).tolist(), "steps"),
            line(words("after"), places, (held / column.max()).tolist(), "steps"),
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
        words("chart_gain"),
        Axis(words("axis_loud"), log=True),
        Axis(words("axis_gain"), low=0, high=0.65),
        (
            line(words("gain"), x, [float(factor[share].mean()) for share in shares]),
            line(words("ceiling"), [x[0], x[-1]], [2**-0.75] * 2, "dashed"),
        ),
    )


_SNIPPET = """
import explorer
import torch
from explorer.analysis.sample import built_in, preprocess
from torch import nn

network = explorer.open("alexnet_2012")
image = preprocess(built_in($photo), network.architecture.input_shape)
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
        live.PHOTO,
        Choice("pixels", ("raw", "standardised"), "raw"),
        Choice("n", (1, 3, 5, 9, 15), 5),
        Choice("alpha", (1e-5, 1e-4, 1e-3, 1e-2), 1e-4),
    ),
    work=_work,
    snippet=_SNIPPET,
)
