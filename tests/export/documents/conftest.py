"""Sheets and networks that the tests of documents share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import nn

from explorer.export.documents.scene import SheetScene, clean_text
from explorer.export.documents.scene_of_sheet import build_scene
from explorer.export.network_sheet import build_network_sheet
from explorer.export.page import Page
from explorer.export.sheet import Sheet
from explorer.network import Network, open_network

#: Signs that mean something in one of the formats, and letters that not every one has.
ODD = 'a"<b>&%_{$}#~^\\`|;%%中文\x01 --> end é×'


@pytest.fixture(scope="session")
def odd_network() -> Network:
    """A module of a user's own whose parts have such names."""
    inner = nn.Sequential()
    inner.add_module(ODD, nn.Conv2d(3, 4, 3))
    inner.add_module("end", nn.ReLU())
    outer = nn.Sequential()
    outer.add_module(f"{ODD}2", inner)
    outer.add_module("]]>", nn.Conv2d(4, 4, 1))
    return open_network(outer, input_shape=(1, 3, 16, 16))


@pytest.fixture(scope="session")
def odd_scene(odd_sheet: Sheet) -> SheetScene:
    """The same where each card says it too."""
    scene = build_scene(odd_sheet)
    cards = [replace(card, rows=(clean_text(ODD), clean_text(ODD))) for card in scene.cards]
    links = [replace(link, text=clean_text(ODD)) for link in scene.links]
    return replace(scene, cards=tuple(cards), links=tuple(links))


@pytest.fixture(scope="session")
def odd_sheet(odd_network: Network) -> Sheet:
    page = Page(level="ops", title_text=ODD, subtitle=f"</script>{ODD}", caption_text=ODD, figures=True)
    return build_network_sheet(odd_network, page)
