"""Colours can be read, and told apart by eyes that see fewer of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPainterPath

from explorer.base.languages import translator
from explorer.drawing import DARK, LIGHT, PRINT, Theme, get_theme
from explorer.drawing.icons import ICON_SIDE, icon_path
from explorer.drawing.theme import diagram_font, draw_text
from explorer.viewmodels.diagram import Card, Kind
from tests.drawing.conftest import KINDS

OPS: tuple[Kind, ...] = (
    *("conv", "depthwise", "linear", "norm", "activation", "pool"),
    *("add", "concat", "multiply", "shuffle", "attention"),
)
THEMES = (LIGHT, DARK, PRINT)
#: Linear RGB as dichromats see it (Viénot, Brettel and Mollon, 1999).
EYES = {
    "all cones": np.eye(3),
    "no green cones": np.array([[0.29031, 0.70969, 0], [0.29031, 0.70969, 0], [-0.02197, 0.02197, 1]]),
    "no red cones": np.array([[0.10889, 0.89111, 0], [0.10889, 0.89111, 0], [0.00447, -0.00447, 1]]),
}


def linear(colour: QColor) -> np.ndarray:
    values = np.array([colour.redF(), colour.greenF(), colour.blueF()])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: QColor, other: QColor) -> float:
    """As WCAG 2 defines it."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    dark, light = sorted((float(linear(one) @ weights), float(linear(other) @ weights)))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: QColor, eye: np.ndarray) -> np.ndarray:
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = matrix @ np.clip(eye @ linear(colour), 0, 1) / np.array([0.9505, 1, 1.089])
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_colour_that_is_seen_and_an_icon(theme: Theme, kind: Kind) -> None:
    assert contrast(theme.kind_colour(kind), theme.kind_fill(kind)) >= 3.0
    path = icon_path(kind)
    assert not path.isEmpty()
    bounds = path.boundingRect()
    assert bounds.left() >= 0
    assert bounds.top() >= 0
    assert max(bounds.right(), bounds.bottom()) <= ICON_SIDE


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_can_be_read_wherever_it_stands(theme: Theme) -> None:
    grounds = [theme.named_colour("canvas"), *map(theme.kind_fill, KINDS), *map(theme.frame_fill, range(1, 7))]
    for ground in grounds:
        assert contrast(theme.named_colour("text"), ground) >= 7
        assert contrast(theme.named_colour("muted"), ground) >= 4.5
    assert all(contrast(theme.named_colour("text"), theme.distant_card_fill(Card("", kind, ""))) >= 7 for kind in KINDS)
    for depth in range(1, 7):
        assert all(contrast(theme.heading_colour(kind), theme.frame_fill(depth)) >= 4.5 for kind in KINDS)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("eye", EYES)
def test_ops_are_told_apart_by_all_eyes(theme: Theme, eye: str) -> None:
    for one, other in combinations(OPS, 2):
        apart = np.linalg.norm(lab(theme.kind_colour(one), EYES[eye]) - lab(theme.kind_colour(other), EYES[eye]))
        assert apart >= 15, (one, other)


def test_no_two_kinds_of_op_share_an_icon() -> None:
    assert len({tuple((e.x, e.y) for e in elements(kind)) for kind in OPS}) == len(OPS)


def elements(kind: Kind) -> list[QPainterPath.Element]:
    return [icon_path(kind).elementAt(n) for n in range(icon_path(kind).elementCount())]


def test_shortcuts_are_told_from_links_without_colour_too() -> None:
    assert PRINT.dashed_skips
    assert PRINT.skip_pen(1.4).style() != LIGHT.skip_pen(1.4).style()


def test_themes_have_names() -> None:
    assert [get_theme(theme.name) for theme in THEMES] == list(THEMES)
    with pytest.raises(KeyError):
        get_theme("sepia")


def ink(text: str, pixels: float, scale: float, *, bold: bool = False) -> float:
    """How dark a text is on a bitmap, as a part of its box."""
    image = QImage(400, 80, QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.setFont(diagram_font(pixels, bold))
    draw_text(painter, QPointF(10, 50) / scale, text)
    painter.end()
    return sum(255 - value for value in bytes(image.constBits()))


def test_chinese_is_as_heavy_at_every_scale(qapp: QGuiApplication) -> None:
    """Characters of 11 units that were enlarged threefold were bold beside Latin letters."""
    translator.set_language("zh")
    whole = ink("参数特征图", 44, 1.0)
    scaled = [ink("参数特征图", pixels, 44 / pixels) for pixels in (11, 22)]
    bold = ink("参数特征图", 44, 1.0, bold=True)
    translator.set_language("en")
    assert scaled == pytest.approx([whole, whole], rel=0.03)
    assert bold == 0 or bold >= whole


def test_letters_are_drawn_as_ever(qapp: QGuiApplication) -> None:
    drawn, plain = (QImage(200, 40, QImage.Format.Format_RGB32) for _ in range(2))
    for image in (drawn, plain):
        image.fill(255)
        painter = QPainter(image)
        painter.setFont(diagram_font(11))
        if image is drawn:
            draw_text(painter, QPointF(5, 20), "3 → 32 · s2")
        else:
            painter.drawText(QPointF(5, 20), "3 → 32 · s2")
        painter.end()
    assert drawn == plain
