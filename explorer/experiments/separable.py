"""A depthwise and a 1×1 convolution in place of a full one: formula, count and clock.

Source: Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017, §3.1
and tables 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, SwitchControl, Values, report_progress
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ChartBars,
    ComputedNumber,
    Outcome,
    QuotedResult,
    chart_line,
    message,
)

_WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
_TABLE = "MobileNets, table 3"


def full_conv(channels: int, kernel: int) -> nn.Module:
    """Return a full convolution that keeps channels and size."""
    return nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)


def separable_conv(channels: int, kernel: int) -> nn.Module:
    """Return a depthwise and a 1×1 convolution that keep channels and size."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
    )


def cost_share(channels: int, kernel: int) -> float:
    """Return the cost of the two as a share of the full convolution's: 1/N + 1/k² (MobileNets, §3.1)."""
    return 1 / channels + 1 / kernel**2


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    kernel, channels, side = values["kernel"], values["channels"], values["side"]
    counts: dict[int, tuple[int, int]] = {}
    for done, width in enumerate(_WIDTHS):
        report_progress(keep_going, 0.3 * done / len(_WIDTHS))
        counts[width] = _count_macs(width, kernel, side)
    clocked = [width for width in _WIDTHS if width in (32, 128, 512, channels)] if values["clock"] else []
    times: dict[int, tuple[float, float]] = {}
    for done, width in enumerate(clocked):
        times[width] = _measure_times(width, kernel, side, keep_going, 0.3 + 0.7 * done / len(clocked))
    one, two = counts[channels]
    clock = times.get(channels)
    return Outcome(
        pictures=(_shares(kernel, counts, times), _table_chart()),
        numbers=(
            ComputedNumber(
                "share",
                message("share"),
                two / one,
                "×",
                cost_share(channels, kernel),
                "MobileNets, §3.1: 1/N + 1/k²",
                1e-9,
            ),
            ComputedNumber("cheaper", message("cheaper"), one / two, "×"),
            *(
                (
                    ComputedNumber("ms_full", message("ms_full"), clock[0], "ms"),
                    ComputedNumber("ms", message("ms_separable"), clock[1], "ms"),
                    ComputedNumber("faster", message("faster"), clock[0] / clock[1], "×", note=message("faster_note")),
                )
                if clock
                else ()
            ),
            *_table_numbers(),
        ),
        observations=(
            message("seen_share", cheaper=one / two, limit=kernel**2),
            message("seen_clock" if clock else "seen_no_clock", faster=clock[0] / clock[1] if clock else 0.0),
        ),
        quoted=(QuotedResult(message("quoted_full"), "28.3 / 29.4 %", "MobileNets, table 4"),),
    )


def _count_macs(width: int, kernel: int, side: int) -> tuple[int, int]:
    """MACs of a full convolution and of a separable one."""
    shape = (1, width, side, side)
    full = measurements.module_figures(lambda: full_conv(width, kernel), shape)
    separable = measurements.module_figures(lambda: separable_conv(width, kernel), shape)
    return full.total.macs, separable.total.macs


def _measure_times(width: int, kernel: int, side: int, keep_going: KeepGoing, progress: float) -> tuple[float, float]:
    """Milliseconds of a full convolution and of a separable one."""
    image = measurements.normal_noise(0, 1, width, side, side)
    full, separable = (
        measurements.median_milliseconds(make(width, kernel), image, keep_going, progress)
        for make in (full_conv, separable_conv)
    )
    return full, separable


def _shares(kernel: int, counts: dict[int, tuple[int, int]], times: dict[int, tuple[float, float]]) -> Chart:
    widths = list(counts)
    parts = [
        chart_line(message("formula"), widths, [100 * cost_share(width, kernel) for width in widths]),
        chart_line(message("counted"), widths, [100 * two / one for one, two in counts.values()], "points"),
    ]
    if times:
        parts.append(
            chart_line(message("clocked"), list(times), [100 * two / one for one, two in times.values()], "points")
        )
    parts.append(chart_line(message("floor"), [widths[0], widths[-1]], [100 / kernel**2] * 2, "dashed"))
    return Chart(
        message("chart"),
        ChartAxis(message("channels"), log=True),
        ChartAxis(message("axis_share"), low=0),
        tuple(parts),
    )


def count_table_rows() -> tuple[tuple[str, int, int], ...]:
    """Count the four rows of MobileNets' table 3 on modules: name, multiply-adds, weights."""

    def row(name: str, make: Callable[[int, int], nn.Module], channels: int, side: int) -> tuple[str, int, int]:
        total = measurements.module_figures(lambda: make(channels, 3), (1, channels, side, side)).total
        return name, total.macs, total.params

    return (
        row("row_full", full_conv, 512, 14),
        row("row_separable", separable_conv, 512, 14),
        row("row_thin", separable_conv, 384, 14),
        row("row_small", separable_conv, 384, 10),
    )


def _table_chart() -> Chart:
    rows = count_table_rows()
    return Chart(
        message("chart_table"),
        ChartAxis(names=tuple(message(name) for name, _, _ in rows)),
        ChartAxis(message("macs"), log=True),
        (ChartBars("", tuple(float(macs) for _, macs, _ in rows)),),
    )


def _table_numbers() -> tuple[ComputedNumber, ...]:
    printed = (
        (462, 2.36, 0.001, 0.003),
        (52.3, 0.27, 0.001, 0.02),
        (29.6, 0.15, 0.001, 0.04),
        (15.1, 0.15, 0.001, 0.04),
    )
    found: list[ComputedNumber] = []
    for (name, macs, weights), (mult_adds, params, close, loose) in zip(count_table_rows(), printed, strict=True):
        label = message(name)
        found.append(ComputedNumber(name, message("row_macs", row=label), macs, "", mult_adds * 1e6, _TABLE, close))
        found.append(
            ComputedNumber(f"{name}_w", message("row_weights", row=label), weights, "", params * 1e6, _TABLE, loose)
        )
    return tuple(found)


_SNIPPET = """
import time

import explorer
import torch
from torch import nn

full = nn.Conv2d($channels, $channels, $kernel, padding=$kernel // 2, bias=False)
depthwise = nn.Conv2d($channels, $channels, $kernel, padding=$kernel // 2, groups=$channels, bias=False)
separable = nn.Sequential(depthwise, nn.Conv2d($channels, $channels, 1, bias=False))

shape = (1, $channels, $side, $side)
one, two = (explorer.open(module, input_shape=shape).figures.total.macs for module in (full, separable))
print("MACs", one, two, "share", two / one, "formula", 1 / $channels + 1 / $kernel**2)

with torch.inference_mode():
    for module in (full, separable):
        started = time.perf_counter()
        for _ in range(10):
            module(torch.randn(shape))
        print("milliseconds", 100 * (time.perf_counter() - started))
"""

EXPERIMENT = Experiment(
    id="depthwise_separable",
    idea="convolution",
    networks=("mobilenet_v1", "mobilenet_v2", "efficientnet_b0"),
    controls=(
        ChoiceControl("channels", _WIDTHS, 512),
        ChoiceControl("kernel", (3, 5, 7), 3),
        ChoiceControl("side", (7, 14, 28), 14),
        SwitchControl("clock", True),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
