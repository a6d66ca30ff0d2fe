"""Tool of F6: moves the keyboard focus from panel to panel, to the widget that had it last in each."""

from __future__ import annotations

from weakref import WeakKeyDictionary, ref

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from explorer.base.languages import tr_noop
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.widgets.tab_order import accepts_tab_focus, find_first_focusable


class PanelFocusTool(QObject):
    """Cycles the focus through the canvas and the visible docks."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self._context = context
        self._last_focus: WeakKeyDictionary[QWidget, ref[QWidget]] = WeakKeyDictionary()
        context.add_action(
            "Go",
            tr_noop("Next panel"),
            lambda: self._focus_panel(1),
            "F6",
            tr_noop("Move the keyboard focus to the next panel"),
        )
        context.add_action(
            "Go",
            tr_noop("Previous panel"),
            lambda: self._focus_panel(-1),
            "Shift+F6",
            tr_noop("Move the keyboard focus to the previous panel"),
        )
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_changed)

    @property
    def panels(self) -> list[QWidget]:
        """The canvas and the visible docks, from left to right, the upper half of the window first."""
        docks = self._context.window.findChildren(QDockWidget)
        visible = [dock for dock in docks if not dock.visibleRegion().isEmpty() and find_first_focusable(dock)]
        return sorted((self._context.canvas, *visible), key=self._sort_key)

    def _sort_key(self, panel: QWidget) -> tuple[bool, int, int]:
        window = self._context.window
        corner = panel.mapTo(window, QPoint()) if not panel.isWindow() else panel.pos() - window.pos()
        return corner.y() > window.height() / 2, corner.x(), corner.y()

    def _focus_panel(self, by: int) -> None:
        panels = self.panels
        current = self._panel_of(QApplication.focusWidget())
        index = panels.index(current) + by if current in panels else 0
        panel = panels[index % len(panels)]
        last = self._last_focus[panel]() if panel in self._last_focus else None
        target = last if last is not None and accepts_tab_focus(last) else find_first_focusable(panel)
        if target is not None:
            target.activateWindow()
            target.setFocus(Qt.FocusReason.TabFocusReason)

    def _panel_of(self, widget: QWidget | None) -> QWidget | None:
        while widget is not None and widget is not self._context.canvas and not isinstance(widget, QDockWidget):
            widget = widget.parentWidget()
        return widget

    def _focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        panel = self._panel_of(now)
        if panel is not None and now is not None:
            self._last_focus[panel] = ref(now)
