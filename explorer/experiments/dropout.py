"""Dropout: every training step sees another thinned network.

Sources: AlexNet, NIPS 2012, §4.2; Srivastava et al., "Dropout", JMLR 15, 2014.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from explorer.analysis.sample import class_labels
from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, RangeControl, Values, report_progress
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ChartBars,
    ChartHeatmap,
    ComputedNumber,
    Outcome,
    chart_line,
    message,
)


def apply_dropout(x: torch.Tensor, p: float, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return `count` thinned copies of a vector, the rest scaled by 1 / (1 − p), and the masks, each of shape (count,
    units)."""
    chance = torch.rand(count, x.numel(), generator=torch.Generator().manual_seed(seed))
    masks = (chance >= p).float()
    return x * masks / (1 - p), masks


def expected_deviation(layer: nn.Linear, x: torch.Tensor, p: float) -> torch.Tensor:
    """Return the deviation of a linear layer's outputs under dropout of its inputs: √(p / (1 − p) · Σ (w x)²), as the
    masks are independent. Shape (outputs,)."""
    return math.sqrt(p / (1 - p)) * (layer.weight * x).square().sum(dim=1).sqrt()


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    p, count, seed = values["p"], values["count"], values["seed"]
    network = measurements.open_cached("alexnet_2012")
    report_progress(keep_going, 0.05)
    module = network.module()
    report_progress(keep_going, 0.4)
    last = module.get_submodule("classifier.6")
    assert isinstance(last, nn.Linear)
    seen = measurements.record_activations(
        module, ["classifier.4"], measurements.photo_tensor(values["photo"], network)
    )
    hidden, plain = seen["classifier.4"][0], seen[""][0]
    report_progress(keep_going, 0.6)
    with torch.no_grad():
        thinned, masks = apply_dropout(hidden, p, count, seed)
        logits = last(thinned)
        expected = expected_deviation(last, hidden, p)
    measured = logits.std(dim=0)
    probabilities = logits.double().softmax(dim=1)
    whole = plain.double().softmax(dim=0)
    spread = ComputedNumber(
        "spread",
        message("spread"),
        float(measured.square().mean().sqrt()),
        "",
        float(expected.square().mean().sqrt()),
        "√(p / (1 − p) · Σ (w x)²)",
        0.15,
        message("spread_note"),
    )
    return Outcome(
        pictures=(_mask(masks), _classes(whole, probabilities), _mean(logits, plain)),
        numbers=(
            ComputedNumber("kept", message("kept"), 100 * float(masks.mean()), "%"),
            spread,
            *_compare_logits(logits, plain),
            _factor(p),
        ),
        observations=(message("seen_other", count=count), message("seen_mean"), message("seen_test")),
    )


def _compare_logits(logits: torch.Tensor, plain: torch.Tensor) -> tuple[ComputedNumber, ...]:
    """How far thinned networks are from the whole one: their mean, each alone, and how many have the same winner."""
    winners = logits.double().softmax(dim=1).argmax(dim=1)
    return (
        ComputedNumber("mean", message("mean"), float((logits.mean(dim=0) - plain).norm() / plain.norm())),
        ComputedNumber("one", message("one"), float((logits - plain).norm(dim=1).mean() / plain.norm())),
        ComputedNumber("winner", message("winner"), 100 * float((winners == int(plain.argmax())).float().mean()), "%"),
    )


def _factor(p: float) -> ComputedNumber:
    published = 2.0 if p == 0.5 else None
    return ComputedNumber(
        "factor", message("factor"), 1 / (1 - p), "×", published, "AlexNet, §4.2", 0, message("factor_note")
    )


def _mask(masks: torch.Tensor) -> Chart:
    """The masks of the first hidden units, one row each."""
    shown = masks[:16, :64].numpy()
    return Chart(
        message("chart_mask"),
        ChartAxis(message("axis_unit")),
        ChartAxis(message("axis_pass")),
        (ChartHeatmap(shown, 1.0),),
    )


def _classes(whole: torch.Tensor, probabilities: torch.Tensor) -> Chart:
    best = whole.topk(4).indices.tolist()
    names = class_labels(whole.numel())
    return Chart(
        message("chart_classes"),
        ChartAxis(names=tuple(names[index] for index in best)),
        ChartAxis(message("axis_probability"), low=0),
        (
            ChartBars(message("no_dropout"), tuple(100 * float(whole[index]) for index in best)),
            ChartBars(message("lowest"), tuple(100 * float(probabilities[:, index].min()) for index in best)),
            ChartBars(message("highest"), tuple(100 * float(probabilities[:, index].max()) for index in best)),
        ),
    )


def _mean(logits: torch.Tensor, plain: torch.Tensor) -> Chart:
    """How far the mean of the first few passes is from the network without dropout."""
    running = logits.cumsum(dim=0) / torch.arange(1, len(logits) + 1)[:, None]
    away = ((running - plain).norm(dim=1) / plain.norm()).tolist()
    passes = [float(number) for number in range(1, len(away) + 1)]
    return Chart(
        message("chart_mean"),
        ChartAxis(message("axis_passes"), log=True),
        ChartAxis(message("axis_away"), log=True),
        (
            chart_line(message("mean_of_passes"), passes, away),
            chart_line("1 / √n", passes, [away[0] / math.sqrt(number) for number in passes], "dashed"),
        ),
    )


_SNIPPET = """
import explorer
import torch
from explorer.analysis.sample import load_sample, preprocess

network = explorer.open("alexnet_2012")
module, kept = network.module(), {}
module.get_submodule("classifier.4").register_forward_hook(lambda _m, _i, made: kept.update(hidden=made[0]))
with torch.no_grad():
    plain = module(preprocess(load_sample($photo), network.architecture.input_shape))[0]
    hidden, last = kept["hidden"], module.get_submodule("classifier.6")
    chance = torch.rand($count, hidden.numel(), generator=torch.Generator().manual_seed($seed))
    logits = last(hidden * (chance >= $p) / (1 - $p))
    expected = ($p / (1 - $p)) ** 0.5 * (last.weight * hidden).square().sum(dim=1).sqrt()
print("spread measured", logits.std(dim=0).square().mean().sqrt().item())
print("spread expected", expected.square().mean().sqrt().item())
"""

EXPERIMENT = Experiment(
    id="dropout",
    idea="training",
    networks=("alexnet_2012", "vgg16", "googlenet_2014"),
    controls=(
        measurements.PHOTO,
        RangeControl("p", 0.1, 0.9, 0.5, 0.1),
        ChoiceControl("count", (16, 64, 256), 64),
        RangeControl("seed", 0, 9, 0),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
