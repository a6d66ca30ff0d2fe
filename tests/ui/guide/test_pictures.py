"""Pictures in the pages of the guide: each idea's place, drawn from the live network in both themes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from explorer.experiments.texts import load_texts
from explorer.guide.filled_page import fill_page
from explorer.guide.page import PAGES, load_page, load_page_labels
from explorer.network import Network
from explorer.ui.guide.page_text import render_page
from explorer.ui.guide.panel import GuidePanel, draw_ideas
from explorer.ui.guide.tool import GuideTool
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled

#: With --long, all; these cover stacked blocks, branches, attention and a page of each age.
QUICK = ("squeezenet", "mnasnet", "resnet")


@pytest.mark.parametrize("key", PAGES)
def test_every_page_has_pictures_in_both_themes(
    key: str, opened: Callable[[str], Network], qtbot: QtBot, pytestconfig: pytest.Config
) -> None:
    if key not in QUICK and not pytestconfig.getoption("--long"):
        pytest.skip("with --long")
    network = opened(load_page(key).facts.networks[0])
    page = fill_page(load_page(key), network.analysis)
    light, dark = (draw_ideas(network, page, is_dark) for is_dark in (False, True))
    assert light.keys() == dark.keys() == {idea.name for idea in page.ideas if idea.locations}
    assert len(light) >= 2
    for name in light:
        for picture, is_dark in ((light[name], False), (dark[name], True)):
            assert min(picture.width(), picture.height()) >= 40
            colours = [
                picture.pixelColor(x, y) for x in range(0, picture.width(), 4) for y in range(0, picture.height(), 4)
            ]
            assert len({colour.rgb() for colour in colours}) > 12, (name, "nothing is drawn")
            assert (sum(colour.lightness() for colour in colours) / len(colours) < 128) == is_dark, name


def test_pictures_are_as_wide_as_the_panel(qtbot: QtBot, opened: Callable[[str], Network]) -> None:
    network = opened("squeezenet1_1")
    page = fill_page(load_page("squeezenet"), network.analysis)
    titles = {id: text.title for id, text in load_texts("en").experiments.items()}
    panel = GuidePanel()
    qtbot.addWidget(panel)
    panel.show()
    for width in (320, 640):
        panel.resize(width, 500)
        panel.show_text(partial(render_page, page, load_page_labels("en"), titles, (), ()))
        panel.show_pictures(draw_ideas(network, page, False))
        assert not panel.horizontalScrollBar().maximum(), "a picture is wider than the page"
        for picture in panel.pictures.values():
            fitted = panel._fitted(picture)
            assert fitted.deviceIndependentSize().width() <= panel.viewport().width()
            assert abs(fitted.width() / fitted.height() - picture.width() / picture.height()) < 0.1


def test_a_page_comes_to_rest_once_its_pictures_are_fitted(qtbot: QtBot) -> None:
    """Also where the scroll bar comes and goes with each setting of the text."""
    panel, renders = GuidePanel(), list[int]()
    qtbot.addWidget(panel)
    panel.resize(400, 300)
    panel.show()

    def render(*_: object) -> str:
        renders.append(panel.viewport().width())
        return "<p>line</p>" * 40 + '<img src="picture:one">'

    panel.show_text(render)
    panel.show_pictures({"one": QImage(900, 300, QImage.Format.Format_RGB32)})
    qtbot.wait(150)
    assert len(renders) <= 4
    panel.resize(300, 300)
    qtbot.wait(150)
    assert len(renders) <= 6
    assert panel._fitted(panel.pictures["one"]).width() < 300


def test_going_back_to_a_tab_lays_its_page_out_once(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its pictures and what to look at in the output, which were there already."""
    tool = next(tool for tool in window.tools if isinstance(tool, GuideTool))
    tool.dock.setVisible(True)
    tool.dock.raise_()
    documents = window.tool_context.documents
    window.samples.show_built_in("cat")
    pages = []
    for key in ("squeezenet1_1", "mobilenet_v1"):
        window.opener.open_network(key, is_preview=False)
        qtbot.waitUntil(lambda key=key: window.session.network is not None and _key(window) == key)  # type: ignore[misc]
        qtbot.waitUntil(lambda: bool(tool._panel and tool._panel.pictures and tool._notes))
        settled(qtbot, window)
        pages.append((window.session.document, tool._panel.toHtml() if tool._panel is not None else ""))
    laid_out = list[str]()
    monkeypatch.setattr(GuidePanel, "setHtml", lambda panel, html: laid_out.append(html) or _SET_HTML(panel, html))
    for document, page in pages:
        laid_out.clear()
        documents.activate(document)
        settled(qtbot, window)
        assert len(laid_out) == 1
        assert tool._panel is not None
        assert tool._panel.toHtml() == page


def _key(window: Window) -> str:
    network = window.session.network
    entry = network.context.entry if network is not None else None
    return entry.key if entry is not None else ""


_SET_HTML = GuidePanel.setHtml


def test_the_page_of_the_open_network_shows_them(window: Window, qtbot: QtBot) -> None:
    tool = next(tool for tool in window.tools if isinstance(tool, GuideTool))
    tool.dock.setVisible(True)
    window.open_network("squeezenet1_1")
    panel = tool._panel
    assert panel is not None
    qtbot.waitUntil(lambda: bool(panel.pictures), timeout=60_000)
    assert panel.toHtml().count("picture:") == len(panel.pictures)
    settled(qtbot, window)
