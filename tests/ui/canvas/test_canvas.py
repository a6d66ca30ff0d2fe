"""The canvas points at the right thing, keeps what should stay, and scrolls exactly what it would have painted."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from explorer.drawing import DARK, LIGHT, Picture, compose_picture
from explorer.drawing.card_text import expander_center
from explorer.layout import Box, Geometry
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.canvas.pixmap_cache import PixmapCache
from explorer.ui.canvas.viewport import Viewport
from explorer.viewmodels.diagram import Card, Diagram, Kind, Link
from explorer.viewmodels.mismatch import MismatchView

NO_KEYS = Qt.KeyboardModifier.NoModifier
NOWHERE = QPoint()


def picture() -> Picture:
    cards = {
        "in": Card("in", "input", "Image"),
        "block": Card("block", "block", "Block", ("1 K params",), is_expandable=True),
        "conv": Card("conv", "conv", "Conv 3×3", ("3 → 8",), tip="conv\n224 parameters"),
        "add": Card("add", "add", "+", is_round=True),
        "out": Card("out", "output", "Output"),
    }
    links = (
        Link("in", "conv", 0, "3×8×8"),
        Link("conv", "add", 0, "8×8×8"),
        Link("in", "add", 1, "3×8×8"),
        Link("add", "out", 0, "8×8×8"),
    )
    return compose_picture(Diagram("", {"": ("in", "block", "out"), "block": ("conv", "add")}, cards, links))


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
    with qtbot.waitSignal(canvas.card_selected) as told:
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place(canvas, id))
    assert told.args == [id]


def test_a_click_beside_everything_selects_nothing(canvas: Canvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.card_selected) as told:
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert told.args == [None]


def test_a_double_click_folds_a_frame_and_nothing_else(canvas: Canvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.expansion_toggled) as told:
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place(canvas, "block"))
    assert told.args == ["block"]
    with qtbot.assertNotEmitted(canvas.expansion_toggled):
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place(canvas, "conv"))


def test_a_click_on_the_minus_of_a_frame_folds_it_and_a_second_one_does_no_more(canvas: Canvas, qtbot: QtBot) -> None:
    assert canvas.picture is not None
    frame = canvas.picture.rect("block")
    assert frame is not None
    at = canvas.point_of(expander_center(frame, is_open=True)).toPoint()
    with qtbot.waitSignal(canvas.expansion_toggled) as told, qtbot.assertNotEmitted(canvas.card_selected):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert told.args == ["block"]
    times: list[str] = []
    canvas.expansion_toggled.connect(times.append)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert times == ["block"]
    with qtbot.waitSignal(canvas.card_selected) as told:  # beside it, a click selects
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at - QPoint(20, 0))
    assert told.args == ["block"]


def test_a_double_click_is_about_the_card_that_was_pressed_first(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.card_selected.connect(lambda card: canvas._pan(QPointF(400, 300)))  # as a panel that comes into sight does
    at = place(canvas, "block")
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    with qtbot.waitSignal(canvas.expansion_toggled) as told:
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert told.args == ["block"]


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


def differing(a: QImage, b: QImage, unseen: int = 0) -> int:
    """How many values of the two images are more than `unseen` levels (of 255) apart."""
    a, b = (image.convertToFormat(QImage.Format.Format_RGB32) for image in (a, b))
    first, second = (np.frombuffer(image.constBits(), np.uint8).astype(int) for image in (a, b))
    return int((abs(first - second) > unseen).sum())


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0])
def test_what_is_kept_scrolls_exactly_at_any_ratio(qtbot: QtBot, ratio: float) -> None:
    """The offscreen screen has one ratio only, so the backing is asked without a widget."""
    view, backing, size = Viewport(), PixmapCache(LIGHT), QSize(401, 303)
    backing.picture = picture()
    view.fit_rect(backing.picture.bounds, QRectF(QPointF(0, 0), size.toSizeF()), 0.8)
    backing.get_pixmap(size, ratio, view)
    for step in (QPoint(7, 0), QPoint(-31, 17), QPoint(0, -5)):
        view.offset += QPointF(step) / ratio
        backing.scroll(step, view)
    scrolled = backing.get_pixmap(size, ratio, view).toImage()
    backing.invalidate()
    assert differing(scrolled, backing.get_pixmap(size, ratio, view).toImage()) == 0
    assert (scrolled.width(), scrolled.height()) == (round(401 * ratio), round(303 * ratio))


@pytest.mark.parametrize("scale", [0.2, 0.7, 1.6])
@pytest.mark.parametrize("id", ["conv", "add", "block"])
def test_marks_are_painted_as_in_a_fresh_painting(canvas: Canvas, id: str, scale: float) -> None:
    canvas.zoom(scale / canvas.scale)
    canvas.grab()
    for change in (lambda: canvas.select((id,)), lambda: canvas._hover("in"), lambda: canvas.select(())):
        change()
        kept = canvas.grab().toImage()
        canvas._repaint()
        assert (
            differing(kept, canvas.grab().toImage(), unseen=4) == 0
        )  # edges cut by a clip are smoothed a bit otherwise


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7])
def test_what_is_kept_stays_where_it_was(canvas: Canvas, scale: float) -> None:
    canvas.zoom(scale / canvas.scale)
    before = canvas._offset + canvas.picture.rect("block").topLeft() * canvas.scale
    cards = dict(canvas.picture.diagram.cards)
    del cards["conv"], cards["add"]
    links = (Link("in", "block", 0, "3×8×8"), Link("block", "out", 0, "8×8×8"))
    folded = compose_picture(Diagram("", {"": ("in", "block", "out")}, cards, links))
    canvas.show_picture(folded, anchor="block")
    after = canvas._offset + folded.rect("block").topLeft() * canvas.scale
    assert (after - before).manhattanLength() < 1e-6
    assert canvas.scale == pytest.approx(scale)


def wheel(canvas: Canvas, angle: QPoint, pixels: QPoint = NOWHERE, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    at = QPointF(350, 250)
    phase = Qt.ScrollPhase.NoScrollPhase if pixels.isNull() else Qt.ScrollPhase.ScrollUpdate
    event = QWheelEvent(at, canvas.mapToGlobal(at), pixels, angle, Qt.MouseButton.NoButton, keys, phase, False)
    QApplication.sendEvent(canvas, event)


def test_a_wheel_zooms_and_two_fingers_pan(canvas: Canvas) -> None:
    scale, offset = canvas.scale, QPointF(canvas._offset)
    wheel(canvas, QPoint(0, 0), QPoint(12, -7))
    assert (canvas.scale, canvas._offset) == (scale, offset + QPointF(12, -7))
    wheel(canvas, QPoint(0, 120), keys=Qt.KeyboardModifier.ShiftModifier)
    assert (canvas.scale, canvas._offset) == (scale, offset + QPointF(72, -7))
    wheel(canvas, QPoint(0, 120))
    assert canvas.scale == pytest.approx(1.2 * scale)
    wheel(canvas, QPoint(0, -120), QPoint(0, -9), keys=Qt.KeyboardModifier.ControlModifier)
    assert canvas.scale == pytest.approx(scale)


@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton])
def test_dragging_pans_and_selects_nothing(canvas: Canvas, qtbot: QtBot, button: Qt.MouseButton) -> None:
    before, start = QPointF(canvas._offset), place(canvas, "conv")
    with qtbot.assertNotEmitted(canvas.card_selected):
        qtbot.mousePress(canvas, button, pos=start)
        for n in (10, 20, 33):
            at = start + QPoint(n, -n)
            move = QMouseEvent(
                QEvent.Type.MouseMove, QPointF(at), canvas.mapToGlobal(QPointF(at)), button, button, NO_KEYS
            )
            QApplication.sendEvent(canvas, move)
        qtbot.mouseRelease(canvas, button, pos=start + QPoint(33, -33))
    assert canvas._offset - before == QPointF(33, -33)


def test_a_middle_double_click_folds_nothing(canvas: Canvas, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(canvas.expansion_toggled):
        qtbot.mouseDClick(canvas, Qt.MouseButton.MiddleButton, pos=place(canvas, "block"))


def test_a_tip_tells_of_cards_and_of_links(canvas: Canvas) -> None:
    assert canvas._tooltip_at(QPointF(place(canvas, "conv"))) == "conv\n224 parameters"
    route = canvas.picture.routes[3]  # from the addition to the output
    (x1, y1), (x2, y2) = route.points[0], route.points[1]
    middle = canvas._offset + QPointF((x1 + x2) / 2, (y1 + y2) / 2) * canvas.scale
    assert canvas._tooltip_at(middle) == "+ → Output\n8×8×8"
    assert canvas._tooltip_at(QPointF(1, 1)) == ""


def test_buttons_in_the_corner_do_what_keys_do(canvas: Canvas, qtbot: QtBot) -> None:
    buttons = {button.text(): button for button in canvas.findChildren(QToolButton)}
    assert all(button.accessibleName() for button in buttons.values())
    scale = canvas.scale
    qtbot.mouseClick(buttons["+"], Qt.MouseButton.LeftButton)
    assert canvas.scale == pytest.approx(1.2 * scale)
    assert f"{100 * canvas.scale:.0f} %" in {button.text() for button in buttons.values()}
    qtbot.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.scale == pytest.approx(1.0)
    qtbot.mouseClick(buttons["Fit"], Qt.MouseButton.LeftButton)
    assert canvas.scale == pytest.approx(scale)
    assert not canvas.findChildren(QToolButton)[0].hasFocus()


def test_the_legend_can_be_put_away(canvas: Canvas, qtbot: QtBot) -> None:
    assert not canvas._legend.rect.isEmpty()
    with_legend = canvas.grab().toImage()
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    assert canvas.grab().toImage() != with_legend
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    assert canvas.grab().toImage() == with_legend


def test_a_small_canvas_keeps_its_room_for_the_picture(canvas: Canvas) -> None:
    canvas.resize(180, 110)
    assert canvas._legend.rect.isEmpty()
    assert not any(button.isVisible() for button in canvas.findChildren(QToolButton))


def test_one_may_always_zoom_out_to_everything(canvas: Canvas) -> None:
    card = Card("a", "conv", "Conv")
    tall = Picture(Diagram("", {"": ("a",)}, {"a": card}, ()), Geometry({"a": Box(0, 0, 99, 40)}, (), 500, 90_000))
    canvas.show_picture(tall)
    canvas.fit()
    fitted = canvas.scale
    assert fitted < 0.02
    canvas.zoom(5)
    canvas.zoom(0.001)
    assert canvas.scale == pytest.approx(fitted)


def test_what_is_selected_is_told_to_those_who_listen(canvas: Canvas) -> None:
    assert canvas.accessibleName() == "Diagram of the network"
    canvas.select(("conv",))
    assert canvas.accessibleDescription() == "Conv 3×3, 3 → 8"
    canvas.select(())
    assert canvas.accessibleDescription() == ""


def test_arrows_follow_the_data(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.select(("in",))
    with qtbot.waitSignal(canvas.card_selected) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert told.args == ["conv"]
    canvas.select(("add",))
    with qtbot.waitSignal(canvas.card_selected) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert told.args == ["conv"]


def test_an_arrow_with_nothing_selected_begins_at_the_image_and_with_ctrl_pans(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.select(())
    with qtbot.waitSignal(canvas.card_selected) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert told.args == ["in"]
    rect = canvas.picture.rect("conv") if canvas.picture is not None else None
    assert rect is not None
    before = canvas._viewport.to_widget_rect(rect)
    with qtbot.assertNotEmitted(canvas.card_selected):
        qtbot.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert canvas._viewport.to_widget_rect(rect).top() < before.top()


def test_with_shift_cards_join_the_selection_and_leave_it_on_the_way_back(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.select(("in",))
    with qtbot.waitSignal(canvas.selection_extended) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert told.args == ["conv"]
    canvas.select(("in", "conv"))
    with qtbot.waitSignal(canvas.selection_extended) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert told.args == ["conv"]


def test_enter_folds_and_escape_lets_go(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.select(("block",))
    with qtbot.waitSignal(canvas.expansion_toggled):
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    with qtbot.waitSignal(canvas.card_selected) as told:
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert told.args == [None]


def test_the_menu_is_wanted_where_the_pointer_is(canvas: Canvas, qtbot: QtBot) -> None:
    at = place(canvas, "conv")
    with qtbot.waitSignal(canvas.menu_requested) as told:
        QApplication.sendEvent(canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at)))
    assert told.args[0] == "conv"


def test_an_empty_canvas_is_ready(qtbot: QtBot) -> None:
    empty = Canvas()
    qtbot.addWidget(empty)
    empty.resize(400, 300)
    assert not empty.grab().isNull()
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
    canvas.show_picture(compose_picture(tall))
    assert canvas.scale >= 0.5
    assert canvas.rect().contains(place(canvas, "conv0"))
    canvas.fit()
    assert canvas.scale < 0.27


def test_what_does_not_belong_to_the_flow_steps_back_once_the_pointer_rests(canvas: Canvas, qtbot: QtBot) -> None:
    cards = {id: Card(id, "conv", id) for id in ("in", "left", "right", "out")}
    pairs = [("in", "left"), ("in", "right"), ("left", "out"), ("right", "out")]
    links = tuple(Link(a, b, n, "8×4×4") for n, (a, b) in enumerate(pairs))
    canvas.show_picture(compose_picture(Diagram("", {"": tuple(cards)}, cards, links), "down"))
    plain = canvas.grab().toImage()
    canvas._hover("left")
    assert canvas._marks.flow_card is None
    qtbot.waitUntil(lambda: canvas._marks.flow_card == "left")
    other = place(canvas, "right") - QPoint(round(30 * canvas.scale), 0)
    assert canvas.grab().toImage().pixelColor(other) != plain.pixelColor(other)
    canvas._hover(None)
    qtbot.waitUntil(lambda: canvas._marks.flow_card is None)
    assert differing(canvas.grab().toImage(), plain, unseen=4) == 0
    canvas.select(("right",))
    assert canvas._marks.flow_card == "right"


def crowd(columns: int, rows: int) -> Picture:
    """Cards wherever one looks."""
    names = [f"c{n}" for n in range(columns * rows)]
    boxes = {id: Box(8 + 170 * (n % columns), 8 + 70 * (n // columns), 150, 50) for n, id in enumerate(names)}
    kinds: tuple[Kind, ...] = ("conv", "pool", "norm", "linear")
    cards = {id: Card(id, kind, "Layer") for id, kind in zip(names, kinds * 999, strict=False)}
    return Picture(Diagram("", {"": tuple(names)}, cards, ()), Geometry(boxes, (), 170 * columns, 70 * rows))


@pytest.mark.parametrize(("columns", "rows"), [(4, 4), (5, 8), (12, 5), (3, 12), (2, 60), (30, 40), (1, 1)])
@pytest.mark.parametrize("size", [(700, 500), (1000, 640), (460, 700)])
def test_nothing_over_a_freshly_opened_or_fitted_view_hides_a_card(
    canvas: Canvas, columns: int, rows: int, size: tuple[int, int]
) -> None:
    canvas.resize(*size)
    canvas.show_picture(crowd(columns, rows))
    for look in (lambda: None, canvas.fit, lambda: canvas.resize(size[0] + 60, size[1])):
        look()
        place = canvas._legend.rect
        assert canvas.picture.count_cards_in(canvas._viewport.to_picture_rect(place)) == 0
        if canvas.is_fitted:
            assert QRectF(canvas.rect()).contains(canvas._viewport.to_widget_rect(canvas.picture.bounds))
            assert (
                canvas.picture.count_cards_in(
                    canvas._viewport.to_picture_rect(QRectF(canvas._zoom_controls.geometry()))
                )
                == 0
            )


def test_the_legend_lies_in_rows_where_that_leaves_the_cards_larger_and_stays_there(canvas: Canvas) -> None:
    canvas.resize(1000, 640)
    canvas.show_picture(crowd(6, 8))
    place = QRectF(canvas._legend.rect)
    assert place.width() > 2 * place.height()
    assert not place.intersects(QRectF(canvas._zoom_controls.geometry()))
    canvas.show_picture(crowd(6, 30), anchor="c1")  # more than can be seen: it hides some, but it does not hop
    assert canvas._legend.rect.topLeft() == place.topLeft()


def test_what_is_seen_whole_after_an_edit_stays_so_when_a_panel_opens(canvas: Canvas) -> None:
    canvas.resize(1000, 640)
    canvas.show_picture(crowd(5, 6))
    canvas.show_picture(crowd(5, 7), anchor="c1")
    assert canvas.is_fitted
    canvas.resize(700, 400)
    assert QRectF(canvas.rect()).contains(canvas._viewport.to_widget_rect(canvas.picture.bounds))
    canvas.show_picture(crowd(5, 30), anchor="c1")  # what has grown out of sight is not fetched back
    assert not canvas.is_fitted


def test_a_picture_that_was_whole_is_shown_whole_again_where_its_cards_can_be_read(canvas: Canvas) -> None:
    canvas.resize(1000, 640)
    canvas.show_picture(crowd(5, 6))
    moved: list[float] = []
    canvas.view_moved.connect(lambda scale, _: moved.append(scale))
    canvas.show_picture(crowd(5, 12), anchor="c1")
    assert not canvas.is_fitted
    canvas.stay_whole()
    assert QRectF(canvas.rect()).contains(canvas._viewport.to_widget_rect(canvas.picture.bounds))
    assert not moved  # the user did not look elsewhere
    canvas.show_picture(crowd(5, 90), anchor="c1")
    scale = canvas.scale
    canvas.stay_whole()
    assert canvas.scale == scale  # fitted they would be specks


def test_shapes_that_do_not_meet_stay_in_sight_when_their_message_takes_some_of_the_room(canvas: Canvas) -> None:
    canvas.resize(1000, 640)
    canvas.show_picture(crowd(5, 6))
    canvas.zoom(1.2)
    canvas.highlight_in_view(frozenset({"c24", "c29"}))
    canvas.show_mismatch(MismatchView("c29", (("c24", "24×56×56"),), "the widths differ"))
    canvas.resize(1000, 240)
    for card in ("c24", "c29"):
        assert QRectF(canvas.rect()).contains(canvas.area_of(card))


def test_what_is_in_the_middle_is_what_one_looks_at(canvas: Canvas) -> None:
    canvas.show_picture(None)
    nothing = canvas.central_card
    assert nothing is None
    canvas.show_picture(crowd(5, 8))
    canvas.zoom(3)
    canvas.centre_on(canvas.picture.rect("c17").center())
    assert canvas.central_card == "c17"
    canvas.centre_on(canvas.picture.rect("c17").topRight() + QPointF(10, -8))  # between cards: one of those around
    assert canvas.central_card in {"c17", "c18", "c12", "c13"}


def test_without_a_legend_everything_may_be_larger(canvas: Canvas) -> None:
    canvas.resize(460, 700)
    canvas.show_picture(crowd(3, 12))
    with_legend = canvas.scale
    canvas.show_legend(False)
    assert canvas.scale > with_legend
    canvas.show_legend(True)
    assert canvas.scale == pytest.approx(with_legend)


def test_what_is_pointed_out_does_not_lie_under_the_legend(canvas: Canvas) -> None:
    canvas.show_picture(crowd(5, 8))
    canvas.zoom(2.5)
    legend = canvas._legend.rect.toAlignedRect()
    cards = [f"c{number}" for number in range(40)]
    hidden = next(id for id in cards if canvas.count_covered(legend, frozenset({id})))
    canvas.highlight_in_view(frozenset({hidden}))
    assert canvas.count_covered(legend, frozenset({hidden})) == 0
    before = canvas.view_state
    canvas.highlight_in_view(frozenset({hidden}))  # in sight: nothing moves
    assert canvas.view_state == before
