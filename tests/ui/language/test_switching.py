"""View › Language: every text of the window follows, and is as before when the language is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from pytestqt.qtbot import QtBot

from explorer.base.languages import find_languages, translator
from explorer.design_rules.check import RULES
from explorer.edits import ToggleShortcut
from explorer.network import Network
from explorer.networks.catalogue import all_entries, all_families
from explorer.parts import all_parts
from explorer.project.journal import Journal
from explorer.training.data_spec import DATASETS
from explorer.ui.comparison.tool import ComparisonTool
from explorer.ui.language.tool import LanguageTool
from explorer.ui.overview.tool import OverviewTool
from explorer.ui.shell.window import Window
from tests.interface_texts import Use, find_catalogue_texts, find_uses
from tests.ui.language.visible_texts import visible_texts

_T = TypeVar("_T")
SLOW = 240_000

#: Ways to texts that are not the interface's: pages with files of their own, code, names of photos' classes, Qt's own.
_OTHERS = re.compile(
    r"SearchBox|/QLineEdit1/tip|GuidePanel|ExperimentsWindow|CodeEditor|PythonText|QPlainTextEdit|qt_dockwidget|ClassCombo"
)
#: Names that are the same in all languages: of networks, nodes, layers, functions, units and keys.
_NAMES = re.compile(
    r"\b(MACs|FLOPs|px|ms|[KMG]iB|BN|SE|SiLU|[A-Z]*ReLU6?|[GLP]?ELU|Leaky\w+|Hard\w+|Sigmoid|Tanh|Mish|Softplus|\w+Norm"
    r"|\w+\.py|Ctrl\S*|Shift\S*|Alt\S*|CNN Explorer|InvertedResidual|torch\w*|(\w+[.:])+\w*|\w*_\w*"
    r"|input|output|flatten|avgpool|mobile)|@\w+"
)
_PROSE = re.compile(r"[^\W\d_]{2,}[,:;]? [^\W\d_]+|\b[A-Z]?[a-z]{3,}")


@pytest.fixture
def busy_window(window: Window, opened: Callable[[str], Network], qtbot: QtBot) -> Iterator[Window]:
    """A window with an edited network, a selection, all panels, a comparison and the views of all networks."""
    assert Journal.__module__  # imported before the lanes start, which import what it needs at the same time
    window.resize(1600, 1000)
    network = opened("mobilenet_v3_small")
    window.start(network)
    settle(window, qtbot)
    window.session.select("features.3")
    window.apply_edit(ToggleShortcut("features.3", False))
    settle(window, qtbot)
    for dock in window.tool_context.docks:
        dock.setVisible(True)
    tool(window, ComparisonTool).show_baseline()
    tool(window, OverviewTool).show()
    settle(window, qtbot)
    yield window
    overview = tool(window, OverviewTool).window
    assert overview is not None
    overview.close()
    translator.set_language("en")


def test_every_text_is_translated_and_then_as_before(busy_window: Window, qtbot: QtBot) -> None:
    before = stable_texts(busy_window)
    translator.set_translations("test", bracketed_texts())
    settle(busy_window, qtbot)
    untranslated = {
        way: rest for way, text in visible_texts(busy_window).items() if (rest := untranslated_part(way, text))
    }
    assert not untranslated
    translator.set_translations("en", {})
    settle(busy_window, qtbot)
    assert stable_texts(busy_window) == before


@pytest.mark.usefixtures("any_font")
def test_choosing_chinese_changes_the_whole_window(busy_window: Window, qtbot: QtBot) -> None:
    before = stable_texts(busy_window)
    actions = tool(busy_window, LanguageTool).actions
    actions["zh"].trigger()
    settle(busy_window, qtbot)
    assert "捷径" in visible_texts(busy_window)["Window/History1/HistoryPanel1/QListView1/1,0 DisplayRole"]
    assert busy_window.menuBar().actions()[0].text() == "文件(&F)"
    actions["en"].trigger()
    settle(busy_window, qtbot)
    assert stable_texts(busy_window) == before


def bracketed_texts() -> dict[str, str | list[str]]:
    """Return a translation in which every text can be told from one that nobody translates."""
    uses = texts_of_the_interface()
    texts: dict[str, str | list[str]] = {use.text: f"‹{use.text}›" for use in uses if use.plural is None}
    return texts | {use.text: [f"‹{use.text}›", f"‹{use.plural}›"] for use in uses if use.plural is not None}


def texts_of_the_interface() -> list[Use]:
    return [*find_uses(), *find_catalogue_texts()]


def untranslated_part(way: str, text: str) -> str:
    """Return what of a text reads like prose and is neither translated nor a name; empty where nothing does."""
    if _OTHERS.search(way):
        return ""
    while (shorter := re.sub(r"‹[^‹›]*›", "", text)) != text:
        text = shorter
    names = (
        *(title.partition(":")[0] for title in DATASETS.values()),  # a translated title, cut off behind its colon
        *(part.family for part in all_parts()),
        *(rule.source for rule in RULES),
        *(entry.title for entry in all_entries()),
        *all_families(),
        *(str(e.paper) for e in all_entries()),
        *(about.name for about in find_languages().values()),  # in their own words
    )
    text = " ".join(text.split())
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    text = _NAMES.sub("", re.sub(r"<[^>]*>|&\w+;", " ", text))
    return text.strip() if _PROSE.search(text) else ""


def stable_texts(window: Window) -> dict[str, str]:
    """Return the texts of a window without how long the last pass took, what of it was remembered, and the zoom: longer
    texts widen panels, which keep their width, and the diagram fits what they leave."""
    passing = re.compile(r"\S+ of \S+ ops were .*|Nothing was computed.*|^\d+ %$")
    return {way: passing.sub("", text) for way, text in visible_texts(window).items()}


def settle(window: Window, qtbot: QtBot) -> None:
    """Wait until no lane of the window works, and what it has shown is on screen."""
    lanes = (*window._lanes, *window.tool_context.lanes)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=SLOW)
    qtbot.wait(50)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=SLOW)


def tool(window: Window, kind: type[_T]) -> _T:
    return next(found for found in window.tools if isinstance(found, kind))
