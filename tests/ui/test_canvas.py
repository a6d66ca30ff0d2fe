"""The canvas points at the right thing, keeps what should stay, and scrolls exactly what it would have painted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from explorer.diagram import Card, Diagram, Link
from explorer.drawing import DARK, Picture, compose
from explorer.ui.canvas import Canvas


def picture() -> Picture:
    cards = {
        "in": Card("in", "input", "Image"),
        "block": Card("block", "block", "Block", ("1 K params",), foldable=True),
        "conv": Card("conv", "conv", "Conv 3×3", ("3 → 8",), tip="conv\n224 parameters"),
        "add": Card("add", "add", "+", round=True),
        "out": Card("out", "output", "Output"),
    }
    links = (
        Link("in", "conv", 0, "3×8×8"),
        Link("conv", "add", 0, "8×8×8"),
        Link("in", "add", 1, "3×8×8"),
        Link("add", "out", 0, "8×8×8"),
    )
    return compose(Diagram("", {"": ("in", "block", "out"), "block": ("conv", "add")}, cards, links))


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    made.show_picture(picture())
    return made


def place(canvas: Canvas, id: str) -> QPoint:
    assert canvas.picture is not None
    rect = canvas.picture.rect(id)
    assert rect is not None
    inside = rect.center() if not canvas.picture.is_frame(id) else rect.topLeft() + QPointF(6, 6)
    return (canvas._offset + inside * canvas.scale).toPoint()


@pytest.mark.parametrize("id", ["in", "block", "conv", "add", "out"])
def test_a_click_tells_the_innermost_thing(canvas: Canvas, qtbot: QtBot, id: str) -> None:
    with qtbot.waitSignal(canvas.selected) as told:
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place(canvas, id))
    assert told.args == [id]


def test_a_click_beside_everything_selects_nothing(canvas: Canvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.selected) as told:
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert told.args == [None]


def test_a_double_click_folds_a_frame_and_nothing_else(canvas: Canvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.toggled) as told:
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place(canvas, "block"))
    assert told.args == ["block"]
    with qtbot.assertNotEmitted(canvas.toggled):
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place(canvas, "conv"))


def test_everything_is_in_sight_and_never_enlarged(canvas: Canvas) -> None:
    assert canvas.picture is not None
    assert canvas.scale <= 1.0
    for id in ("in", "out"):
        assert canvas.rect().contains(place(canvas, id))


def test_the_wheel_zooms_at_the_pointer(canvas: Canvas) -> None:
    at = QPointF(place(canvas, "conv"))
    before = (at - canvas._offset) / canvas.scale
    canvas.zoom(1.7, at)
    after = (at - canvas._offset) / canvas.scale
    assert (after - before).manhattanLength() < 1e-6


def test_zoom_has_limits(canvas: Canvas) -> None:
    for _ in range(60):
        canvas.zoom(2)
    assert canvas.scale == 4.0
    for _ in range(60):
        canvas.zoom(0.5)
    assert canvas.scale == 0.02


@pytest.mark.parametrize("step", [(13, 0), (0, -9), (-31, 17), (900, 0)])
@pytest.mark.parametrize("scale", [0.25, 0.6, 1.0])
def test_panning_shows_what_a_fresh_painting_would(canvas: Canvas, step: tuple[int, int], scale: float) -> None:
    canvas.zoom(scale / canvas.scale)
    canvas.grab()
    canvas._pan(QPointF(*step))
    scrolled = canvas.grab().toImage()
    canvas._repaint()
    assert differing(scrolled, canvas.grab().toImage()) == 0


def differing(a: QImage, b: QImage) -> int:
    a, b = (image.convertToFormat(QImage.Format.Format_RGB32) for image in (a, b))
    first, second = bytes(a.constBits()), bytes(b.constBits())
    return sum(first[n : n + 4] != second[n : n + 4] for n in range(0, len(first), 4)) if first != second else 0


def test_arrows_follow_the_data(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.select("in")
    with qtbot.waitSignal(canvas.selected) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert told.args == ["conv"]
    canvas.select("add")
    with qtbot.waitSignal(canvas.selected) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert told.args == ["conv"]


def test_enter_folds_and_escape_lets_go(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.select("block")
    with qtbot.waitSignal(canvas.toggled):
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    with qtbot.waitSignal(canvas.selected) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert told.args == [None]


def test_the_menu_is_wanted_where_the_pointer_is(canvas: Canvas, qtbot: QtBot) -> None:
    from PySide6.QtGui import QContextMenuEvent
    from PySide6.QtWidgets import QApplication

    at = place(canvas, "conv")
    with qtbot.waitSignal(canvas.menu_wanted) as told:
        QApplication.sendEvent(canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at)))
    assert told.args[0] == "conv"


def test_an_empty_canvas_says_what_to_do(qtbot: QtBot) -> None:
    empty = Canvas()
    qtbot.addWidget(empty)
    empty.resize(400, 300)
    image = empty.grab().toImage()
    assert len({image.pixel(x, 150) for x in range(0, 400, 2)}) > 1  # there is writing
    empty.fit()
    empty.zoom(2)
    empty.fit_to("nothing")


def test_the_theme_is_seen(canvas: Canvas) -> None:
    canvas.set_theme(DARK)
    assert canvas.grab().toImage().pixelColor(1, 250) != canvas.palette().base().color()
    assert canvas.grab().toImage().pixelColor(3, 3).name() == DARK.canvas


def test_what_is_too_large_to_read_is_first_shown_from_its_beginning(qtbot: QtBot) -> None:
    names = tuple(f"conv{n}" for n in range(80))
    cards = {name: Card(name, "conv", "Conv 3×3", ("64 → 64",)) for name in names}
    links = tuple(Link(a, b, 0, "64×8×8") for a, b in pairwise(names))
    tall = Diagram("", {"": ("stage",), "stage": names}, cards | {"stage": Card("stage", "stage", "Stage 1")}, links)
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(600, 400)
    canvas.show_picture(compose(tall))
    assert canvas.scale >= 0.5
    assert canvas.rect().contains(place(canvas, "conv0"))
    canvas.fit()
    assert canvas.scale < 0.27
