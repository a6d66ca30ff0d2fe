"""An axis of numbers as people write them."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg

from explorer.base import number_format

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class NumberAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """1.5 G where pyqtgraph would say 1.5e+09, 10⁻⁴ where it would say 1e-04."""

    def tickValues(self, low: float, high: float, size: float) -> Any:
        if not self.logMode:
            return super().tickValues(low, high, size)
        decades = high - low
        step = max(math.ceil(decades * 34 / max(size, 1)), 1)
        leads = (1, 2, 5) if decades <= 2 else (1,)
        powers = [p for p in range(math.floor(low), math.ceil(high) + 1) if p % step == 0]
        places = [p + math.log10(lead) for p in powers for lead in leads]
        return [(float(step), [place for place in places if low <= place <= high])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [_power_text(value) for value in values]
        return [_tick_text(value) for value in values]

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return self.tickStrings(values, scale, spacing)


def _tick_text(value: float) -> str:
    """1,600 rather than 1.60 K: beside a unit such as kB that would read oddly."""
    if abs(value) >= 100_000:
        return number_format.format_short(value)
    return number_format.format_exact(round(value)) if abs(value) >= 1000 else f"{round(value, 6):g}"


def _power_text(exponent: float) -> str:
    value = 10.0**exponent
    if 1e-3 < value < 1e3:
        return f"{value:.3g}"
    if 1e3 <= value < 1e15:
        return _tick_text(round(value))
    return f"10{str(round(exponent)).translate(_SUPERSCRIPT)}" if abs(exponent - round(exponent)) < 1e-6 else ""
