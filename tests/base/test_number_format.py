"""Numbers as people read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import explorer
from explorer.base import number_format


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (512, "512"),
        (999, "999"),
        (1000, "1.00 K"),
        (3_504_872, "3.50 M"),
        (25_557_032, "25.6 M"),
        (999_999, "1.00 M"),  # never "1000 K"
        (4_089_184_256, "4.09 G"),
        (138_357_544, "138 M"),
        (1.5e12, "1.50 T"),
        (-2_500_000, "−2.50 M"),
        (0.25, "0.25"),
    ],
)
def test_short(value: float, said: str) -> None:
    assert number_format.format_short(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(25_557_032, "25,557,032"), (-1234, "−1,234"), (0, "0"), (2.5, "2.50"), (7.0, "7")]
)
def test_exact(value: float, said: str) -> None:
    assert number_format.format_exact(value) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (1000, "1,000 B"), (1024, "1.00 KiB"), (12.3 * 2**20, "12.3 MiB"), (3 * 2**30, "3.00 GiB")],
)
def test_size(count: float, said: str) -> None:
    assert number_format.format_bytes(count) == said


@pytest.mark.parametrize(
    ("value", "unit", "short", "exact"),
    [
        (25_557_032, "", "25.6 M", "25,557,032"),
        (2048, "bytes", "2.00 KiB", "2,048 bytes"),
        (212, "px", "212 px", "212 px"),
        (float("inf"), "px", "whole image", "whole image"),  # attention: each place sees all
    ],
)
def test_figure(value: float, unit: str, short: str, exact: str) -> None:
    assert number_format.format_figure(value, unit) == short
    assert number_format.format_figure(value, unit, is_exact=True) == exact


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0, "", "±0"),
        (0, "bytes", "±0"),
        (1_200_000, "", "+1.20 M"),
        (-3 * 1024, "bytes", "−3.00 KiB"),
        (-8, "px", "−8 px"),
        (float("inf"), "px", ""),
    ],
)
def test_signed(value: float, unit: str, said: str) -> None:
    assert number_format.format_signed(value, unit) == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (9, 8, "+12.5 %"),
        (8, 8, "±0 %"),
        (0, 0, "±0 %"),
        (5, 0, "new"),
        (0, 5, "−100 %"),
        (100_001, 100_000, "+0.001 %"),
        (30, 10, "+200 %"),
        (float("inf"), 483, ""),
        (float("inf"), float("inf"), "±0 %"),
    ],
)
def test_percent(now: float, before: float, said: str) -> None:
    assert number_format.format_percent_change(now, before) == said


@pytest.mark.parametrize(
    ("part", "said"), [(0.012, "+1.2"), (-0.004, "−0.4"), (0.0, "±0.0"), (-0.0001, "±0.0"), (1.0, "+100.0")]
)
def test_points(part: float, said: str) -> None:
    assert number_format.format_points(part) == said


def test_no_sign_is_a_hyphen() -> None:
    """Python's own format of a sign writes "-"; what is shown has the minus of these functions."""
    package = Path(explorer.__file__).parent
    shown = [path for path in package.rglob("*.py") if re.search(r"\{[^{}]*:\+[^{}]*\}", path.read_text("utf-8"))]
    assert not shown
