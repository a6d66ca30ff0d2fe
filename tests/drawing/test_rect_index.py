"""Looking rectangles up finds exactly what asking each of them would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF

from explorer.drawing.rect_index import RectIndex

places = st.integers(-3000, 90_000)
sizes = st.integers(1, 30_000) | st.integers(1, 40)
rects = st.builds(lambda x, y, w, h: QRectF(x, y, w, h), places, places, sizes, sizes)


@given(st.lists(rects, max_size=30), rects)
def test_what_lies_in_a_part_is_found_in_order(known: list[QRectF], part: QRectF) -> None:
    assert RectIndex(known).query(part) == [n for n, rect in enumerate(known) if rect.intersects(part)]


@given(st.lists(rects, max_size=30), rects, st.integers(0, 40))
def test_what_is_too_small_can_be_left_out(known: list[QRectF], part: QRectF, least: int) -> None:
    large = [n for n, rect in enumerate(known) if max(rect.width(), rect.height()) >= least]
    near = RectIndex(known)
    assert near.query(part, least) == [n for n in near.query(part) if n in large]


def test_a_part_where_nothing_is_holds_nothing() -> None:
    assert RectIndex([]).query(QRectF(0, 0, 1e6, 1e6)) == []
    assert RectIndex([QRectF(0, 0, 10, 10)]).query(QRectF(5000, 5000, 10, 10)) == []


def test_borders_that_only_touch_do_not_meet_and_a_side_of_just_the_least_is_enough() -> None:
    index = RectIndex([QRectF(0, 0, 10, 10)])
    for x, y in ((10, 0), (-10, 0), (0, 10), (0, -10)):
        assert index.query(QRectF(x, y, 10, 10)) == []
    assert index.query(QRectF(9, 9, 10, 10), 10) == [0]
    assert index.query(QRectF(9, 9, 10, 10), 10.1) == []
