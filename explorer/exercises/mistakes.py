"""Likely mistakes: what a mistaken sum would give, so that a wrong guess can be answered by its reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr
from explorer.base.number_format import format_exact
from explorer.exercises.layer_sums import (
    ConvNumbers,
    KernelWindow,
    LayerFigure,
    conv_numbers,
    find_kernel_window,
    measure_layer,
    product_text,
)
from explorer.graph.node import Node

_SAME = 0.005  # a guess is that of a mistake when it is this close to its result, as a part of it


@dataclass(frozen=True, slots=True)
class Mistake:
    """Result of a mistaken sum, and what was mistaken."""

    value: float
    reason: str


def find_mistake(guess: float, truth: float, mistakes: Iterable[Mistake]) -> Mistake | None:
    """Return the mistake whose sum gives the guess; None where the guess is right or like no mistake."""
    near = [one for one in mistakes if one.value > 0 and abs(guess - one.value) <= _SAME * one.value]
    return min(near, key=lambda one: abs(guess - one.value), default=None) if guess != truth else None


def layer_mistakes(analysis: Analysis, node: Node, figure: LayerFigure) -> tuple[Mistake, ...]:
    """Return likely mistakes about a figure of a layer, each with another result than the true one."""
    truth = measure_layer(analysis, node, figure)
    numbers, window = conv_numbers(analysis, node), find_kernel_window(analysis, node)
    found: list[Mistake] = []
    if numbers is not None and figure == "params":
        found = [*_params_mistakes(numbers)]
    elif numbers is not None and figure == "macs":
        found = [*_macs_mistakes(numbers)]
    elif window is not None and figure == "side":
        found = [*_side_mistakes(window)]
    elif window is not None and figure == "field":
        found = [*_field_mistakes(analysis, node, window)]
    distinct = {one.value: one for one in reversed(found) if one.value != truth}
    return tuple(reversed(distinct.values()))


def _params_mistakes(numbers: ConvNumbers) -> Iterator[Mistake]:
    weights, bias = numbers.weights, numbers.outputs if numbers.has_bias else 0
    if bias:
        yield Mistake(weights, tr("The bias was forgotten: one number for each of the {count} outputs.", count=bias))
    else:
        reason = tr("This layer has no bias: the norm behind it has one of its own.")
        yield Mistake(weights + numbers.outputs, reason)
    yield from _weight_mistakes(numbers, bias, 1)
    if numbers.positions > 1:
        reason = tr(
            "That is the number of multiply-adds: the same weights are used at each of the {count} positions.",
            count=format_exact(numbers.positions),
        )
        yield Mistake(weights * numbers.positions, reason)


def _macs_mistakes(numbers: ConvNumbers) -> Iterator[Mistake]:
    weights, positions = numbers.weights, numbers.positions
    if positions > 1:
        reason = tr(
            "That is the number of weights: each is used again at every one of the {count} positions.",
            count=format_exact(positions),
        )
        yield Mistake(weights, reason)
        yield Mistake(
            weights * math.isqrt(positions),
            tr("One side of the map was forgotten: the window stops at rows times columns."),
        )
    yield Mistake(
        2 * weights * positions, tr("Those are FLOPs: a multiplication and an addition are one multiply-add.")
    )
    if numbers.has_bias:
        with_bias = (weights + numbers.outputs) * positions
        yield Mistake(with_bias, tr("A bias is added, not multiplied: multiply-adds do not count it."))
    yield from _weight_mistakes(numbers, 0, positions)


def _weight_mistakes(numbers: ConvNumbers, bias: int, times: int) -> Iterator[Mistake]:
    """Mistakes in the number of weights, each used `times` times."""
    window, inputs, outputs, groups = numbers.window, numbers.inputs, numbers.outputs, numbers.groups
    if groups > 1:
        if groups == inputs:
            reason = tr(
                "That is a full convolution: in a depthwise one each kernel sees one channel, not {inputs}.",
                inputs=inputs,
            )
        else:
            reason = tr(
                "The groups were forgotten: each output sees only its own group's share of the {inputs} channels.",
                inputs=inputs,
            )
        yield Mistake((window * inputs * outputs + bias) * times, reason)
    share = inputs // groups
    if share > 1:
        reason = tr(
            "The input channels were forgotten: a kernel is as deep as what it reads, {inputs} channels.", inputs=share
        )
        yield Mistake((window * outputs + bias) * times, reason)
    yield Mistake(
        (window * share + bias) * times, tr("That is one kernel: there is one for each of the {n} outputs.", n=outputs)
    )
    if numbers.kernel[0] > 1 and numbers.kernel[1] > 1:
        side = numbers.kernel[0]
        shown = product_text(*numbers.kernel)
        reason = tr("A kernel is an area: {kernel} numbers in each channel, not {side}.", kernel=shown, side=side)
        yield Mistake((side * share * outputs + bias) * times, reason)


def _side_mistakes(window: KernelWindow) -> Iterator[Mistake]:
    kernel, stride, padding, given = window.reach, window.stride, window.padding, window.given
    if padding:
        yield Mistake(
            (given - kernel) // stride + 1, tr("The padding was forgotten: {n} rows of zeros on each side.", n=padding)
        )
        yield Mistake((given + padding - kernel) // stride + 1, tr("The padding is on both sides: it counts twice."))
    if stride > 1:
        reason = tr("The stride was forgotten: the window moves {n} pixels at a time.", n=stride)
        yield Mistake(given + 2 * padding - kernel + 1, reason)
    if kernel > 1:
        yield Mistake(
            (given + 2 * padding) // stride,
            tr("The window has to fit inside: its last position is {n} pixels before the border.", n=kernel - 1),
        )
    whole = given + 2 * padding - kernel
    if whole % stride:
        up = whole // stride + 2 if not window.rounds_up else whole // stride + 1
        down = tr("It is rounded down: a window that hangs over does not count.")
        reason = tr("It is rounded up here.") if window.rounds_up else down
        yield Mistake(up, reason)
    if kernel > 1 and stride == 1 and not padding:
        yield Mistake(given, tr("Without padding the map shrinks: {n} positions fewer on a side.", n=kernel - 1))
    yield Mistake(whole // stride, tr("The first position was forgotten: one more than the number of steps."))


def _field_mistakes(analysis: Analysis, node: Node, window: KernelWindow) -> Iterator[Mistake]:
    before = analysis.figures.receptive_field_sizes[node.inputs[0]][0]
    if not math.isfinite(before):
        return
    reason = tr("That is the window on the layer before it, not on the image: each value there sees pixels too.")
    yield Mistake(window.reach, reason)
    reason = tr("The strides before it were forgotten: neighbours of this map lie several pixels apart on the image.")
    yield Mistake(before + window.reach - 1, reason)
    yield Mistake(before, tr("The window sees neighbours too: {kernel} of them in a row.", kernel=window.kernel))
    yield Mistake(
        before * window.reach, tr("Fields overlap: a wider window adds steps to the field, it does not multiply it.")
    )
