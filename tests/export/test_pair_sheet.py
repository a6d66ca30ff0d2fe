"""Two networks on one sheet: every card of both, what differs marked, both names, in every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pptx
import pytest
from PIL import Image

from explorer.base.cancellation import always
from explorer.drawing import Picture
from explorer.edits import RemoveBlock, SwapActivation
from explorer.export.documents.files import export_document
from explorer.export.documents.scene_of_sheet import build_scene
from explorer.export.page import Page
from explorer.export.pair_sheet import PairContent, PairSide, build_pair_sheet, build_pair_sheets
from explorer.export.sheet import Sheet
from explorer.export.sheet_files import export_image, render_svg
from explorer.network import Network
from explorer.presenters import expanded_at_level
from explorer.presenters.differences import compare_networks, compare_with_baseline
from explorer.ui.comparison.pair_export import write_pair_job
from tests.export.documents.readers import read_drawio, read_pptx

Open = Callable[[str], Network]


def build(one: Network, two: Network, page: Page = Page()) -> Sheet:
    compare = compare_with_baseline if one.context is two.context else compare_networks
    left, right = (PairSide(n, n.title, expanded_at_level(n.analysis, "blocks")) for n in (one, two))
    return build_pair_sheet(left, right, compare(one.analysis, two.analysis), page)


@pytest.mark.usefixtures("qapp")
def test_what_edits_did_is_marked_on_both_sides(opened: Open) -> None:
    base = opened("resnet18").baseline
    sheet = build(base, base.edit(SwapActivation("layer1.0", "gelu"), RemoveBlock("layer3.1")))
    content = sheet.content
    assert isinstance(content, PairContent)
    assert content.legend
    left, right = ({c.id: c.change for c in p.diagram.cards.values()} for p in content.pictures)
    assert left["layer3.1"] == "removed"
    assert "layer3.1" not in right
    assert (left["layer1.0"], right["layer1.0"]) == ("changed", "changed")
    assert {left["layer2.0"], right["layer2.0"]} == {"same"}
    assert not any(card.is_expandable for p in content.pictures for card in p.diagram.cards.values())
    assert sheet.title == f"{base.title} → {base.title}"
    assert "1 removed" in sheet.page.subtitle


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("keys", [("resnet18", "resnet34"), ("alexnet", "vgg11"), ("mobilenet_v2", "mobilenet_v2")])
def test_every_card_of_both_is_a_group_of_the_svg(opened: Open, keys: tuple[str, str]) -> None:
    sheet = build(opened(keys[0]), opened(keys[1]))
    content = sheet.content
    assert isinstance(content, PairContent)
    ids = {element.get("id") or "" for element in ElementTree.fromstring(render_svg(sheet)).iter()}
    for letter, picture in zip("AB", content.pictures, strict=True):
        cards = [id for id in picture.diagram.cards if not picture.is_frame(id)]
        assert sum(id.startswith(f"card-{letter}-") for id in ids) == len(cards)
    changes = {card.change for picture in content.pictures for card in picture.diagram.cards.values()}
    assert changes == {"same"} if keys[0] == keys[1] else changes & {"changed", "added", "removed"}


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(("paper", "is_beside"), [("16:9", True), ("ieee-column", False)])
def test_on_a_page_they_stand_as_they_are_largest(opened: Open, paper: str, is_beside: bool) -> None:
    network = opened("mobilenet_v2")
    sheet = build(network, network, Page(paper=paper))
    content = sheet.content
    assert isinstance(content, PairContent)
    assert content.is_beside == is_beside
    other = PairContent(content.pictures, content.names, is_beside=not is_beside)
    assert sheet.zoom > Sheet(other, sheet.page).zoom


@pytest.mark.usefixtures("qapp")
def test_files_of_every_format(opened: Open, tmp_path: Path) -> None:
    sheet = build(opened("alexnet"), opened("vgg11"))
    for suffix, head in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        path = tmp_path / f"pair{suffix}"
        export_image(sheet, path)
        assert path.read_bytes().startswith(head)
    with Image.open(tmp_path / "pair.png") as image:
        assert image.size == (round(sheet.width * sheet.scale), round(sheet.height * sheet.scale))


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("paper", [None, "16:9"])
@pytest.mark.parametrize("keys", [("resnet18", "resnet34"), ("alexnet", "googlenet_2014")])
def test_slides_hold_both_as_shapes_with_what_differs(
    opened: Open, tmp_path: Path, keys: tuple[str, str], paper: str | None
) -> None:
    one, two = (opened(key) for key in keys)
    sheet = build(one, two, Page(paper=paper))
    content, scene = sheet.content, build_scene(sheet)
    assert isinstance(content, PairContent)
    changes = {
        f"{letter}-{id}": card.change
        for letter, picture in zip("AB", content.pictures, strict=True)
        for id, card in picture.diagram.cards.items()
    }
    for suffix, read in ((".pptx", read_pptx), (".drawio", read_drawio)):
        path = tmp_path / f"pair{suffix}"
        export_document([sheet], path, two)
        cards, links = read(path)
        assert Counter(cards) == Counter(changes.keys())
        assert len(links) == sum(len(picture.diagram.links) for picture in content.pictures)
        assert all(source[0] == target[0] for source, target in links)  # none from one network to the other
    assert {card.id: card.change for card in scene.cards} == changes
    left, right = ([card.box for card in scene.cards if card.id.startswith(letter)] for letter in "AB")
    if content.is_beside:
        assert max(box.x + box.width for box in left) < min(box.x for box in right)
    else:
        assert max(box.y + box.height for box in left) < min(box.y for box in right)
    assert all(box.x >= 0 and box.x + box.width <= scene.width + 1 for box in (*left, *right))
    assert [text.text for text in scene.texts if text.is_bold][:2] == list(content.names)


def test_on_a_slide_both_are_wrapped_for_their_half(opened: Open) -> None:
    def unfold(network: Network) -> PairSide:
        return PairSide(network, network.title, expanded_at_level(network.analysis, "stages"))

    one, two = opened("resnet18"), opened("resnet50")
    differences = compare_networks(one.analysis, two.analysis)
    page = Page(paper="16:9")
    sheet = build_pair_sheet(unfold(one), unfold(two), differences, page)
    assert sheet.is_readable
    content = sheet.content
    assert isinstance(content, PairContent)
    assert content.width * sheet.zoom <= sheet.room.width + 1
    assert content.width * sheet.zoom > 0.9 * sheet.room.width  # no column in the middle of an empty slide


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".pptx", ".drawio", ".tex"])
def test_every_format_that_is_offered_is_written(opened: Open, tmp_path: Path, suffix: str) -> None:
    network = opened("resnet18")
    side = PairSide(network, network.title, expanded_at_level(network.analysis, "stages"))
    differences = compare_networks(network.analysis, network.analysis)
    write_pair_job(side, side, differences, Page(), tmp_path / f"a{suffix}")(always)
    assert (tmp_path / f"a{suffix}").stat().st_size > 1000


def test_a_pair_too_small_for_a_slide_takes_several(opened: Open, tmp_path: Path) -> None:
    """Each network on its own, with every card once, what differs marked and headed by it."""
    one = opened("mobilenet_v2")
    two = one.edit(RemoveBlock("features.6"), SwapActivation("features.8", "gelu"))
    left, right = (PairSide(n, n.title, expanded_at_level(n.analysis, "blocks")) for n in (one, two))
    differences = compare_with_baseline(one.analysis, two.analysis)
    page = Page(paper="16:9")
    single = build_pair_sheet(left, right, differences, page)
    assert not single.is_readable
    sheets = build_pair_sheets(left, right, differences, page)
    assert all(sheet.is_readable for sheet in sheets)
    assert {sheet.title[0] for sheet in sheets} == {"A", "B"}
    assert all(single.page.subtitle in sheet.page.subtitle for sheet in sheets)
    assert isinstance(single.content, PairContent)
    for letter, picture in zip("AB", single.content.pictures, strict=True):
        contents = [sheet.content for sheet in sheets if sheet.title[0] == letter]
        diagrams = [content.diagram for content in contents if isinstance(content, Picture)]
        cards = Counter(id for diagram in diagrams for id in diagram.cards if id in picture.diagram.cards)
        leaves = picture.diagram.cards.keys() - picture.diagram.children.keys()
        assert {id: cards[id] for id in leaves} == dict.fromkeys(leaves, 1)
    left_small, right_small = (PairSide(n, n.title, frozenset()) for n in (one, two))
    assert len(build_pair_sheets(left_small, right_small, differences, page)) == 1
    write_pair_job(left, right, differences, Page(), tmp_path / "pair.pptx")(always)
    assert len(pptx.Presentation(str(tmp_path / "pair.pptx")).slides) == len(sheets)
