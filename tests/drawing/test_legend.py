"""The legend says each thing once, and stays in its box, whatever occurs and in any language."""

from __future__ import annotations

import random
from collections.abc import Iterator
from math import ceil
from typing import get_args

import pytest
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from explorer.base.languages import translator
from explorer.drawing import LIGHT, Picture
from explorer.drawing.legend import (
    LegendEntry,
    LegendMark,
    LegendText,
    kind_label,
    legend_height,
    legend_width,
    paint_legend,
    place_entries,
)
from explorer.layout import Box, Geometry
from explorer.presenters.card_colours import CHANGE_LABELS
from explorer.viewmodels.diagram import Card, Change, ColourScale, Diagram, Kind

EVERYTHING: tuple[LegendEntry, ...] = (
    *(LegendText("word", word) for word in CHANGE_LABELS),
    LegendText("heat", "12 M", "0"),
    *(kind for kind in get_args(Kind) if kind_label(kind)),
    *get_args(LegendMark),
    LegendText("bar", "MACs"),
)


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    translator.set_language("en")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("wider", [0, 0.4, 0.9, 1.1, 60, 400, 1100])
def test_no_entry_stands_outside_its_box(language: str, wider: float) -> None:
    """In boxes as wide as the widest entry, or wider by any amount."""
    translator.set_language(language)
    choice = random.Random(str(wider))
    for _ in range(8):
        entries = choice.sample(EVERYTHING, choice.randint(2, len(EVERYTHING)))
        width = legend_width(entries) + wider
        height = legend_height(entries, width)
        image = QImage(ceil(width) + 80, ceil(height) + 80, QImage.Format.Format_RGB32)
        image.fill(LIGHT.named_colour("canvas"))
        blank = image.copy()
        painter = QPainter(image)
        paint_legend(painter, entries, QRectF(20, 20, width, height), LIGHT)
        painter.end()
        assert image != blank
        below = QRect(0, 20 + ceil(height), image.width(), 60)
        beside = QRect(22 + ceil(width), 0, 58, image.height())
        assert image.copy(below) == blank.copy(below), (entries, width)
        assert image.copy(beside) == blank.copy(beside), (entries, width)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_colours_of_changes_and_their_marks_are_said_once(language: str) -> None:
    translator.set_language(language)
    changes: tuple[Change, ...] = ("changed", "added", "off", "removed")
    labels = {change: change if change != "off" else "unchanged" for change in changes}
    cards: dict[str, Card] = {id: Card(id, "conv", "Conv", change=id, tint_label=labels[id]) for id in changes}
    boxes: dict[str, Box] = {id: Box(0, 60 * n, 99, 40) for n, id in enumerate(changes)}
    scale = ColourScale("Change against baseline", labels=tuple(labels.values()))
    picture = Picture(Diagram("", {"": changes}, cards, (), scale), Geometry(boxes, (), 99, 240))
    texts = [text for *_, text in place_entries(picture.legend, 0)]
    assert len(texts) == len(set(texts)) == 6  # the title, four colours, and what is switched off
