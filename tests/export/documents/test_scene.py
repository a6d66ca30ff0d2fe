"""Whatever the format: every visible card and link is in it, once, and none beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from explorer.base.languages import translator
from explorer.drawing import Picture
from explorer.drawing.theme import text_width
from explorer.drawing.towers import tower_pairs
from explorer.export.documents.files import export_document
from explorer.export.documents.mermaid import write_mermaid
from explorer.export.documents.scene import SheetScene
from explorer.export.documents.scene_of_sheet import build_scene
from explorer.export.documents.tikz import write_tikz
from explorer.export.network_sheet import build_network_sheet
from explorer.export.page import ExportError, Page
from explorer.export.sheet import Sheet
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.viewmodels.diagram import LEVELS, Level
from tests.conftest import KEYS, TYPICAL
from tests.export.documents.readers import (
    Graph,
    read_drawio,
    read_html,
    read_mermaid,
    read_pptx,
    read_tikz,
    shown_at,
)
from tests.export.documents.tikz_reader import read_tikz_picture

#: Each kind of structure at one level, so that all levels come up.
SAMPLE = [(key, LEVELS[number % len(LEVELS)]) for number, key in enumerate(TYPICAL)]
_PAPERS = (None, "16:9", "a4", "neurips")


def check_formats(network: Network, page: Page, folder: Path) -> None:
    """Assert that each format has the cards and links of the diagram that is painted."""
    sheet = build_network_sheet(network, page)
    assert isinstance(sheet.content, Picture)
    diagram = sheet.content.diagram
    cards = Counter({id: card.towers.count if card.towers is not None else 1 for id, card in diagram.cards.items()})
    links: Counter[tuple[str, str]] = Counter()
    for link in diagram.links:
        links[link.source, link.target] += len(tower_pairs(diagram.cards[link.source], diagram.cards[link.target]))
    scene = build_scene(sheet)

    def check(found: Graph) -> None:
        assert Counter(found[0]) == cards
        assert Counter(found[1]) == links

    check(([card.id for card in scene.cards], [(_id(scene, a.source), _id(scene, a.target)) for a in scene.links]))
    for suffix, reader in ((".pptx", read_pptx), (".drawio", read_drawio)):
        export_document([sheet], folder / f"a{suffix}", network)
        check(reader(folder / f"a{suffix}"))
    check(read_tikz(write_tikz([scene])))
    nodes, arrows, texts = read_mermaid(write_mermaid(scene))
    names = {f"n{card.number}": card.id for card in scene.cards}
    check(([names[node] for node in nodes], [(names[a], names[b]) for a, b in arrows]))
    assert all(texts.values())
    check_inside(scene)
    check_page(network, sheet, folder)


def check_page(network: Network, sheet: Sheet, folder: Path) -> None:
    """Assert that the web page has, at each level, the cards and links that the window has."""
    export_document([sheet], folder / "a.html", network)
    text = (folder / "a.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    data = read_html(text)
    for level in LEVELS:
        shown, links = shown_at(data, level)
        diagram = build_diagram(network.analysis, expanded_at_level(network.analysis, level))
        assert Counter(data["cards"][id]["tip"] for id in shown) == Counter(card.tip for card in diagram.cards.values())
        assert len(links) == len({(link.source, link.target) for link in diagram.links})


def check_inside(scene: SheetScene) -> None:
    """Assert that nothing is outside of the sheet, and cards are inside their frames."""
    for card in scene.cards:
        box = card.box
        assert -0.5 <= box.x <= box.x + box.width <= scene.width + 0.5
        assert -0.5 <= box.y <= box.y + box.height <= scene.height + 0.5
        if card.parent is not None:
            outer = scene.cards[card.parent]
            assert outer.is_frame
            assert outer.number < card.number
            assert outer.box.x <= box.x <= box.x + box.width <= outer.box.x + outer.box.width + 0.01


def _id(scene: SheetScene, number: int) -> str:
    return scene.cards[number].id


@pytest.mark.parametrize(("key", "level"), SAMPLE)
def test_every_card_and_link_is_in_every_format_once(
    opened: Callable[[str], Network], tmp_path: Path, key: str, level: Level
) -> None:
    paper = _PAPERS[len(key) % len(_PAPERS)]
    check_formats(opened(key), Page(level=level, paper=paper), tmp_path)


def test_of_all_networks(opened: Callable[[str], Network], tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--long"):
        pytest.skip("with --long")
    for key in KEYS:
        for level in LEVELS:
            if len(opened(key).architecture.live) < 1500:
                check_formats(opened(key), Page(level=level), tmp_path)


def test_towers_stand_apart_and_links_go_from_tower_to_tower(opened: Callable[[str], Network], tmp_path: Path) -> None:
    """AlexNet of 2012 as its paper draws it: two towers, that hear each other at the third convolution alone."""
    network = opened("alexnet_2012")
    sheet = build_network_sheet(network, Page(level="units"))
    scene = build_scene(sheet)
    towers = [card for card, after in pairwise(scene.cards) if card.id == after.id]
    assert len(towers) > 5
    for card in towers:
        other = scene.cards[card.number + 1]
        assert card.box.x + card.box.width < other.box.x
        assert card.rows == other.rows
    numbers = {card.number for card in towers} | {card.number + 1 for card in towers}
    joined = Counter(
        (scene.cards[link.source].id, scene.cards[link.target].id)
        for link in scene.links
        if {link.source, link.target} <= numbers
    )
    assert {*joined.values()} == {2, 4}  # beside each other, and crossing
    for link in scene.links:
        box, target = scene.cards[link.source].box, scene.cards[link.target].box
        assert box.x - 0.1 <= link.points[0][0] <= box.x + box.width + 0.1
        assert target.x - 0.1 <= link.points[-1][0] <= target.x + target.width + 0.1
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(link.points))
    export_document([sheet], tmp_path / "a.pptx", network)
    cards, links = read_pptx(tmp_path / "a.pptx")
    assert len(cards) == len(scene.cards)
    assert len(links) == len(scene.links)


def test_a_table_is_no_diagram(opened: Callable[[str], Network], tmp_path: Path) -> None:
    for suffix in (".pptx", ".html"):
        sheet = build_network_sheet(opened("resnet18"), Page(kind="table"))
        with pytest.raises(ExportError, match="only diagrams"):
            export_document([sheet], tmp_path / f"a{suffix}", opened("resnet18"))
    assert not list(tmp_path.iterdir())


def test_texts_have_room_in_every_language(opened: Callable[[str], Network]) -> None:
    """Boxes were made for letters: “有改动” is as wide as three of them are high."""
    translator.set_language("zh")
    sheet = build_network_sheet(opened("resnet18"), Page(paper="16:9"))
    texts = build_scene(sheet).texts
    translator.set_language("en")
    assert any(char >= "\u4e00" for text in texts for char in text.text)
    for text in texts:
        assert text.roomy_width >= text_width(text.text, text.size, text.is_bold) * 0.97


@pytest.mark.parametrize(("key", "level"), SAMPLE)
def test_tikz_stands_where_the_sheet_has_it(opened: Callable[[str], Network], key: str, level: Level) -> None:
    scene = build_scene(build_network_sheet(opened(key), Page(level=level, paper=_PAPERS[len(key) % len(_PAPERS)])))
    found = read_tikz_picture(write_tikz([scene]))
    assert len(found.boxes) == len(scene.cards)
    for card in scene.cards:
        box, name = card.box, f"n{card.number}"
        assert found.boxes[name] == pytest.approx((box.x, box.y, box.width, box.height), abs=0.05), card.id
        assert found.words[name] == ([" ".join(card.rows[:2])] if card.is_frame else [*card.rows]), card.id
    assert len(found.ways) == len(scene.links)
    for link, (source, target, places) in zip(scene.links, found.ways, strict=True):
        assert (source, target) == (f"n{link.source}", f"n{link.target}")
        assert len(places) == len(link.points)
        for place, point in zip(places, link.points, strict=True):
            assert place == pytest.approx(point, abs=0.6), (scene.cards[link.source].id, scene.cards[link.target].id)
    written = [((text.x, text.y), text.text) for text in (*scene.heads, *scene.texts)]
    assert [text for _, text in found.texts] == [text for _, text in written]
    assert [at for at, _ in found.texts] == [pytest.approx(at, abs=0.01) for at, _ in written]
