"""Tool of the minimap: paints it off the UI thread, once per picture and size."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSettings, QSize
from PySide6.QtGui import QImage

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.drawing import Picture, Theme
from explorer.ui.base.settings import read_switch
from explorer.ui.minimap.minimap import Minimap, paint_thumbnail
from explorer.ui.plugin.tool_context import ToolContext


class MinimapTool(QObject):
    """Switches the minimap, remembers that, and paints it on request."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self._context = context
        self._lane = context.add_lane("minimap", latest_only=True)
        self.minimap = Minimap(context.canvas)
        self.minimap.paint_requested.connect(self._paint)
        tip = tr_noop("Show the whole diagram in a corner while part of it is out of sight")
        self.toggle_action = context.add_action("View", tr_noop("Minimap"), self._toggle, "Ctrl+M", tip)
        self.toggle_action.setCheckable(True)
        self.toggle_action.setChecked(read_switch("minimap", True))
        self.minimap.set_active(self.toggle_action.isChecked())

    def _toggle(self) -> None:
        QSettings().setValue("minimap", self.toggle_action.isChecked())
        self.minimap.set_active(self.toggle_action.isChecked())

    def _paint(self, picture: Picture, theme: Theme, size: QSize) -> None:
        self._lane.submit(_paint_job(picture, theme, size), self.minimap.show_image, self._context.commands.show_error)


def _paint_job(picture: Picture, theme: Theme, size: QSize) -> Callable[[KeepGoing], QImage]:
    return lambda keep_going: paint_thumbnail(picture, theme, size)
