"""The Help menu: each page says what it should, in the language in force; keys are on the sheet, each of one action."""

from __future__ import annotations

import platform
import re
import tomllib
from collections import Counter
from collections.abc import Iterator

import pytest
import torch
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

import explorer
from explorer.base.languages import translator
from explorer.ui.help.pages import HelpPage, for_users
from explorer.ui.help.system_information import find_libraries
from explorer.ui.help.tool import HelpTool
from explorer.ui.plugin.menu_entries import menu_entries
from explorer.ui.shell.window import Window
from tests.interface_texts import ROOT


@pytest.fixture
def help_tool(window: Window) -> Iterator[HelpTool]:
    tool = next(tool for tool in window.tools if isinstance(tool, HelpTool))
    yield tool
    for page in tool.pages.values():
        page.close()
    translator.set_language("en")


def text_of(page: HelpPage) -> str:
    return page.text.toPlainText()


def test_no_two_actions_share_a_key(window: Window) -> None:
    keys = Counter(
        key.toString() for action in {e.action for e in menu_entries(window.menuBar())} for key in action.shortcuts()
    )
    assert len(keys) > 30
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_key_is_on_the_sheet(window: Window, help_tool: HelpTool) -> None:
    added = help_tool._context.add_action("Tools", "Added later", lambda: None, "Ctrl+Alt+9")
    shown = text_of(help_tool.show("Keyboard shortcuts"))
    entries = [entry for entry in menu_entries(window.menuBar()) if entry.keys]
    assert added in [entry.action for entry in entries]
    assert [entry for entry in entries if entry.keys not in shown or entry.title not in shown] == []


def test_every_action_with_a_key_is_in_a_menu(window: Window) -> None:
    in_menus = {entry.action for entry in menu_entries(window.menuBar())}
    assert [action.text() for action in window.actions() if action.shortcuts() and action not in in_menus] == []


def test_the_sheet_follows_the_language(help_tool: HelpTool, window: Window) -> None:
    page = help_tool.show("Keyboard shortcuts")
    translator.set_language("zh")
    assert page.windowTitle() == "键盘快捷键"
    titles = [entry.title for entry in menu_entries(window.menuBar()) if entry.keys]
    assert [title for title in titles if title not in text_of(page)] == []


def test_the_manual_and_the_news_are_the_documents(help_tool: HelpTool) -> None:
    manual = text_of(help_tool.show("First steps and manual"))
    assert "Command palette" in manual or "command palette" in manual
    assert "![" not in manual
    assert "Unreleased" in text_of(help_tool.show("What's new"))


def test_the_manual_is_for_those_who_have_the_app(help_tool: HelpTool) -> None:
    source = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "Install and start" in source
    assert "\n## Test\n" in source
    assert "\n## How it is built\n" in source
    manual = help_tool.show("First steps and manual")
    headings = re.findall(r"^## (.*)$", for_users(source), flags=re.MULTILINE)
    assert headings[0] == "In the window"
    assert not {"Test", "Gallery", "How it is built"} & {*headings}
    assert "venv" not in text_of(manual)
    assert [heading for heading in headings if heading not in text_of(manual)] == []
    manual.text.document().adjustSize()
    assert manual.text.horizontalScrollBar().maximum() == 0


def test_the_manual_and_the_news_follow_the_language(help_tool: HelpTool) -> None:
    manual, news = help_tool.show("First steps and manual"), help_tool.show("What's new")
    translator.set_language("zh")
    assert "在窗口中" in text_of(manual)
    assert "In the window" not in text_of(manual)
    assert text_of(news).index("尚未发布") < text_of(news).index("Unreleased")  # a summary, then all in English
    prose = re.sub("explorer.SwapActivation.*|.*--input.*", "", text_of(manual))
    assert "**" not in text_of(news)[:2000]
    ideograph = "[\u3400-\u9fff，。：；、（）]"
    assert not re.findall(f"{ideograph} {ideograph}", text_of(manual))  # from the ends of lines
    assert not re.findall(r"\*[\u3400-\u9fff]|[\u3400-\u9fff…]\*", prose)  # no emphasis that Markdown did not see
    manual.text.document().adjustSize()
    assert manual.text.horizontalScrollBar().maximum() == 0
    translator.set_language("en")
    assert "In the window" in text_of(manual)


def test_about_names_versions_and_licences(help_tool: HelpTool, qtbot: QtBot) -> None:
    page = help_tool.show("About CNN Explorer")
    for version in (explorer.__version__, platform.python_version(), torch.__version__):
        assert version in text_of(page)
    copy = next(b for b in page.findChildren(QPushButton) if b.text() == "Copy system information")
    copy.click()
    copied = QGuiApplication.clipboard().text()
    assert f"Python: {platform.python_version()}" in copied
    assert f"torch: {torch.__version__}" in copied


def test_every_library_says_its_licence() -> None:
    libraries = find_libraries()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {library.name for library in libraries} == {re.split("[>!<=]", d)[0] for d in project["dependencies"]}
    assert [library.name for library in libraries if not library.licence] == []
