"""Tool of the Help menu: first steps and manual, shortcuts, what is new, About."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QTextBrowser

from explorer.base.languages import tr_noop
from explorer.networks.catalogue import all_entries
from explorer.ui.help.pages import HelpPage, build_about_page, fill_with_markdown
from explorer.ui.help.shortcut_sheet import render_sheet
from explorer.ui.plugin.menu_entries import menu_entries
from explorer.ui.plugin.tool_context import ToolContext

_MANUAL, _NEWS = tr_noop("First steps and manual"), tr_noop("What's new")
_SHORTCUTS, _ABOUT = tr_noop("Keyboard shortcuts"), tr_noop("About CNN Explorer")
_SIZE = QSize(820, 680)


class HelpTool:
    """Entries of the menu, and their pages once they have been opened."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self.pages: dict[str, HelpPage] = {}
        for title, keys, tip in (
            (_MANUAL, "", tr_noop("How to open, change, explain and export networks")),
            (_SHORTCUTS, "?", tr_noop("All keys of the window")),
            (_NEWS, "", tr_noop("What has changed between the versions")),
            (_ABOUT, "", tr_noop("Versions, licences, and what a report of an error needs")),
        ):
            context.add_action("Help", title, self._show_slot(title), keys, tip)

    def show(self, title: str) -> HelpPage:
        """Show a page by its English title, created on first use."""
        if title not in self.pages:
            self.pages[title] = self._build(title)
        page = self.pages[title]
        if title == _SHORTCUTS:
            self._fill_shortcuts(page.text)  # networks and panels may have come since
        page.show()
        page.raise_()
        page.activateWindow()
        return page

    def _show_slot(self, title: str) -> Callable[[], None]:
        def show() -> None:
            self.show(title)

        return show

    def _build(self, title: str) -> HelpPage:
        window = self._context.window
        if title == _ABOUT:
            return build_about_page(window, title, len(all_entries()))
        if title == _SHORTCUTS:
            return HelpPage(window, title, self._fill_shortcuts, QSize(520, 680))
        name = "README.md" if title == _MANUAL else "CHANGELOG.md"
        return HelpPage(window, title, lambda text: fill_with_markdown(text, name), _SIZE)

    def _fill_shortcuts(self, text: QTextBrowser) -> None:
        text.setHtml(render_sheet(menu_entries(self._context.window.menuBar())))
