"""What a page may say, and how large it makes an image."""

from __future__ import annotations

from typing import Any

import pytest

from explorer.export.page import MAX_PNG_PIXELS, MAX_PNG_SIDE, ExportError, Page, check_pixels, max_scale


@pytest.mark.parametrize(
    ("settings", "scale"),
    [({}, 2.0), ({"scale": 3.0}, 3.0), ({"width": 1000}, 4.0), ({"dpi": 300.0}, 3.125), ({"dpi": 96.0}, 1.0)],
)
def test_one_of_three_sizes(settings: dict[str, Any], scale: float) -> None:
    assert Page(**settings).scale_for(250.0) == scale


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 2.0, "width": 100}, "scale and width cannot both be given"),
        ({"scale": 0.0}, "a scale of 0 makes no image"),
        ({"scale": float("nan")}, "a scale of nan makes no image"),
        ({"width": -5}, "a width of -5 makes no image"),
        ({"dpi": float("inf")}, "a resolution of inf makes no image"),
        ({"level": "atoms"}, "no level 'atoms'; there are stages, blocks, units and ops"),
        ({"theme": "pink"}, "no theme 'pink'; there are light, dark and print"),
        ({"scope": "half"}, "no scope 'half'"),
        ({"kind": "poem"}, "no kind of picture 'poem'"),
        ({"margin": -1.0}, "a margin of -1 cannot be"),
    ],
)
def test_what_there_is_no_page_of(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ExportError, match=message):
        Page(**settings)


@pytest.mark.parametrize("size", [(300.0, 60_000.0), (8000.0, 8000.0), (3.0, 5.0), (1e6, 40.0), (1e7, 1e7)])
def test_the_largest_scale_that_is_named_works(size: tuple[float, float]) -> None:
    with pytest.raises(ExportError, match="largest scale that works is") as refused:
        check_pixels("a.png", *size, scale=1e6)
    named = float(str(refused.value).split("works is ")[1].split(",")[0])
    assert named == max_scale(*size)
    width, height = check_pixels("a.png", *size, scale=named)
    assert max(width, height) <= MAX_PNG_SIDE
    assert width * height <= MAX_PNG_PIXELS
    with pytest.raises(ExportError):
        check_pixels("a.png", *size, scale=named * 1.3)


def test_the_message_has_the_numbers() -> None:
    with pytest.raises(ExportError) as refused:
        check_pixels("a.png", 1000, 2000, 500)
    assert str(refused.value) == (
        "a.png at scale 500 would be 500,000 × 1,000,000 pixels, more than a bitmap holds; the largest scale that "
        "works is 22.36, 22,360 × 44,720 pixels (or write an SVG or PDF)"
    )
    with pytest.raises(ExportError, match="no pixels"):
        check_pixels("a.png", 100, 200, 1e-5)


@pytest.mark.parametrize("size", [(2000.0, 1.0), (1.0, 2000.0)])
def test_an_image_without_height_or_width_is_none(size: tuple[float, float]) -> None:
    with pytest.raises(ExportError, match="no pixels"):
        check_pixels("a line", *size, scale=0.1)
