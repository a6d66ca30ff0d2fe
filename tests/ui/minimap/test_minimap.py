"""The minimap: there when it is needed, painted once, and a way to look elsewhere."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from explorer.drawing import DARK, LIGHT, Picture, compose_picture
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.minimap.minimap import Minimap, paint_thumbnail
from explorer.ui.minimap.tool import MinimapTool
from explorer.ui.shell.window import Window
from explorer.viewmodels.diagram import Card, Diagram, Link


def chain(count: int) -> Picture:
    ids = tuple(f"c{number}" for number in range(count))
    links = tuple(Link(a, b, 0, "8×8") for a, b in itertools.pairwise(ids))
    return compose_picture(Diagram("", {"": ids}, {id: Card(id, "conv", "Conv 3×3") for id in ids}, links))


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    return made


@pytest.fixture
def minimap(canvas: Canvas, qtbot: QtBot) -> Minimap:
    made = Minimap(canvas)
    made.paint_requested.connect(lambda picture, theme, size: made.show_image(paint_thumbnail(picture, theme, size)))
    canvas.show_picture(chain(40))
    canvas.zoom_to_actual()
    qtbot.waitUntil(made.isVisible)
    return made


def test_it_is_there_while_something_is_out_of_sight(canvas: Canvas, minimap: Minimap, qtbot: QtBot) -> None:
    assert canvas.rect().contains(minimap.geometry())
    canvas.fit()
    qtbot.waitUntil(lambda: not minimap.isVisible())
    canvas.zoom_to_actual()
    qtbot.waitUntil(minimap.isVisible)
    minimap.set_active(False)
    assert not minimap.isVisible()
    canvas.resize(90, 80)
    minimap.set_active(True)
    assert not minimap.isVisible()


@pytest.mark.parametrize("points", [9, 30])
def test_it_stands_above_the_zoom_controls_at_any_size_of_type(
    canvas: Canvas, minimap: Minimap, qtbot: QtBot, points: int
) -> None:
    canvas.setStyleSheet(f"* {{ font-size: {points}pt; }}")
    canvas.zoom_to_actual()
    canvas.resize(canvas.width() + 100, canvas.height() + 100)
    controls = canvas._zoom_controls
    qtbot.waitUntil(lambda: minimap.isVisible() and minimap.geometry().bottom() < controls.geometry().top())
    assert controls.isVisible()


def test_it_is_painted_once_for_each_picture_and_theme(canvas: Canvas, minimap: Minimap, qtbot: QtBot) -> None:
    asked: list[Picture] = []
    minimap.paint_requested.connect(lambda picture, theme, size: asked.append(picture))
    for _ in range(5):
        canvas._pan(QPointF(0, -20))
        canvas.grab()
    assert asked == []
    canvas.set_theme(DARK)
    canvas.grab()
    assert len(asked) == 1
    another = chain(50)
    canvas.show_picture(another, anchor="c1")
    canvas.grab()
    assert asked[1:] == [another]


def test_dragging_it_looks_elsewhere(canvas: Canvas, minimap: Minimap, qtbot: QtBot) -> None:
    low = QPoint(minimap.width() // 2, minimap.height() - 12)
    qtbot.mousePress(minimap, Qt.MouseButton.LeftButton, pos=low)
    assert canvas.visible_rect.center().y() > 0.85 * canvas.picture.height
    qtbot.mouseMove(minimap, QPoint(minimap.width() // 2, 12))
    qtbot.mouseRelease(minimap, Qt.MouseButton.LeftButton, pos=low)
    before = canvas.visible_rect.center()
    qtbot.mouseMove(minimap, QPoint(4, 40))  # no button is held
    assert canvas.visible_rect.center() == before


def test_the_small_picture_shows_where_cards_are() -> None:
    picture = chain(3)
    image = paint_thumbnail(picture, LIGHT, picture.bounds.size().toSize() / 4)
    row = {image.pixelColor(x, 8).name() for x in range(image.width())}
    assert len(row) > 1  # a card, on its ground
    assert image.format() == QImage.Format.Format_ARGB32_Premultiplied
    ink = LIGHT.named_colour("text").lightness()
    pixels = ((x, y) for x in range(image.width()) for y in range(image.height()))
    assert all(image.pixelColor(x, y).lightness() > ink for x, y in pixels)  # no words


def test_it_is_switched_off_in_the_menu_and_stays_off(window: Window, qtbot: QtBot) -> None:
    tool = next(tool for tool in window.tools if isinstance(tool, MinimapTool))
    before = tool.minimap.is_active
    assert before
    tool.toggle_action.trigger()
    assert not tool.minimap.is_active
    assert QSettings().value("minimap", type=bool) is False


def test_it_goes_to_a_corner_where_it_covers_nothing_once_for_each_picture(
    canvas: Canvas, minimap: Minimap, qtbot: QtBot
) -> None:
    """The chain runs down the middle: what is right of it is free until the canvas is too narrow for both."""
    canvas.show_legend(False)
    canvas.show_picture(chain(41))
    canvas.zoom_to_actual()
    card = canvas.area_of("c20")
    canvas._pan(QPointF(canvas.width() - 5 - card.right(), 0))  # the cards lie at the right edge
    canvas.show_picture(chain(42), anchor="c20")
    canvas.grab()
    assert minimap.geometry().right() < canvas.width() / 2
    place = minimap.geometry()
    canvas._pan(QPointF(-300, 0))
    canvas.grab()
    assert minimap.geometry() == place


def test_the_edge_of_a_frame_out_of_sight_needs_no_map(canvas: Canvas, minimap: Minimap, qtbot: QtBot) -> None:
    canvas.show_picture(chain(3))
    canvas.fit()
    assert canvas.picture is not None
    first = canvas.picture.rect("c0")
    assert first is not None
    out_of_sight = canvas.visible_rect.top() - first.top()
    canvas._pan(QPointF(0, (out_of_sight + 2) * canvas.scale))  # the margin above the first card is out of sight
    canvas.grab()
    assert not canvas.visible_rect.contains(canvas.picture.bounds)
    assert not minimap.isVisible()
    canvas._pan(QPointF(0, -12 * canvas.scale))
    canvas.grab()
    assert minimap.isVisible()
