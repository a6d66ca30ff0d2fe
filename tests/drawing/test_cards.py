"""Cards are as large as what stands on them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QGuiApplication, QImage, QPainter

from explorer.drawing import LIGHT, card_text, cards, level_of_detail
from explorer.viewmodels.diagram import Card, Kind

CHIPS: tuple[tuple[Kind, str], ...] = (("norm", "BN"), ("activation", "ReLU6"), ("dropout", "Dropout"))


@pytest.mark.usefixtures("qapp")
class TestSize:
    def test_more_on_a_card_makes_it_no_smaller(self) -> None:
        plain = Card("a", "conv", "Depthwise separable 3×3")
        more = Card("a", "conv", plain.title, ("32 → 64 · s2",), is_expandable=True, chips=CHIPS)
        assert all(b > a for a, b in zip(card_text.card_size(plain), card_text.card_size(more), strict=True))

    def test_a_card_has_bounds_whatever_stands_on_it(self) -> None:
        wide, _ = card_text.card_size(Card("a", "conv", "W" * 400, ("m" * 400,), chips=CHIPS * 20))
        least, _ = card_text.card_size(Card("a", "conv", ""))
        assert least < wide <= 290

    def test_round_cards_are_round(self) -> None:
        width, height = card_text.card_size(Card("a", "add", "+", is_round=True))
        assert width == height


@pytest.mark.usefixtures("qapp")
class TestChips:
    def test_the_op_a_card_is_named_after_is_no_chip(self) -> None:
        card = Card("a", "conv", "Conv 3×3", chips=(("conv", "Conv 3×3"), *CHIPS))
        assert card_text.fit_chips(card, 500) == list(CHIPS)

    def test_chips_that_do_not_fit_are_counted(self) -> None:
        card = Card("a", "conv", "Conv 3×3", chips=CHIPS * 4)
        shown = card_text.fit_chips(card, 226)
        count = len(shown) - 1
        assert 0 < count < 12
        assert shown[-1][1] == f"+{12 - count}"
        assert card_text._chips_width(shown) <= 227

    def test_all_fit_on_a_card_made_for_them(self) -> None:
        card = Card("a", "conv", "Conv 3×3", chips=CHIPS)
        assert card_text.fit_chips(card, card_text.card_size(card)[0] - 24) == list(CHIPS)


def test_nothing_is_painted_outside_a_card(qapp: QGuiApplication) -> None:
    card = Card("a", "conv", "W" * 60, ("m" * 90,), is_expandable=True, chips=CHIPS * 9)
    width, height = card_text.card_size(card)
    image = QImage(round(width) + 40, round(height) + 40, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    cards.paint_card(painter, card, QRectF(20, 20, width, height), LIGHT, 1.0)
    painter.end()
    outside = [(x, y) for x in (5, 17, image.width() - 18, image.width() - 5) for y in range(image.height())]
    assert {image.pixel(x, y) for x, y in outside} == {0xFFFFFFFF}


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    ("title", "room", "rows", "lines"),
    [
        ("Conv 3×3", 200, 1, ("Conv 3×3",)),
        ("Inverted residual", 50, 2, ("Inverted", "residual")),
        ("Max pool 3×3", 45, 1, ("Max pool",)),
        ("Conv 3×3", 25, 1, ("Conv",)),
        ("Max pool", 25, 1, ()),
        ("Conv 3×3", 200, 0, ()),
        ("全局平均池化", 40, 1, ("全局平…",)),
        ("全局平均池化", 30, 1, ("全局…",)),
        ("全局平均池化", 20, 1, ()),
    ],
)
def test_from_afar_titles_are_shortened_by_words(title: str, room: int, rows: int, lines: tuple[str, ...]) -> None:
    assert level_of_detail._fit_title(title, room, rows) == lines


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    ("room", "rows", "lines"),
    [
        (200, 1, ("Inverted residual ×2",)),
        (60, 2, ("Inverted", "residual ×2")),
        (46, 2, ("Inverted", "residual")),
        (90, 1, ("Inverted residual",)),
    ],
)
def test_from_afar_a_stack_says_how_many_it_is(room: int, rows: int, lines: tuple[str, ...]) -> None:
    assert level_of_detail._fit_title("Inverted residual", room, rows, 2) == lines


@pytest.mark.usefixtures("qapp")
def test_from_afar_a_single_word_keeps_its_beginning() -> None:
    (line,) = level_of_detail._fit_title("Depthwise", 40, 1)
    assert "Depthwise".startswith(line.removesuffix("…"))
    assert len(line) > 5


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("features.denseblock1.denselayer3", 400, "features.denseblock1.denselayer3"),
        ("features.denseblock1.denselayer3", 90, "…denselayer3"),
        ("layer1.0", 25, "…0"),
        ("64 → 64", 400, "64 → 64"),
    ],
)
def test_a_path_keeps_its_end(text: str, room: int, shown: str) -> None:
    assert card_text.elide(text, 11, room, False) == shown


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("text", ["64 → 64 · s2 · d1.5", "features.denselayer"])
def test_what_does_not_fit_either_way_ends_early(text: str) -> None:
    assert card_text.elide(text, 11, 50, False).endswith("…")


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(("room", "shown"), [(300, "Squeeze-and-excitation"), (120, "SE")])
def test_a_narrow_frame_has_a_shorter_title(room: int, shown: str) -> None:
    assert card_text._fit_heading("Squeeze-and-excitation", room) == shown
