"""Pictures fill the page that they are made for, and are as sound as any other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.drawing import card_text
from explorer.drawing.picture import compose_picture
from explorer.drawing.theme import text_width
from explorer.export.page import Page
from explorer.export.page_diagram import build_page_diagram
from explorer.layout import Fit, Geometry, arrange, arrange_to_fit
from explorer.network import Network, open_network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.viewmodels.diagram import LEVELS, Diagram, Direction, Level
from tests.conftest import KEYS
from tests.layout.hourglass import Hourglass
from tests.layout.sound_pictures import check, shared_stretches

Open = Callable[[str], Network]

#: Room for a picture on a slide, on upright paper, in a column of a paper.
SLIDE, PAPER, COLUMN = Fit(1220, 600, 1.9), Fit(700, 980, 1.9), Fit(330, 850, 0.85)
DIRECTIONS: tuple[Direction, ...] = ("columns", "down", "right")


def diagram_of(network: Network, level: str) -> Diagram:
    return build_diagram(network.analysis, expanded_at_level(network.analysis, level))  # type: ignore[arg-type]


def fitted(diagram: Diagram, direction: Direction, fit: Fit | None) -> Geometry:
    """The layout, after it was looked at whether it is sound."""
    shown = [card for id, card in diagram.cards.items() if id not in diagram.children]
    sizes = {card.id: card_text.card_size(card) for card in shown}
    beside = {card.id: text_width(card.side_text, card_text.SIDE_TEXT_PX) for card in shown if card.side_text}
    links = [(link.source, link.target) for link in diagram.links]
    graph = (diagram.root, diagram.children, links, sizes)
    if fit is None:
        return arrange(*graph, direction=direction, text_widths=beside)
    geometry = arrange_to_fit(*graph, fit, direction=direction, text_widths=beside)
    check(geometry, diagram.children, links, sizes, diagram.root)
    return geometry


def filled(geometry: Geometry, fit: Fit) -> float:
    """How much of the room a picture takes, scaled to fit."""
    zoom = min(fit.width / geometry.width, fit.height / geometry.height)
    return zoom**2 * geometry.width * geometry.height / fit.width / fit.height


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(
    ("key", "level"),
    [("resnet50", "blocks"), ("googlenet_2014", "blocks"), ("mobilenet_v2", "blocks"), ("alexnet_2012", "ops")],
)
def test_a_page_is_filled(opened: Open, key: str, level: str, direction: Direction) -> None:
    diagram = diagram_of(opened(key), level)
    plain = fitted(diagram, direction, None)
    for fit in (SLIDE, PAPER):
        geometry = fitted(diagram, direction, fit)
        assert filled(geometry, fit) > 0.55
        assert fit.zoom(geometry.width, geometry.height) >= fit.zoom(plain.width, plain.height) * 0.999


@pytest.mark.parametrize("direction", ["columns", "right"])
def test_long_ways_are_wrapped_inside_of_stages_too(opened: Open, direction: Direction) -> None:
    diagram = diagram_of(opened("resnet50"), "units")
    plain = fitted(diagram, direction, None)
    geometry = fitted(diagram, direction, SLIDE)
    assert filled(geometry, SLIDE) > 0.65
    assert SLIDE.zoom(geometry.width, geometry.height) > 1.2 * SLIDE.zoom(plain.width, plain.height)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("key", ["densenet121", "shufflenet_v1_g3", "efficientnet_b0", "swin_t"])
def test_other_structures_are_sound_on_any_page(opened: Open, key: str, level: str) -> None:
    if key == "densenet121" and level == "ops":
        level = "blocks"
    number = LEVELS.index(level)
    for fit in (SLIDE, COLUMN):
        fitted(diagram_of(opened(key), level), DIRECTIONS[(number + len(key)) % 3], fit)


def test_of_all_networks(opened: Open, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--long"):
        pytest.skip("with --long")
    for key in KEYS:
        for level in LEVELS[:3]:
            for direction in DIRECTIONS:
                for fit in (SLIDE, PAPER, COLUMN):
                    fitted(diagram_of(opened(key), level), direction, fit)


def test_few_cards_do_not_become_giants(opened: Open) -> None:
    picture = compose_picture(diagram_of(opened("alexnet_2012"), "stages"), fit=SLIDE)
    assert SLIDE.zoom(picture.width, picture.height) <= 1.9


@pytest.mark.parametrize("fit", [SLIDE, PAPER, COLUMN])
def test_links_that_skip_do_not_make_a_ribbon(fit: Fit) -> None:
    diagram = diagram_of(open_network(Hourglass(), input_shape=(1, 3, 64, 64)), "blocks")
    plain, geometry = fitted(diagram, "columns", None), fitted(diagram, "columns", fit)
    assert filled(geometry, fit) > 0.5
    assert fit.zoom(geometry.width, geometry.height) > 1.3 * fit.zoom(plain.width, plain.height)


@pytest.mark.parametrize("level", ["blocks", "units"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_dense_block_alone_fills_a_page(opened: Open, level: Level, number: int) -> None:
    """It is wrapped into columns, between which all that later layers read runs on as one rail."""
    page = Page(level=level)
    diagram = build_page_diagram(opened("densenet121"), page, [f"features.denseblock{number}"])
    links = [(link.source, link.target) for link in diagram.links]
    plain = fitted(diagram, "columns", None)
    for fit in (PAPER, SLIDE):
        geometry = fitted(diagram, "columns", fit)
        assert filled(geometry, fit) > 0.65
        assert fit.zoom(geometry.width, geometry.height) >= fit.zoom(plain.width, plain.height)
        if len(links) < 150:
            assert not shared_stretches(geometry, links)
    assert SLIDE.zoom(geometry.width, geometry.height) > 1.5 * SLIDE.zoom(plain.width, plain.height)
