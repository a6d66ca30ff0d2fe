"""A picture whose text nobody could read on one page stands on several: every card on one, links go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QGuiApplication

import explorer
from explorer.drawing.picture import Picture
from explorer.export.network_sheet import build_network_sheet, build_network_sheets
from explorer.export.page import POINTS_TOLERANCE, Page
from explorer.export.paper import PAPERS
from explorer.export.sheet import Sheet
from explorer.network import Network
from explorer.presenters.diagram_parts import DiagramParts
from explorer.viewmodels.diagram import Diagram

CASES = [
    ("densenet121", "blocks", "16:9"),
    ("mobilenet_v2", "blocks", "16:9"),
    ("googlenet", "units", "a4"),
    ("shufflenet_v2_x1_0", "units", "a4"),
    ("vgg16", "units", "a4-landscape"),
]


def diagram_of(sheet: Sheet) -> Diagram:
    assert isinstance(sheet.content, Picture)
    return sheet.content.diagram


def own_cards(sheet: Sheet, whole: Diagram) -> list[str]:
    return [id for id in diagram_of(sheet).cards if id in whole.cards and id not in whole.children]


@pytest.mark.parametrize(("key", "level", "paper"), CASES)
def test_text_is_never_too_small_and_nothing_is_lost(
    opened: Callable[[str], Network], qapp: QGuiApplication, key: str, level: str, paper: str
) -> None:
    page = Page(paper=paper, level=level)  # type: ignore[arg-type]
    single = build_network_sheet(opened(key), page)
    assert not single.is_readable
    sheets, whole = build_network_sheets(opened(key), page), diagram_of(single)
    assert len(sheets) > 1
    for sheet in sheets:
        assert sheet.text_points >= PAPERS[paper].min_points - 2 * POINTS_TOLERANCE
        assert (sheet.width, sheet.height) == pytest.approx((single.width, single.height))
    held = [id for sheet in sheets for id in own_cards(sheet, whole)]
    assert sorted(held) == sorted(whole.cards.keys() - whole.children.keys())
    assert max(s.text_points for s in sheets) - min(s.text_points for s in sheets) < POINTS_TOLERANCE  # one size


@pytest.mark.parametrize(("key", "level", "paper"), CASES[:2])
def test_a_link_that_goes_on_says_where(
    opened: Callable[[str], Network], qapp: QGuiApplication, key: str, level: str, paper: str
) -> None:
    page = Page(paper=paper, level=level)  # type: ignore[arg-type]
    whole = diagram_of(build_network_sheet(opened(key), page))
    sheets = build_network_sheets(opened(key), page)
    page_of = {id: number for number, sheet in enumerate(sheets, 1) for id in own_cards(sheet, whole)}
    for number, sheet in enumerate(sheets, 1):
        diagram = diagram_of(sheet)
        other = {id: card for id, card in diagram.cards.items() if id not in whole.cards}
        read = {page_of[a.source] for a in whole.links if page_of[a.target] == number > page_of[a.source]}
        onward = {page_of[a.target] for a in whole.links if page_of[a.source] == number < page_of[a.target]}
        before = [card for card in other.values() if card.kind == "input"]
        after = [card for card in other.values() if card.kind == "output"]
        assert (len(before), len(after)) == (bool(read), bool(onward))
        for card, pages in ((card, read) for card in before):
            numbers = [int(found) for found in re.findall(r"parts? (\d+)(?: to (\d+))?", card.lines[0])[0] if found]
            assert (min(numbers), max(numbers)) == (min(pages), max(pages))
        for card in after:
            assert str(min(onward)) in card.title
            assert str(max(onward)) in card.title
        targets = {link.target for link in diagram.links if link.source in {card.id for card in before}}
        assert targets == {a.target for a in whole.links if page_of[a.target] == number and page_of[a.source] < number}
        sources = {link.source for link in diagram.links if link.target in {card.id for card in after}}
        assert sources == {a.source for a in whole.links if page_of[a.source] == number and page_of[a.target] > number}


def test_a_cut_runs_between_stages_where_it_can(opened: Callable[[str], Network], qapp: QGuiApplication) -> None:
    sheets = build_network_sheets(opened("mobilenet_v2"), Page(paper="16:9", level="blocks"))
    assert len(sheets) == 2
    assert not any("continued" in card.title for sheet in sheets for card in diagram_of(sheet).cards.values())


def test_text_of_a_size_that_is_asked_for_takes_the_pages_it_needs(
    opened: Callable[[str], Network], qapp: QGuiApplication
) -> None:
    page = Page(paper="16:9", level="blocks", text_points=12)
    sheets = build_network_sheets(opened("resnet18"), page)
    assert len(sheets) > 1
    assert all(sheet.text_points == pytest.approx(12, abs=2 * POINTS_TOLERANCE) for sheet in sheets)
    assert len(build_network_sheets(opened("resnet18"), replace(page, slides="one"))) == 1


def test_a_part_says_what_is_in_it(opened: Callable[[str], Network], qapp: QGuiApplication) -> None:
    network = opened("densenet121")
    sheets = build_network_sheets(network, Page(paper="16:9", level="blocks"))
    counts = [int(sheet.words.caption.split(" parameters")[0].replace(",", "")) for sheet in sheets]
    assert sum(counts) == network.figures.total.params
    assert "and 32×28×28 and" not in " ".join(sheet.words.caption for sheet in sheets)  # equal ones are counted


def test_files_have_a_page_for_each_part(
    opened: Callable[[str], Network], qapp: QGuiApplication, tmp_path: Path
) -> None:
    network = opened("mobilenet_v2")
    for paper, pages in (("16:9", 2), (None, 1), ("ieee-column", 1)):
        explorer.save_diagram(network, tmp_path / "a.pdf", paper=paper)
        assert len(re.findall(rb"/Type /Page\b", (tmp_path / "a.pdf").read_bytes())) == pages
    explorer.save_diagram(network, tmp_path / "a.drawio", paper="16:9")
    assert (tmp_path / "a.drawio").read_text().count("<diagram ") == 2


def test_a_picture_that_no_number_of_pages_makes_readable_stays_one(
    opened: Callable[[str], Network], qapp: QGuiApplication
) -> None:
    page = Page(paper="16:9", level="blocks", text_points=30)
    assert len(build_network_sheets(opened("densenet121"), page)) == 1


def test_parts_are_the_whole_where_nothing_is_cut(opened: Callable[[str], Network], qapp: QGuiApplication) -> None:
    whole = diagram_of(build_network_sheet(opened("resnet18"), Page()))
    parts = DiagramParts(whole)
    taken = parts.take(0, len(parts.cards), lambda place: 1)
    assert (taken.children, set(taken.cards), set(taken.links)) == (whole.children, set(whole.cards), set(whole.links))


def test_levels_and_steps_of_edits_are_spread_too(
    opened: Callable[[str], Network], qapp: QGuiApplication, tmp_path: Path
) -> None:
    network = opened("mobilenet_v2").edit(explorer.SwapActivation("*", "gelu"))
    for slides, titles in (("levels", 3), ("edits", 2)):
        page = Page(paper="16:9", level="blocks", slides=slides)  # type: ignore[arg-type]
        sheets = build_network_sheets(network, page)
        assert all(sheet.is_readable for sheet in sheets)
        assert len(sheets) > len({sheet.page.subtitle.partition(" · ")[0] for sheet in sheets}) >= titles
        whole = {id for sheet in sheets[: 1 if slides == "levels" else 2] for id in diagram_of(sheet).cards}
        assert "output" in whole  # the first picture is whole
    explorer.save_diagram(network, tmp_path / "a.gif", paper="16:9", level="blocks")
    with Image.open(tmp_path / "a.gif") as animation:
        assert getattr(animation, "n_frames", 1) == 2  # a step of an animation is one picture


def test_a_part_of_a_selection_counts_what_is_in_it(opened: Callable[[str], Network], qapp: QGuiApplication) -> None:
    """The layer whose map goes into the selection is not of it, though a card stands for its map."""
    network = opened("densenet121")
    page, select = Page(paper="16:9", level="units"), ["features.denseblock1"]
    sheets = build_network_sheets(network, page, select)
    assert len(sheets) > 1
    counts = [int(sheet.words.caption.split(" parameters")[0].replace(",", "")) for sheet in sheets]
    whole = build_network_sheet(network, page, select).words.caption
    assert f"{sum(counts):,} parameters" in whole
    assert "input 64×56×56" in whole
    assert "input 64×56×56" in sheets[0].words.caption


@pytest.mark.parametrize(("block", "pages"), [("features.denseblock3", 5), ("features.denseblock4", 4)])
def test_a_page_is_as_it_was_measured(
    opened: Callable[[str], Network], qapp: QGuiApplication, block: str, pages: int
) -> None:
    """Numbers of pages are known at the end: cards that name them do not change the layout, and with it the text."""
    sheets = build_network_sheets(opened("densenet121"), Page(paper="a4", level="units"), [block])
    assert len(sheets) <= pages
    assert all(sheet.is_readable for sheet in sheets)


def test_modules_are_not_cut_for_the_sake_of_wide_numbers(
    opened: Callable[[str], Network], qapp: QGuiApplication
) -> None:
    """Cards that name one page are narrower than those that name several: a concatenation stays with its branches."""
    sheets = build_network_sheets(opened("googlenet"), Page(paper="16:9", level="units"))
    assert len(sheets) <= 11
    assert all(sheet.is_readable for sheet in sheets)
    assert not [sheet.words.caption for sheet in sheets if sheet.words.caption.startswith("0 parameters")]
