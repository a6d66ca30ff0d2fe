"""Two views that move as one: what they show stays together, however far apart they were when they were linked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from explorer.document import ViewState
from explorer.drawing.picture import compose_picture
from explorer.network import Network
from explorer.presenters.diagrams import build_diagram, expanded_at_level
from explorer.ui.canvas.diagram_view import DiagramView
from explorer.ui.comparison.linked_views import LinkedViews


@pytest.fixture
def views(qtbot: QtBot, opened: Callable[[str], Network]) -> Iterator[tuple[DiagramView, DiagramView, LinkedViews]]:
    parent = QWidget()
    qtbot.addWidget(parent)
    one, other = DiagramView(parent), DiagramView(parent)
    analysis = opened("alexnet").analysis
    picture = compose_picture(build_diagram(analysis, expanded_at_level(analysis, "blocks")))
    for view in (one, other):
        view.resize(400, 300)
        view.show_picture(picture)
    yield one, other, LinkedViews(one, other, parent)
    parent.close()


def bounds(view: DiagramView) -> QRectF:
    assert view.picture is not None
    return view.picture.bounds


def test_what_is_near_stays_where_it_is(views: tuple[DiagramView, DiagramView, LinkedViews]) -> None:
    one, other, links = views
    links.hold()
    one.set_view_state(1.0, QPointF(0, 0))
    other.set_view_state(1.0, QPointF(30, -20))
    links.release()
    assert links.shift == QPointF(30, -20)
    assert other.view_state == (1.0, QPointF(30, -20))


def test_what_was_left_far_apart_is_brought_together_and_does_not_run_away(
    views: tuple[DiagramView, DiagramView, LinkedViews],
) -> None:
    one, other, links = views
    for turn in range(40):  # as tabs that stand beside each other change, each with a view that it was left in
        links.hold()
        left = ViewState(1.0, (bounds(one).width() * (turn + 2) * (-1) ** (turn // 2), 0.0), is_fitted=False)
        (one if turn % 2 else other).restore_view(left)
        links.release()
        assert abs(links.shift.x()) <= bounds(one).width()
        apart = one.view_state[1] - other.view_state[1]
        assert abs(apart.x()) <= bounds(one).width() * one.scale


def test_views_without_room_do_not_run_away(views: tuple[DiagramView, DiagramView, LinkedViews]) -> None:
    one, other, links = views
    choice = random.Random(5)
    sizes = ((400, 300), (300, 700), (40, 300), (400, 30), (0, 0))
    steps: tuple[Callable[[DiagramView], object], ...] = (
        lambda view: view.resize(*choice.choice(sizes)),
        lambda view: view.fit(),
        lambda view: view.zoom(choice.choice((0.1, 0.5, 2.0, 10.0))),
        lambda view: view.show_picture(choice.choice((None, one.picture or other.picture, other.picture))),
        lambda view: view.restore_view(
            ViewState(choice.choice((0.02, 1.0, 4.0)), (100.0, 100.0), choice.random() < 0.5)
        ),
        lambda view: links.set_enabled(choice.random() < 0.8),
        lambda view: links.hold(),
        lambda view: links.release(),
    )
    for _ in range(3000):
        choice.choice(steps)(choice.choice((one, other)))
        for view in (one, other):
            far = (QPointF(200, 150) - view.view_state[1]) / view.scale
            assert abs(far.x()) + abs(far.y()) < 1e5
