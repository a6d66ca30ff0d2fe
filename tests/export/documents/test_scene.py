"""Whatever the format: every visible card and link is in it, once, and none beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.drawing import Picture
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

#: Each kind of structure at one level, so that all levels come up.
SAMPLE = [(key, LEVELS[number % len(LEVELS)]) for number, key in enumerate(TYPICAL)]
_PAPERS = (None, "16:9", "a4", "neurips")


def check_formats(network: Network, page: Page, folder: Path) -> None:
    """Assert that each format has the cards and links of the diagram that is painted."""
    sheet = build_network_sheet(network, page)
    assert isinstance(sheet.content, Picture)
    diagram = sheet.content.diagram
    cards = Counter(id for id in diagram.cards)
    links = Counter((link.source, link.target) for link in diagram.links)
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


def test_a_table_is_no_diagram(opened: Callable[[str], Network], tmp_path: Path) -> None:
    for suffix in (".pptx", ".html"):
        sheet = build_network_sheet(opened("resnet18"), Page(kind="table"))
        with pytest.raises(ExportError, match="only diagrams"):
            export_document([sheet], tmp_path / f"a{suffix}", opened("resnet18"))
    assert not list(tmp_path.iterdir())
