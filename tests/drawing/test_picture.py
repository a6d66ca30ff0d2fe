"""A picture points at the right thing, paints what is exposed, and never fails at any scale."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from explorer.base.languages import tr, translator
from explorer.drawing import DARK, LIGHT, PRINT, Marks, Picture, Theme, compose_picture, level_of_detail, links
from explorer.drawing.legend import _ordered_entries, legend_height, legend_width, paint_legend
from explorer.layout import Box, Geometry, Route
from explorer.viewmodels.diagram import Card, Diagram, Link

PLAIN = Marks()
SCALES = (0.002, 0.02, 0.1, 0.25, 0.4, 0.5, 1.0, 2.0, 8.0)


def painted(
    picture: Picture, scale: float, theme: Theme = LIGHT, marks: Marks = PLAIN, part: QRect | None = None
) -> QImage:
    image = QImage(640, 480, QImage.Format.Format_RGB32)
    part = part or image.rect()
    image.fill(theme.named_colour("canvas"))
    painter = QPainter(image)
    painter.setClipRect(part)
    painter.scale(scale, scale)
    room = QRectF(part.x() / scale, part.y() / scale, part.width() / scale, part.height() / scale)
    slack = 4 / scale
    picture.paint(painter, theme, room.adjusted(-slack, -slack, slack, slack), scale, marks)
    assert painter.end()
    return image


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("theme", [LIGHT, DARK, PRINT], ids=lambda theme: theme.name)
def test_painting_never_fails(everything: Picture, theme: Theme, scale: float) -> None:
    marks = Marks("unit", "add", frozenset({"conv/same", "gone"}), flow_card="conv/same")
    assert painted(everything, scale, theme, marks) != painted(everything, scale, theme) or scale < 0.02


@pytest.mark.parametrize("scale", [0.1, 0.4, 1.0])
def test_two_halves_make_the_whole(everything: Picture, scale: float) -> None:
    whole = painted(everything, scale)
    left, right = QRect(0, 0, 301, 480), QRect(301, 0, 339, 480)
    assert painted(everything, scale, part=left).copy(left) == whole.copy(left)
    assert painted(everything, scale, part=right).copy(right) == whole.copy(right)


def test_the_innermost_thing_is_hit(everything: Picture) -> None:
    assert everything.hit_test(100, 80) == "input/same"
    assert everything.hit_test(30, 30) == "all"
    assert everything.hit_test(1700, 90) == "unit"
    assert everything.hit_test(1590, 500) is None
    assert everything.hit_test(-5, -5) is None


def test_every_card_is_hit_in_its_middle(everything: Picture) -> None:
    for id in everything.diagram.cards:
        rect = everything.rect(id)
        assert rect is not None
        if not everything.is_frame(id):
            assert everything.hit_test(rect.center().x(), rect.center().y()) == id


def fan() -> Picture:
    """One source, two ways, one join: what runs beside a card is not in its flow."""
    cards = {id: Card(id, "conv", id) for id in ("in", "left", "right", "out")}
    pairs = [("in", "left"), ("in", "right"), ("left", "out"), ("right", "out")]
    found = tuple(Link(a, b, n, "8×4×4") for n, (a, b) in enumerate(pairs))
    return compose_picture(Diagram("", {"": tuple(cards)}, cards, found), "down")


def test_a_flow_is_what_feeds_a_card_and_what_it_feeds() -> None:
    picture = fan()
    flow = picture.data_flow("left")
    assert flow is not None
    assert flow.cards == {"in", "left", "out"}
    assert flow.links == {0, 2}
    assert picture.data_flow("in") is None  # all of it: nothing steps back
    assert picture.data_flow("nobody") is None
    assert picture.data_flow(None) is None


def test_what_is_not_in_the_flow_steps_back() -> None:
    picture = fan()
    rect = picture.rect("right")
    assert rect is not None
    corner = rect.topLeft().toPoint() + QPoint(2, 20)  # on the stripe of its kind
    plain, dimmed = painted(picture, 1.0), painted(picture, 1.0, marks=Marks(flow_card="left"))
    assert plain.pixelColor(corner).saturation() > dimmed.pixelColor(corner).saturation() + 50
    left = picture.rect("left")
    assert left is not None
    assert plain.copy(left.toRect()) == dimmed.copy(left.toRect())


def test_links_are_found_within_reach(everything: Picture) -> None:
    shortcut = everything.link_at(1852, 200)
    assert shortcut is not None
    assert shortcut.is_skip
    main = everything.link_at(1713, 290)
    assert main is not None
    assert (main.source, main.target) == ("add", "gone")
    assert everything.link_at(1800, 300) is None


def test_neighbours_are_who_feeds_and_who_is_fed(everything: Picture) -> None:
    assert everything.neighbours("add") == (["unit"], ["gone"])
    assert everything.neighbours("conv/same") == ([], [])


@pytest.mark.parametrize("scale", [0.05, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("id", ["unit", "add", "all", "conv/same"])
def test_marks_are_painted_nowhere_but_where_the_picture_says(everything: Picture, id: str, scale: float) -> None:
    for marks in (Marks(id), Marks(None, id)):
        plain, marked = painted(everything, scale), painted(everything, scale, marks=marks)
        touched = everything.marked_area(marks, scale)
        room = QRectF(touched.topLeft() * scale, touched.size() * scale).toAlignedRect()
        for image in (plain, marked):
            painter = QPainter(image)
            painter.fillRect(room, LIGHT.named_colour("text"))
            painter.end()
        assert plain == marked


def test_a_shortcut_starts_where_it_parts_from_the_main_path(everything: Picture) -> None:
    skip = next(strand for strand in everything._bundles if strand.is_skip)
    assert skip.path.boundingRect().top() == 160 - 6  # the corner, not the card's border at 130


def test_parting_is_found_whoever_turns_first() -> None:
    main = ((0.0, 0.0), (0.0, 50.0), (90.0, 50.0), (90.0, 80.0))
    assert links._after_parting(((0.0, 0.0), (0.0, 20.0), (40.0, 20.0)), main) == ((0, 14), (0, 20), (40, 20))
    assert links._after_parting(((0.0, 0.0), (0.0, 70.0)), main) == ((0, 44), (0, 70))
    assert links._after_parting(((0.0, 0.0), (0.0, 50.0), (-9.0, 50.0)), main) == ((0, 44), (0, 50), (-9, 50))
    elsewhere = ((5.0, 0.0), (5.0, 9.0))
    assert links._after_parting(elsewhere, main) is elsewhere


def test_a_stretch_shared_by_a_few_links_is_painted_once_too() -> None:
    lines = [((0, 0), (0, 20), (x, 20), (x, 60)) for x in (-80.0, 40.0, 80.0)]
    assert links._without_shared_stretches([*lines, lines[0]], []) == [
        lines[0],
        ((0, 14), (0, 20), (40, 20), (40, 60)),
        ((34, 20), (80, 20), (80, 60)),
    ]


def test_shared_stretches_of_many_links_are_painted_once() -> None:
    """As in a dense block: one source, many targets below each other, one lane."""
    count = 40
    ids = [f"c{n}" for n in range(count)]
    cards = {id: Card(id, "block", "Dense layer") for id in ids}
    boxes = {id: Box(0, 100 * n, 120, 40) for n, id in enumerate(ids)}
    pairs = [Link("c0", id, 0, "", is_skip=True) for id in ids[1:]]
    routes = tuple(
        Route(((60, 40), (60, 60), (200, 60), (200, 100 * n - 20), (60, 100 * n - 20), (60, 100 * n)), True)
        for n in range(1, count)
    )
    picture = Picture(Diagram("", {"": tuple(ids)}, cards, tuple(pairs)), Geometry(boxes, routes, 220, 100 * count))
    (strand,) = picture._bundles
    assert strand.path.elementCount() <= 2 * (2 * count + 3)  # two ends for each separate stretch
    assert len(strand.link_indices) == count - 1


def test_the_legend_explains_what_is_there_and_nothing_else(everything: Picture) -> None:
    assert {"conv", "skip", "changed", "added", "off"} <= set(everything.legend)
    card = Card("a", "conv", "Conv")
    alone = Picture(Diagram("", {"": ("a",)}, {"a": card}, ()), Geometry({"a": Box(0, 0, 99, 40)}, (), 99, 40))
    assert alone.legend == ("conv",)
    assert legend_height((), 300) == 0
    assert legend_height(everything.legend, 200) > legend_height(everything.legend, 900) > 0
    assert legend_width(everything.legend) > 60


@pytest.mark.parametrize("theme", [LIGHT, DARK, PRINT], ids=lambda theme: theme.name)
def test_the_legend_stays_in_its_place(everything: Picture, theme: Theme) -> None:
    height = round(legend_height(everything.legend, 300))
    image = QImage(400, height + 40, QImage.Format.Format_RGB32)
    image.fill(theme.named_colour("canvas"))
    blank = image.copy()
    painter = QPainter(image)
    paint_legend(painter, everything.legend, QRectF(20, 20, 300, height), theme)
    painter.end()
    assert image != blank
    for outside in (QRect(0, 0, 400, 20), QRect(340, 0, 60, height + 40), QRect(0, height + 22, 400, 18)):
        assert image.copy(outside) == blank.copy(outside)


def test_a_narrow_legend_is_one_column(everything: Picture) -> None:
    width = legend_width(everything.legend)
    assert legend_height(everything.legend, 0) == 20 * len(_ordered_entries(everything.legend))
    assert legend_height(everything.legend, width) <= legend_height(everything.legend, 0)


def stages(scale: float, part: QRect | None = None) -> QImage:
    """Two stages between the image and the output, as seen from afar."""
    cards = {
        "in": Card("in", "input", "Image", ("3×224×224",)),
        "one": Card("one", "stage", "Stage 1", ("layer1 · 2 blocks", "216 K params · 668 M MACs"), is_expandable=True),
        "out": Card("out", "output", "Output", ("1000",)),
    } | {id: Card(id, "conv", "Conv 3×3", ("64 → 64 · s2",)) for id in ("a", "b")}
    boxes = {"in": Box(60, 120, 92, 50), "one": Box(210, 120, 400, 900), "out": Box(660, 120, 92, 50)}
    boxes |= {"a": Box(310, 500, 150, 60), "b": Box(310, 700, 150, 60)}
    diagram = Diagram("", {"": ("in", "one", "out"), "one": ("a", "b")}, cards, ())
    return painted(Picture(diagram, Geometry(boxes, (), 800, 1050)), scale, part=part)


def has_ink(image: QImage, place: QRectF) -> bool:
    """Is there anything as dark as text?"""
    room = place.toRect()
    places = ((x, y) for x in range(room.left(), room.right()) for y in range(room.top(), room.bottom()))
    return any(image.pixelColor(x, y).lightness() < 110 for x, y in places)


def test_from_very_far_stages_say_what_they_cost_and_ends_what_they_are() -> None:
    scale = 0.19
    far = stages(scale)
    assert has_ink(far, QRectF(212 * scale, 122 * scale, 380 * scale, 26))  # totals, at the top of the stage
    assert has_ink(far, QRectF(60 * scale, 120 * scale - 17, 30, 16))  # where it begins
    assert has_ink(far, QRectF(660 * scale, 120 * scale - 17, 30, 16))  # and ends
    assert not has_ink(far, QRectF(215 * scale, 400 * scale, 380 * scale, 600 * scale))  # the rest steps back
    near = stages(0.4)
    assert has_ink(near, QRectF(310 * 0.4, 500 * 0.4, 150 * 0.4, 60 * 0.4))  # a title on each card


def test_from_very_far_two_halves_make_the_whole_too() -> None:
    whole = stages(0.15)
    for part in (QRect(0, 0, 640, 20), QRect(0, 20, 640, 460), QRect(20, 0, 620, 480)):
        assert stages(0.15, part).copy(part) == whole.copy(part)


@pytest.mark.parametrize(("width", "lines"), [(120, 2), (50, 2), (32, 2), (20, 0)])
def test_totals_are_shortened_rather_than_cut(width: int, lines: int) -> None:
    card = Card("s", "stage", "Stage", ("layer1 · 2 blocks", "216 K params · 668 M MACs"))
    said = level_of_detail._cost_lines(card, QRectF(0, 0, width, 200), 1.0)
    assert len(said) == lines
    assert all(line.replace(" ", "").startswith(("216K", "668M")) for line in said)


def test_totals_are_said_in_every_language() -> None:
    translator.set_language("zh")
    try:
        line = tr("{params} params · {macs} MACs", params="216 K", macs="668 M")
        card = Card("s", "stage", "段 1", ("layer1 · 2 个块", line))
        said = level_of_detail._cost_lines(card, QRectF(0, 0, 120, 200), 1.0)
    finally:
        translator.set_language("en")
    assert said == ("216 K 参数", "668 M MACs")


@pytest.mark.parametrize(
    ("exact", "rounded"), [("1.27 M", "1.3M"), ("39.7 K", "40K"), ("9.96 G", "10G"), ("928", "928")]
)
def test_totals_are_rounded_where_there_is_little_room(exact: str, rounded: str) -> None:
    assert level_of_detail._round_number(exact) == rounded


@pytest.mark.parametrize(("scale", "above"), [(0.14, True), (0.19, True), (0.21, True), (0.25, False), (0.45, False)])
def test_from_any_distance_ends_say_what_they_are(scale: float, above: bool) -> None:
    """On the card where that has room, else above it."""
    far = stages(scale)
    for left in (60, 660):
        card = QRectF(left * scale, 120 * scale, 92 * scale, 50 * scale)
        assert has_ink(far, QRectF(card.left() - 4, card.top() - 15, card.width() + 8, 14)) == above
        assert above or has_ink(far, card.adjusted(8, 2, -2, -2))
