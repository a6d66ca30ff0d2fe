"""Whatever is on a page: the legend says what is painted and nothing else, texts stay apart, and pages are filled.

Each run takes one network of each kind of structure; `--long` all networks at all levels on all pages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import get_args

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication, QPainter, QPainterPath, QPicture

import explorer
from explorer.base.languages import translator
from explorer.drawing import cards
from explorer.drawing.card_text import fit_chips
from explorer.drawing.icons import icon_path
from explorer.drawing.legend import LegendText, kind_label, place_entries
from explorer.drawing.picture import Picture
from explorer.drawing.theme import text_width
from explorer.export.network_sheet import build_content, build_network_sheet
from explorer.export.page import Page
from explorer.export.pair_sheet import PairContent, PairSide, build_pair_sheet
from explorer.export.paper import PAPERS
from explorer.export.sheet import Sheet
from explorer.export.sheet_files import render_bitmap
from explorer.export.sheet_text import sheet_text
from explorer.export.surroundings import SheetText
from explorer.layout import Box
from explorer.network import Network
from explorer.presenters import expanded_at_level
from explorer.presenters.differences import compare_networks
from explorer.viewmodels.diagram import COLOUR_MODES, LEVELS, Card, Kind, Level
from tests.conftest import KEYS, TYPICAL

Open = Callable[[str], Network]

#: One network of each kind of structure at one level, so that all levels come up.
SAMPLE = [(key, LEVELS[number % 3]) for number, key in enumerate(TYPICAL)]
_LATIN, _HAN = (
    "VeryLongClassNameWithoutAnySpaceInIt_" * 4,
    "残差网络的第三个阶段里，所有卷积都换成了深度可分离卷积。" * 4,
)


@pytest.fixture(autouse=True)
def english_afterwards(qapp: QGuiApplication) -> Iterator[None]:
    yield
    translator.set_language("en")


@pytest.fixture
def painted_kinds(monkeypatch: pytest.MonkeyPatch) -> set[Kind]:
    """Kinds that cards show, by their icons and by the words for what is fused on them, as they are painted."""
    found: set[Kind] = set()

    def note_icon(kind: Kind) -> QPainterPath:
        found.add(kind)
        return icon_path(kind)

    def note_chips(card: Card, width: float) -> list[tuple[Kind, str]]:
        fitting = fit_chips(card, width)
        found.update(kind for kind, _ in fitting)
        return fitting

    monkeypatch.setattr(cards, "icon_path", note_icon)
    monkeypatch.setattr(cards, "fit_chips", note_chips)
    return found


def pictures_of(sheet: Sheet) -> tuple[Picture, ...]:
    content = sheet.content
    if isinstance(content, PairContent):
        return content.pictures
    assert isinstance(content, Picture)
    return (content,)


def check_legend(sheet: Sheet, painted_kinds: set[Kind]) -> None:
    """Assert that each thing that is painted is said once, and nothing else."""
    pictures = pictures_of(sheet)
    announced: set[tuple[str, str]] = set()
    painted_kinds.clear()
    recorded = QPicture()
    painter = QPainter(recorded)
    for picture in pictures:
        picture.paint(painter, sheet.theme, picture.bounds, 2.0, announce=lambda *what: announced.add(what))
    painter.end()
    entries = [(entry, text) for entry, *_, text in place_entries(sheet.around.entries, sheet.around.width)]
    texts = [text for _, text in entries]
    by_side = any(text.startswith("B · ") for text in texts)  # two scales, which may have the same end
    assert by_side or len(set(texts)) == len(texts), texts
    said = {entry for entry, _ in entries if not isinstance(entry, LegendText)}
    shown = [picture.diagram.cards[id] for picture in pictures for kind, id in announced if _is_card(picture, kind, id)]
    has_kinds = all(picture.diagram.scale is None for picture in pictures)
    assert said & {*get_args(Kind)} == ({kind for kind in painted_kinds if kind_label(kind)} if has_kinds else set())
    assert ("skip" in said) == any(kind == "shortcuts" for kind, _ in announced)
    words = {entry.text for entry, _ in entries if isinstance(entry, LegendText)}
    for change in ("changed", "added", "off", "removed"):
        assert (change in said or change in words) == any(card.change == change for card in shown), change
    bars = any(card.bar_share > 0 and card.change not in ("off", "removed") for card in shown)
    assert bars == any(isinstance(entry, LegendText) and entry.symbol == "bar" for entry, _ in entries)


def _is_card(picture: Picture, kind: str, id: str) -> bool:
    return kind in ("card", "frame") and id in picture.diagram.cards


def text_boxes(sheet: Sheet) -> Iterator[tuple[str, Box]]:
    """Every text and entry of the legend around a picture, on the sheet."""
    around, scale = sheet.around, sheet.text_scale
    corners = ((around.above, sheet.margin, sheet.margin), (around.below, sheet.below_place.x(), sheet.below_place.y()))
    for texts, left, top in corners:
        for text in texts:
            width, high = text_width(text.text, text.pixels, text.is_bold), text.pixels
            box = Box(left + text.x * scale, top + (text.y - 0.75 * high) * scale, width * scale, high * scale)
            yield text.text, box
    for _, x, y, inset, label in place_entries(around.entries, around.width):
        left, top = sheet.below_place.x() + x * scale, sheet.below_place.y() + (around.legend_top + y + 2) * scale
        yield label, Box(left, top, (inset + text_width(label, 11)) * scale, 14 * scale)


def check_places(sheet: Sheet) -> None:
    """Assert that texts, legend and picture are inside of the page and none is on another."""
    place, zoom, format_ = sheet.content_place, sheet.zoom, sheet.page.format
    picture = Box(place.x(), place.y(), sheet.content.width * zoom, sheet.content.height * zoom)
    boxes = [("the picture", picture), *text_boxes(sheet)]
    for what, box in boxes:
        assert box.x >= sheet.margin - 0.6, what
        assert box.x + box.width <= sheet.width - sheet.margin + 0.6, what
        assert box.y >= 0, what
        assert box.y + box.height <= sheet.height, what
    for (one, a), (two, b) in combinations(boxes, 2):
        apart_across = a.x + a.width <= b.x + 0.6 or b.x + b.width <= a.x + 0.6
        assert apart_across or a.y + a.height <= b.y + 0.6 or b.y + b.height <= a.y + 0.6, (one, two)
    if format_ is not None and format_.is_fixed:
        assert sheet.height == pytest.approx(format_.height * 96, abs=0.5)
    elif format_ is not None:
        assert sheet.height <= format_.height * 96 + 0.5


def filled(sheet: Sheet) -> float:
    """The part of its room that a picture takes; of a column, which may be lower, of its width or its height."""
    width, height = (
        side * sheet.zoom / room
        for side, room in ((sheet.content.width, sheet.room.width), (sheet.content.height, sheet.room.height))
    )
    return width * height if sheet.page.format is not None and sheet.page.format.is_fixed else max(width, height)


def check(network: Network, level: Level, language: str, painted_kinds: set[Kind]) -> None:
    """Check a network on all pages."""
    translator.set_language(language)
    for paper in (None, *PAPERS):
        sheet = build_network_sheet(network, Page(level=level, paper=paper, figures=paper in ("a4", "ieee-column")))
        check_places(sheet)
        check_legend(sheet, painted_kinds)
        if paper is not None and sheet.zoom < sheet.page.max_zoom - 1e-6:  # else it is as large as it may be
            assert filled(sheet) > 0.6, (level, paper)
            assert sheet.content.width * sheet.zoom > 0.6 * sheet.room.width, (level, paper)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("key", "level"), SAMPLE)
def test_every_page_is_filled_and_explained(
    opened: Open, painted_kinds: set[Kind], key: str, level: Level, language: str
) -> None:
    check(opened(key), level, language, painted_kinds)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_of_all_networks(opened: Open, painted_kinds: set[Kind], language: str, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--long"):
        pytest.skip("with --long")
    for key in KEYS:
        for level in LEVELS[:3]:
            check(opened(key), level, language, painted_kinds)


@pytest.fixture(scope="module")
def edited(opened: Open) -> Network:
    return opened("resnet18").edit(
        explorer.ToggleShortcut("layer2.0", on=False),
        explorer.SwapActivation("layer1", "gelu"),
        explorer.RemoveBlock("layer3.1"),
    )


@pytest.mark.parametrize("by", COLOUR_MODES)
@pytest.mark.parametrize("deltas", [False, True])
def test_edits_are_explained(edited: Network, painted_kinds: set[Kind], by: str, deltas: bool) -> None:
    for level in LEVELS[:3]:
        page = Page(level=level, by=by, deltas=deltas)
        content = build_content(edited, page)
        for paper in (None, "16:9", "ieee-column"):
            sheet = Sheet(content, Page(level=level, by=by, deltas=deltas, paper=paper), sheet_text(edited))
            check_places(sheet)
            check_legend(sheet, painted_kinds)


@pytest.mark.parametrize("by", COLOUR_MODES)
@pytest.mark.parametrize("paper", [None, "16:9", "ieee-column"])
def test_a_pair_is_explained(
    opened: Open, edited: Network, painted_kinds: set[Kind], by: str, paper: str | None
) -> None:
    """Figures of each side have a scale of their own, which says whose it is."""
    before = opened("resnet18")
    one, two = (PairSide(each, each.title, expanded_at_level(each.analysis, "units")) for each in (before, edited))
    sheet = build_pair_sheet(one, two, compare_networks(before.analysis, edited.analysis), Page(by=by, paper=paper))
    check_places(sheet)
    check_legend(sheet, painted_kinds)
    assert isinstance(sheet.content, PairContent)
    left, right = (picture.diagram.scale for picture in sheet.content.pictures)
    titles = [entry.text for entry in sheet.content.legend if isinstance(entry, LegendText) and entry.symbol == "title"]
    if left is None or right is None:
        assert not titles
    elif not left.labels and (left.low, left.high) != (right.low, right.high):
        assert titles == [f"A · {left.title}", f"B · {right.title}"]
    else:
        assert titles == [left.title]


def test_parts_of_networks_are_explained(opened: Open, painted_kinds: set[Kind]) -> None:
    for key, part in (
        ("densenet121", "features.denseblock2"),
        ("googlenet_2014", "inception3a"),
        ("resnet18", "conv1"),
    ):
        for level in LEVELS[:3]:
            for paper in (None, "16:9", "a4", "ieee-column"):
                sheet = build_network_sheet(opened(key), Page(level=level, paper=paper), [part])
                check_places(sheet)
                check_legend(sheet, painted_kinds)


@pytest.mark.parametrize("paper", [None, *PAPERS])
@pytest.mark.parametrize("text", [_LATIN, _HAN, f"{_LATIN} {_HAN}", f"{_HAN} {_LATIN}", "W" * 300])
def test_texts_without_a_space_are_wrapped_too(opened: Open, paper: str | None, text: str) -> None:
    content = build_content(opened("resnet18"), Page(level="stages"))
    page = Page(paper=paper, title_text=text, subtitle=text if paper else "", caption_text=text)
    sheet = Sheet(content, page, SheetText())
    check_places(sheet)
    for texts in (sheet.around.above, sheet.around.below):
        written = "".join(each.text for each in texts).replace(" ", "")
        assert written == (text + page.subtitle if texts is sheet.around.above else text).replace(" ", "")
    for line in (*sheet.around.above, *sheet.around.below):
        assert line.text[:1] not in "，。", "no line begins with a mark that ends a phrase"


@pytest.mark.parametrize("dpi", [30.0, 60.0, 110.0])
@pytest.mark.parametrize(
    ("key", "level", "part"), [("densenet121", "units", "features.denseblock1"), ("vgg16", "ops", "")]
)
def test_nothing_of_a_picture_is_painted_on_what_stands_around_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch, key: str, level: Level, part: str, dpi: float
) -> None:
    """Where cards are too small for titles, those of stages must not stand on the title of the page."""
    page = Page(level=level, paper="16:9", dpi=dpi)
    sheet = build_network_sheet(opened(key), page, [part] if part else [])
    painted = render_bitmap(sheet)
    with monkeypatch.context() as patch:
        patch.setattr(Sheet, "_paint_content", lambda *_: None)
        around = render_bitmap(sheet)
    assert painted != around
    top, below = (math.floor(place.y() * sheet.scale) for place in (sheet.content_place, sheet.below_place))
    for rows in (QRect(0, 0, painted.width(), top), QRect(0, below + 2, painted.width(), painted.height() - below - 2)):
        assert painted.copy(rows) == around.copy(rows)


@pytest.mark.parametrize("key", TYPICAL)
def test_parts_alone_fill_a_page(opened: Open, key: str) -> None:
    """What cannot be broken, such as a block with a shortcut, is wrapped beside it, or flows to the right."""
    groups = opened(key).analysis.hierarchy.root.children
    inner = [part for group in groups if not isinstance(group, str) for part in (group, *group.children[:2])]
    for part in {part.id for part in inner if not isinstance(part, str) and len(part.all_nodes) > 6}:
        sheet = build_network_sheet(opened(key), Page(level="units", paper="16:9"), [part])
        assert filled(sheet) > 0.45 or sheet.text_points > 9, (part, filled(sheet), sheet.text_points)


def test_a_block_with_a_shortcut_is_wrapped(opened: Open) -> None:
    for key, part in (("efficientnet_b0", "features.2.1"), ("convnext_tiny", "features.1.0"), ("resnet18", "layer2")):
        sheet = build_network_sheet(opened(key), Page(level="units", paper="16:9"), [part])
        assert filled(sheet) > 0.85
        assert sheet.is_readable
