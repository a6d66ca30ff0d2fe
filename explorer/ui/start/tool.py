"""Tool of the start page, which covers the canvas while no network is open."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from explorer.guide.family_tree import load_family_tree
from explorer.ui.base.later import call_later
from explorer.ui.base.recent_projects import recent_projects
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.start.page import StartAction, StartPage

_MAX_PROJECTS = 3  # recent ones that are offered


class StartPageTool:
    """Shows the family tree, recent projects and the start actions of other tools."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self.page = StartPage(context.canvas, load_family_tree())
        self.page.set_language(self._session.language)
        self.page.network_requested.connect(context.commands.open_network)
        self.page.hide()
        self._session.on("network", self._on_network_changed)
        self._session.on("document", self._on_network_changed)
        self._session.on("language", self._update_language)
        context.open_lane.busy_changed.connect(self._update_visibility)
        call_later(self.page, self._fill_actions)  # when all tools are there

    def _fill_actions(self) -> None:
        paths = [path for path in recent_projects() if Path(path).is_file()][:_MAX_PROJECTS]
        recent: list[StartAction] = [
            (Path(path).name, path, partial(self._context.commands.open_project, path)) for path in paths
        ]
        self.page.show_start_actions([*self._context.start_actions, *recent])
        # Once more later: by then the window has been told what to open, if anything.
        call_later(self.page, self._update_visibility)

    def _update_visibility(self) -> None:
        """Show the page while no network is open and none is being opened."""
        if self._session.network is None and not self._context.open_lane.busy:
            self.page.show()

    def _on_network_changed(self) -> None:
        self.page.setVisible(self._session.network is None)

    def _update_language(self) -> None:
        self.page.set_language(self._session.language)
