"""Formatting of numbers, alike in the window, the exports and the command line."""

from __future__ import annotations

import math

from explorer.base.languages import tr

_MINUS = "\N{MINUS SIGN}"
_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K"))


def format_short(value: float) -> str:
    """Format with three digits and a unit: "25.6 M", "4.09 G", "512"."""
    magnitude = abs(value)
    for factor, unit in _UNITS:
        if magnitude >= factor * 0.9995:
            return f"{_three_digits(value / factor)} {unit}"
    return format_exact(value)


def format_exact(value: float) -> str:
    """Format every digit, in groups of three: "25,557,032"."""
    text = f"{abs(value):,.0f}" if float(value).is_integer() else f"{abs(value):,.2f}"
    return f"{_MINUS}{text}" if value < 0 else text


def format_bytes(byte_count: float) -> str:
    """Format a number of bytes: "12.3 MiB"."""
    magnitude = abs(byte_count)
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if magnitude >= 2**power * 0.9995:
            return f"{_three_digits(byte_count / 2**power)} {unit}"
    return f"{format_exact(byte_count)} B"


def format_figure(value: float, unit: str = "", *, is_exact: bool = False) -> str:
    """Format with the unit: "25.6 M", "12.3 MiB" (unit "bytes"), "212 px"; "whole image" for pixels without an end."""
    if unit == "px" and math.isinf(value):
        return tr("whole image")
    if unit == "bytes" and not is_exact:
        return format_bytes(value)
    said = tr("bytes") if unit == "bytes" else unit
    return f"{format_exact(value) if is_exact else format_short(value)} {said}".strip()


def format_signed(value: float, unit: str = "") -> str:
    """Format a difference with its sign: "+1.2 M", "−3 KiB" (unit "bytes"), "±0"; nothing for one without an end."""
    if value == 0:
        return "±0"
    if not math.isfinite(value):
        return ""
    text = format_bytes(abs(value)) if unit == "bytes" else format_short(abs(value)) + (f" {unit}" if unit else "")
    return f"{'+' if value > 0 else _MINUS}{text}"


def format_percent_change(value: float, baseline: float) -> str:
    """Format the change against `baseline`: "+12.5 %", "±0 %"; "new" where the baseline is 0, nothing where one has no
    end."""
    if value == baseline:
        return "±0 %"
    if not math.isfinite(value - baseline):
        return ""
    if baseline == 0:
        return "new"
    change = 100 * (value - baseline) / baseline
    digits = 0 if abs(change) >= 100 else 1 if abs(change) >= 0.1 else 3
    return f"{'+' if change > 0 else _MINUS}{abs(change):.{digits}f} %"


def format_points(part: float) -> str:
    """Format a difference of two parts (0 to 1) in percentage points: "+1.2", "−0.4", "±0.0"."""
    text = f"{abs(100 * part):.1f}"
    return f"{'±' if float(text) == 0 else '+' if part > 0 else _MINUS}{text}"


def _three_digits(value: float) -> str:
    magnitude = abs(value)
    digits = 0 if magnitude >= 99.95 else 1 if magnitude >= 9.995 else 2
    text = f"{magnitude:.{digits}f}"
    return f"{_MINUS}{text}" if value < 0 else text
