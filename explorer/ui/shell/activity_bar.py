"""The activity bar at the left edge: one click to each of the panels and windows that tools have declared for it.

What must always hold: a button is checked exactly while what it opens is in sight, whoever opened it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDockWidget, QToolBar, QToolButton, QWidget
from shiboken6 import isValid

from explorer.base.languages import tr
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.plugin.menu_entries import plain_title
from explorer.ui.plugin.tool_context import Activity
from explorer.ui.widgets.icons import load_icon

_ICON_SIZE = QSize(20, 20)


class ActivityBar(QToolBar):
    """Buttons with icons and names; with icons alone in a small window, or one that is too low for all names."""

    def __init__(self, activities: Sequence[Activity]) -> None:
        super().__init__()
        self.setObjectName("activities")
        live_text(self, QToolBar.setWindowTitle, "Activities")
        live_text(self, QWidget.setAccessibleName, "Activities")
        self.setMovable(False)
        self.setIconSize(_ICON_SIZE)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.buttons = [ActivityButton(activity) for activity in activities]
        for button in self.buttons:
            self.addWidget(button)
            button.installEventFilter(self)
        self._has_names, self._is_narrow = True, False
        follow_language(self, ActivityBar._align, after_texts=True)

    def _align(self) -> None:
        """Make all buttons as wide as the widest, so that icons stand in one line, and the bar as wide as they are: the
        margins that Qt gives it before it is styled would go with the next theme."""
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(0, 0, 0, 0)
        for button in self.buttons:
            button.ensurePolished()
            button.setMinimumWidth(0)
        widest = max((button.sizeHint().width() for button in self.buttons), default=0)
        for button in self.buttons:
            button.setMinimumWidth(widest)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move the focus by arrow keys before a button takes them."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in self.buttons:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            index = self.buttons.index(watched) + step
            if step:
                self.buttons[index % len(self.buttons)].setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._align()  # only now are they styled

    def set_narrow(self, on: bool) -> None:
        """Show icons alone, whatever the height."""
        self._is_narrow = on
        self._show_names()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_names()

    def _show_names(self) -> None:
        needed = sum(button.height_with_name for button in self.buttons) + 8
        has_names = needed <= self.height() and not self._is_narrow
        if has_names != self._has_names:
            self._has_names = has_names
            for button in self.buttons:
                button.show_name(has_names)
            self._align()


class ActivityButton(QToolButton):
    """The button of one activity: its action, with a name and tooltip that follow the language."""

    def __init__(self, activity: Activity) -> None:
        super().__init__()
        self.activity = activity
        self.setProperty("role", "activity")
        self.setIconSize(_ICON_SIZE)
        self.setCheckable(activity.dock is not None)
        self.show_name(True)
        self.clicked.connect(self._trigger)
        activity.action.changed.connect(self._update_texts)
        if activity.dock is not None:
            activity.dock.visibilityChanged.connect(partial(_check, self))
        follow_language(self, ActivityButton._update_texts, after_texts=True)
        self._update_icon()

    @property
    def height_with_name(self) -> int:
        """Height in pixels with the name below the icon."""
        return _ICON_SIZE.height() + self.fontMetrics().height() + 14

    def show_name(self, shown: bool) -> None:
        """Show the name below the icon, or the icon alone."""
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(style.ToolButtonTextUnderIcon if shown else style.ToolButtonIconOnly)

    def _trigger(self) -> None:
        dock = self.activity.dock
        if dock is not None:
            self.setChecked(_is_in_sight(dock))  # as it was: the dock says what became of it
        self.activity.action.trigger()

    def _update_texts(self) -> None:
        action = self.activity.action
        if not isValid(action):  # it says that it changes while a window goes
            return
        name = tr(self.activity.name) if self.activity.name else plain_title(action.text()).removesuffix("…")
        keys = action.shortcut().toString(action.shortcut().SequenceFormat.NativeText)
        tip = action.toolTip().removesuffix("…")
        self.setText(name)
        self.setAccessibleName(name)
        self.setToolTip(f"{tip} ({keys})" if keys and keys not in tip else tip)

    def _update_icon(self) -> None:
        self.setIcon(load_icon(self.activity.icon))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "activity"):
            self._update_icon()


def _is_in_sight(dock: QDockWidget) -> bool:
    return dock.isVisible() and not dock.visibleRegion().isEmpty()


def _check(button: QToolButton, is_visible: bool) -> None:
    button.setChecked(is_visible)
