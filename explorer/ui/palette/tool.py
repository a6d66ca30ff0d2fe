"""Tool of Go › Command palette…: whatever can be done or seen, by its name."""

from __future__ import annotations

from explorer.base.languages import tr_noop
from explorer.ui.palette.entries import collect_entries
from explorer.ui.palette.palette import Palette
from explorer.ui.plugin.tool_context import ToolContext


class PaletteTool:
    """The palette over the window."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self.palette = Palette(context.window)
        self.action = context.add_action(
            "Go",
            tr_noop("Command palette…"),
            self.show,
            "Ctrl+K",
            tr_noop("Find actions, panels, networks and cards by name"),
        )
        context.session.on("language", self.palette.close_palette)  # its lines are in the language before

    def show(self) -> None:
        """Offer everything that can be chosen now."""
        self.palette.show_entries(collect_entries(self._context))
