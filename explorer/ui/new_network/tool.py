"""Tool of File › New network: the dialog, and what it made as a document."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.ui.base import opening_jobs
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.design import NetworkDesign
    from explorer.ui.new_network.dialog import NewNetworkDialog
    from explorer.viewmodels.diagram import Level


class NewNetworkTool:
    """File › New network… designs a network and opens it."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self._preview_lane = context.add_lane("design preview", latest_only=True)
        self._lane = context.add_lane("new network", latest_only=True)
        self.dialog: NewNetworkDialog | None = None
        tip = tr_noop("Design a network from a template or from nothing")
        self.action: QAction = context.add_action("File", tr_noop("New network…"), self.show_dialog, "Ctrl+N", tip)
        context.start_actions.append((tr_noop("New network…"), tip, self.show_dialog))

    def show_dialog(self) -> None:
        """Ask for a design."""
        from explorer.ui.new_network.dialog import NewNetworkDialog

        if self.dialog is not None:
            self.dialog.raise_()
            return
        self.dialog = dialog = NewNetworkDialog(self._context.window, self._preview_lane)
        dialog.design_accepted.connect(self.open_design)
        dialog.finished.connect(self._on_finished)
        dialog.open()

    def open_design(self, design: NetworkDesign) -> None:
        """Open the network of a design in a tab of its own."""
        commands = self._context.commands
        self._lane.submit(
            partial(_open_design, design, self._session.default_level), commands.show_opened, commands.show_error
        )

    def _on_finished(self) -> None:
        self.dialog = None


def _open_design(design: NetworkDesign, level: Level, keep_going: KeepGoing) -> opening_jobs.OpenedNetwork:
    from explorer.project.opening import open_design

    return opening_jobs.open_at_level_job(open_design(design), level)(keep_going)
