"""Opening and folding moves things, keeps what is under the mouse still, and ends at the laid-out picture."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.drawing import Picture, compose_picture
from explorer.drawing.transition import MAX_MOVING_CARDS
from explorer.ui.canvas import transition_animation
from explorer.ui.canvas.canvas import Canvas
from explorer.viewmodels.diagram import Card, Diagram, Link

OUTER = ("in", "one", "two", "out")
INSIDE = {"one": ("a", "b", "sum"), "two": ("c", "d")}
MOMENTS = (1, 20, 60, 110, 179)  # milliseconds


def picture(*opened: str) -> Picture:
    """Two blocks in a row, each of which can be open."""
    cards = {id: Card(id, "block", f"Block {id}", ("1.2 M params",), is_expandable=True) for id in INSIDE}
    cards |= {"in": Card("in", "input", "Image"), "out": Card("out", "output", "Output")}
    chain, extra = ["in"], []
    children: dict[str, tuple[str, ...]] = {"": OUTER}
    for id, inside in INSIDE.items():
        if id not in opened:
            chain.append(id)
            continue
        children[id] = inside
        chain += inside
        cards |= {name: Card(name, "conv", f"Conv {name}", ("64 → 64",)) for name in inside}
        if id == "one":
            extra.append(Link("a", "sum", 1, "64×8×8", is_skip=True))
    chain.append("out")
    links = [Link(a, b, 0, "64×8×8") for a, b in pairwise(chain)]
    return compose_picture(Diagram("", children, cards, (*links, *extra)), "down")


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(700, 900)
    made.show()
    made.show_picture(picture())
    made.zoom(0.9 / made.scale)
    return made


def shown(canvas: Canvas, id: str) -> QRectF:
    rect = canvas.picture.rect(id)
    assert rect is not None
    return canvas._viewport.to_widget_rect(rect)


def now(canvas: Canvas, id: str) -> QRectF:
    """Where a card or frame is at this moment, in the widget."""
    passage = canvas._animation._transition
    assert passage is not None
    rect = passage.scene_at(canvas._animation.currentValue()).rect(id)
    assert rect is not None
    return canvas._viewport.to_widget_rect(rect)


def toggle(canvas: Canvas, qtbot: QtBot, at: QPoint, then: Picture) -> str:
    """Double-click, and answer as the window does; the clock stands still at the beginning."""
    with qtbot.waitSignal(canvas.expansion_toggled) as told:
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    canvas.show_picture(then, anchor=told.args[0])
    canvas._animation.pause()
    return told.args[0]


def test_what_is_under_the_mouse_stays_through_and_after_unfolding(canvas: Canvas, qtbot: QtBot) -> None:
    at = shown(canvas, "one").center().toPoint()
    point = QPointF(at) - shown(canvas, "one").topLeft()
    assert toggle(canvas, qtbot, at, picture("one")) == "one"
    for moment in MOMENTS:
        canvas._animation.setCurrentTime(moment)
        assert (now(canvas, "one").topLeft() + point - QPointF(at)).manhattanLength() < 1
    assert shown(canvas, "one").height() > now(canvas, "two").height()
    assert (shown(canvas, "one").topLeft() + point - QPointF(at)).manhattanLength() < 1


@pytest.mark.parametrize("corner", ["left", "right"])
def test_a_frame_folds_to_under_the_mouse(canvas: Canvas, qtbot: QtBot, corner: str) -> None:
    canvas.show_picture(picture("one"), anchor="one")
    canvas._animation.finish()
    frame = shown(canvas, "one")
    x = frame.left() + 5 if corner == "left" else frame.right() - 5
    at = QPointF(x, frame.top() + 10).toPoint()
    assert toggle(canvas, qtbot, at, picture()) == "one"
    for moment in MOMENTS:
        canvas._animation.setCurrentTime(moment)
        assert now(canvas, "one").contains(QPointF(at))
    assert shown(canvas, "one").contains(QPointF(at))


def test_the_rest_slides_and_children_grow_out_of_their_group(canvas: Canvas, qtbot: QtBot) -> None:
    before = {id: shown(canvas, id) for id in OUTER}
    toggle(canvas, qtbot, before["one"].center().toPoint(), picture("one"))
    canvas._animation.setCurrentTime(0)
    for id in OUTER:
        assert (now(canvas, id).topLeft() - before[id].topLeft()).manhattanLength() < 1
    assert all(before["one"].contains(now(canvas, id)) for id in INSIDE["one"])
    lows = []
    for moment in MOMENTS:
        canvas._animation.setCurrentTime(moment)
        lows.append(now(canvas, "two").top())
        assert now(canvas, "one").contains(now(canvas, "a"))
    assert lows == sorted(lows)
    assert before["two"].top() < lows[0] < lows[-1] < shown(canvas, "two").top()


def test_links_keep_hold_of_cards_that_slide(canvas: Canvas, qtbot: QtBot) -> None:
    toggle(canvas, qtbot, shown(canvas, "one").center().toPoint(), picture("one"))
    canvas._animation.setCurrentTime(70)
    scene = canvas._animation._transition.scene_at(canvas._animation.currentValue())
    x, y = scene.links["two", "out", 0].points[-1]
    rect = scene.rect("out")
    assert (x, y) == pytest.approx((rect.center().x(), rect.top()))


def test_it_ends_exactly_at_the_picture(canvas: Canvas, qtbot: QtBot) -> None:
    still = canvas.grab().toImage()
    toggle(canvas, qtbot, shown(canvas, "one").center().toPoint(), picture("one"))
    canvas._animation.setCurrentTime(90)
    assert canvas.grab().toImage() != still
    canvas._animation.resume()
    qtbot.waitUntil(lambda: not canvas._animation.is_running)
    moved = canvas.grab().toImage()
    canvas._repaint()
    assert moved == canvas.grab().toImage()
    assert canvas.picture.rect("one") == picture("one").rect("one")


def test_a_toggle_on_the_way_goes_on_from_where_things_are(canvas: Canvas, qtbot: QtBot) -> None:
    toggle(canvas, qtbot, shown(canvas, "one").center().toPoint(), picture("one"))
    canvas._animation.setCurrentTime(60)
    halfway = {id: now(canvas, id) for id in (*OUTER, "a")}
    canvas.show_picture(picture(), anchor="one")
    canvas._animation.pause()
    assert canvas._animation.currentTime() == 0
    for id, rect in halfway.items():
        assert (now(canvas, id).topLeft() - rect.topLeft()).manhattanLength() < 1
        assert now(canvas, id).height() == pytest.approx(rect.height(), abs=0.5)
    canvas._animation.resume()
    qtbot.waitUntil(lambda: not canvas._animation.is_running)
    assert canvas.picture.rect("a") is None


def test_a_toggle_by_key_keeps_the_selected_card_still(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.select(("two",))
    before = shown(canvas, "two").topLeft()
    with qtbot.waitSignal(canvas.expansion_toggled):
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    canvas.show_picture(picture("two"), anchor="two")
    assert (shown(canvas, "two").topLeft() - before).manhattanLength() < 1e-6


def test_a_group_folded_by_key_comes_into_sight(canvas: Canvas) -> None:
    canvas.show_picture(picture("one"), anchor="one")
    canvas._pan(QPointF(0, -shown(canvas, "sum").top()))
    assert shown(canvas, "one").top() < -50
    canvas.show_picture(picture(), anchor="one")
    assert QRectF(canvas.rect()).contains(shown(canvas, "one"))


def test_who_looks_elsewhere_does_not_wait(canvas: Canvas, qtbot: QtBot) -> None:
    for change in (lambda: canvas.zoom(1.2), lambda: canvas._pan(QPointF(9, 0)), canvas.fit):
        toggle(canvas, qtbot, shown(canvas, "two").center().toPoint(), picture("two"))
        before = canvas._animation.is_running
        change()
        assert before
        assert not canvas._animation.is_running
        canvas.show_picture(picture())


def test_nothing_moves_for_those_who_want_it_still(canvas: Canvas, qtbot: QtBot) -> None:
    transition_animation.set_enabled(False)
    toggle(canvas, qtbot, shown(canvas, "one").center().toPoint(), picture("one"))
    assert not canvas._animation.is_running
    transition_animation.set_enabled(True)
    canvas.show_picture(picture(), anchor="one")
    assert canvas._animation.is_running


def test_nothing_moves_where_only_colours_change(canvas: Canvas) -> None:
    canvas.show_picture(picture(), anchor="one")
    assert not canvas._animation.is_running


def test_what_is_too_much_to_move_is_there_at_once(canvas: Canvas) -> None:
    def many(last: str) -> Picture:
        ids = (*(f"conv{n}" for n in range(MAX_MOVING_CARDS)), last)
        cards = {id: Card(id, "conv", "Conv") for id in ids}
        return compose_picture(Diagram("", {"": ids}, cards, ()), "down")

    canvas.show_picture(many("old"))
    canvas.fit()
    canvas.show_picture(many("a much longer title than before"), anchor="conv0")
    assert not canvas._animation.is_running


def test_marks_move_along(canvas: Canvas, qtbot: QtBot) -> None:
    toggle(canvas, qtbot, shown(canvas, "one").center().toPoint(), picture("one"))
    canvas._animation.setCurrentTime(40)
    plain = canvas.grab().toImage()
    canvas.select(("two",))
    edge = now(canvas, "two").topLeft() + QPointF(40, -2 * canvas.scale)
    assert canvas.grab().toImage().pixelColor(edge.toPoint()) != plain.pixelColor(edge.toPoint())
    QApplication.processEvents()
    assert canvas._animation.is_running


def test_the_system_is_heard_until_the_user_chooses() -> None:
    assert transition_animation.query_system_preference() in (True, False)
    transition_animation.set_system_preference(False)
    assert not transition_animation.is_enabled()
    transition_animation.set_enabled(True)
    assert transition_animation.is_enabled()
    transition_animation.set_system_preference(True)
