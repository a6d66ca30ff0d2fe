"""Geometry of the family tree: whole captions, no line across a box, the whole ancestry lit."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QFontMetricsF
from pytestqt.qtbot import QtBot

from explorer.base.languages import LANGUAGES, Language
from explorer.guide.family_tree import load_family_tree
from explorer.ui.overview.family_tree_layout import TreeLayout, find_ancestry, lay_out_tree
from explorer.ui.overview.family_tree_view import FamilyTreeView

NODES = load_family_tree()


def fonts(scale: float) -> tuple[QFont, QFont]:
    bold, small = QFont(), QFont()
    bold.setPointSizeF(10 * scale)
    bold.setBold(True)
    small.setPointSizeF(8.5 * scale)
    return bold, small


def segments(route: tuple[QPointF, ...]) -> list[QRectF]:
    """Each part of a line as the rectangle that its pen covers."""
    return [QRectF(one, other).normalized().adjusted(-1, -1, 1, 1) for one, other in pairwise(route)]


@pytest.fixture(params=[(language, scale) for language in LANGUAGES for scale in (1.0, 2.0)], ids=str)
def case(request: pytest.FixtureRequest, qapp: object) -> tuple[Language, float, TreeLayout]:
    language, scale = request.param
    return language, scale, lay_out_tree(NODES, language, *fonts(scale))


def test_no_caption_is_clipped(case: tuple[Language, float, TreeLayout]) -> None:
    language, scale, layout = case
    bold, small = (QFontMetricsF(font) for font in fonts(scale))
    for node in NODES:
        box = layout.boxes[node.key]
        assert "".join(box.caption).replace(" ", "") == node.brought[language].replace(" ", "")
        assert bold.horizontalAdvance(node.title) <= box.inside.width()
        assert all(small.horizontalAdvance(line) <= box.inside.width() for line in box.caption)
        assert bold.height() + 2 + len(box.caption) * small.height() <= box.inside.height() + 1
        assert QRectF(QPointF(), layout.size).contains(box.rect)


def test_no_line_crosses_a_box(case: tuple[Language, float, TreeLayout]) -> None:
    layout = case[2]
    assert len(layout.routes) == sum(len(node.learned_from) for node in NODES)
    for (parent, child), route in layout.routes.items():
        assert route[0].x() == layout.boxes[parent].rect.right()
        assert route[-1].x() == layout.boxes[child].rect.left()
        assert route[0].x() < route[-1].x(), "no line goes back in time"
        assert all(one.x() == other.x() or one.y() == other.y() for one, other in pairwise(route))
        for part in segments(route):
            crossed = [key for key, box in layout.boxes.items() if part.intersects(box.rect.adjusted(1, 1, -1, -1))]
            assert crossed == [], (parent, child)


def test_boxes_and_lines_stay_apart(case: tuple[Language, float, TreeLayout]) -> None:
    layout = case[2]
    for one, other in combinations(layout.boxes.values(), 2):
        assert not one.rect.intersects(other.rect)
    for (edge, route), (other_edge, other_route) in combinations(layout.routes.items(), 2):
        if edge[0] == other_edge[0] or edge[1] == other_edge[1]:
            continue  # they leave or reach one box at one place
        for part in segments(route):
            for other_part in segments(other_route):
                shared = part.intersected(other_part)
                assert min(shared.width(), shared.height()) <= 2.01, (edge, other_edge)
                assert max(shared.width(), shared.height()) <= 2.01, (edge, other_edge)


def test_the_whole_ancestry_is_lit(qtbot: QtBot) -> None:
    view = FamilyTreeView()
    qtbot.addWidget(view)
    canvas = view.canvas
    assert canvas.lit == frozenset()
    canvas.set_open_network("mobilenet_v3_large")
    assert {"mobilenet_v2", "mobilenet_v1", "vgg16", "alexnet_2012", "se_resnet50", "resnet50"} <= canvas.lit
    assert "densenet121" not in canvas.lit
    canvas._highlight("vgg16")
    assert canvas.lit == {"vgg16", "alexnet_2012"}
    assert find_ancestry(NODES, "nowhere") == frozenset()
