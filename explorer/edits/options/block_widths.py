"""Options of the widths inside blocks: expansion, bottleneck ratio, growth rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

from explorer.base.languages import tr
from explorer.edits.hidden_widths import (
    SetBottleneckRatio,
    SetExpansion,
    SetGrowthRate,
    dense_layers,
    hidden_width_ratio,
)
from explorer.edits.options.scope import OptionScope, common_value
from explorer.edits.subgraph import Subgraph
from explorer.viewmodels.panels import Option


def hidden_width_options(scope: OptionScope) -> Iterator[Option]:
    """Expansion of inverted residuals, bottleneck ratio of all others."""
    blocks = [b for b in scope.blocks if b.hidden_rows and hidden_width_ratio(b, "entering") is not None]
    reason = next(filter(None, (_lock_reason(scope, block) for block in blocks)), "")
    title, tip = (
        tr("Expansion"),
        tr("Hidden width as a multiple of the input width: a wider block filters more channels and costs more."),
    )
    if not blocks or reason:
        yield scope.disabled_option(tr("Hidden width"), reason or _why_no_hidden_width(scope), tip)
        return
    if all(block.is_inverted for block in blocks):
        ratios = [hidden_width_ratio(block, "entering") for block in blocks]
        current, values = ratio_choices(ratios, [1 / 4, 1 / 2, 1.0, 1.5, *(float(n) for n in range(2, 11))])
        found = [(v, f"×{format_ratio(v)}", SetExpansion(scope.at, v)) for v in values]
        yield scope.slider_option(title, current, found, tip)
        return
    ratios = [hidden_width_ratio(block, "leaving") for block in blocks]
    current, values = ratio_choices(ratios, [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0])
    tip = tr("Hidden width as a fraction of the output width of the block.")
    shares = [(v, format_ratio(v), SetBottleneckRatio(scope.at, v)) for v in values]
    yield scope.slider_option(tr("Bottleneck ratio"), current, shares, tip)


def _lock_reason(scope: OptionScope, block: Subgraph) -> str:
    """Why the hidden width of a block is fixed; empty where it is not."""
    groups = scope.channel_groups
    segments = {segment for row in block.hidden_rows for segment in groups.linear_form(row)}
    reasons = (str(groups.segments[segment].lock_reason) for segment in segments)
    return next((tr("It is fixed: {reason}.", reason=reason) for reason in reasons if reason), "")


def _why_no_hidden_width(scope: OptionScope) -> str:
    if any(block.hidden_layers for block in scope.blocks):
        return tr(
            "Branches run side by side {place}: each of their layers has a width of its own.", place=scope.location
        )
    return tr("No layer {place} has channels that are used only inside its block.", place=scope.location)


def ratio_choices(ratios: Iterable[float | None], defaults: list[float]) -> tuple[float | None, list[float]]:
    """Return the ratio of all blocks, None when they differ, and the ratios to choose from, the current one among them.

    Widths are rounded to whole channels, so ratios within a few percent are one.
    """
    known = sorted(ratio for ratio in ratios if ratio)
    if not known or known[-1] / known[0] > _ROUNDING:
        return None, defaults
    middle = known[len(known) // 2]
    nearest = min(defaults, key=lambda value: abs(math.log(value / middle)))
    if max(nearest, middle) / min(nearest, middle) <= _ROUNDING:
        return nearest, defaults
    return middle, sorted([*defaults, middle])


def format_ratio(ratio: float) -> str:
    """Return a ratio as a fraction below one, where it is a simple one, else with three digits."""
    fraction = Fraction(ratio).limit_denominator(16)
    if ratio < 1 and math.isclose(fraction, ratio, rel_tol=1e-3):
        return str(fraction)
    return f"{ratio:.3g}"


_ROUNDING = 1.03


def growth_rate_options(scope: OptionScope) -> Iterator[Option]:
    """Growth rate of the dense layers."""
    tip = tr("How many feature maps each layer of a dense block adds to those before it.")
    layers = dense_layers(scope.architecture, scope.at)
    if not layers:
        return
    channel_groups = scope.channel_groups
    rates = {channel_groups.size(channel_groups.rows[layer.exit]) for layer in layers}
    if any(not _can_grow(scope, layer) for layer in layers):
        yield scope.disabled_option(tr("Growth rate"), tr("The layers here are tied to other widths."), tip)
        return
    values = sorted({4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, *rates})
    found = [(v, str(v), SetGrowthRate(scope.at, v)) for v in values]
    yield scope.slider_option(tr("Growth rate"), common_value(rates), found, tip)


def _can_grow(scope: OptionScope, layer: Subgraph) -> bool:
    row = scope.channel_groups.linear_form(scope.channel_groups.rows[layer.exit])
    return len(row) == 1 and not any(
        scope.channel_groups.segments[a].lock_reason or scope.channel_groups.segments[a].multiple > 1 for a in row
    )
