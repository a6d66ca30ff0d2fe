"""Tool of the diagram's settings: colours of the cards, direction of the data, animation."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base.live_texts import live_text
from explorer.ui.base.settings import read_text
from explorer.ui.canvas import transition_animation
from explorer.ui.plugin.preference import OFF, ON, Preference
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.diagram import COLOUR_MODES, DIRECTIONS

_COLOURING_TOOLTIPS = {
    "kind": tr_noop("One colour per kind of operation"),
    "params": tr_noop("Number of parameters"),
    "macs": tr_noop("Multiply-adds"),
    "activations": tr_noop("Activations, which training keeps in memory"),
    "receptive_field": tr_noop("Receptive field on the input image"),
    "change": tr_noop("What edits added, changed or removed, and the origin of the weights"),
}


class DiagramSettingsTool(QObject):
    """Menus for colours, direction and animation, and the colour button on the canvas."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self._session, self._canvas, self._window = context.session, context.canvas, context.window
        view = context.get_menu("View")
        view.addSeparator()
        self.colours_menu = live_text(QMenu(context.window), QMenu.setTitle, "Colour by")
        self.directions_menu = live_text(QMenu(context.window), QMenu.setTitle, "Direction")
        for menu in (self.colours_menu, self.directions_menu):
            menu.setToolTipsVisible(True)
            view.addMenu(menu)
        self.animate_action = context.add_action(
            "View",
            tr_noop("Animate changes"),
            self._animation_toggled,
            tip=tr_noop("Animate cards when a group expands or collapses"),
        )
        self.animate_action.setCheckable(True)
        context.add_lane("motion").submit(
            lambda keep_going: transition_animation.query_system_preference(),
            self._hear_system,
            context.commands.show_error,
        )
        view.aboutToShow.connect(lambda: self.animate_action.setChecked(transition_animation.is_enabled()))
        context.preferences.append(
            Preference(
                tr_noop("Appearance"),
                tr_noop("Reduced motion"),
                tr_noop("Nothing glides: what changes is shown at once"),
                lambda: OFF if transition_animation.is_enabled() else ON,
                lambda value: self._choose_motion(value == OFF),
                "switch",
            )
        )
        self._colour_button = QToolButton()
        self._colour_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._colour_button.setMenu(self.colours_menu)
        live_text(self._colour_button, QWidget.setToolTip, "Colour cards by")
        live_text(self._colour_button, QWidget.setAccessibleName, "Colour cards by")
        self._canvas.add_button(self._colour_button)
        self._colour_group = QActionGroup(self)
        self._fill_directions()
        self._session.on("network", self._update_colours)
        self._session.on("colouring", self._update_colours)
        self._session.on("language", self._rebuild_colours)
        self._update_colours()

    def _fill_directions(self) -> None:
        saved = read_text("direction", "columns")
        self._session.set_direction(next((direction for direction in DIRECTIONS if direction == saved), "columns"))
        group = QActionGroup(self)
        for direction, text in DIRECTIONS.items():
            action = live_text(self.directions_menu.addAction(""), QAction.setText, text)
            action.setCheckable(True)
            action.setChecked(direction == self._session.direction)
            action.setData(direction)
            group.addAction(action)
        group.triggered.connect(self._set_direction)

    def _animation_toggled(self) -> None:
        self._choose_motion(self.animate_action.isChecked())

    def _choose_motion(self, enabled: bool) -> None:
        transition_animation.set_enabled(enabled)
        self._window.setAnimated(transition_animation.is_enabled())  # its docks glide too

    def _hear_system(self, enabled: bool) -> None:
        transition_animation.set_system_preference(enabled)
        self._window.setAnimated(transition_animation.is_enabled())

    def _set_direction(self, action: QAction) -> None:
        QSettings().setValue("direction", action.data())
        self._session.set_direction(action.data())

    def _rebuild_colours(self) -> None:
        self.colours_menu.clear()
        self._update_colours()

    def _update_colours(self) -> None:
        """Update the colourings on offer and check the current one, in the menu and on the canvas."""
        names = {**COLOUR_MODES, **{title: title for title in self._session.colourings}}
        if list(names) != [action.data() for action in self.colours_menu.actions()]:
            self.colours_menu.clear()
            self._colour_group = QActionGroup(self)
            for key, text in names.items():
                action = self.colours_menu.addAction(tr(text))
                action.setCheckable(True)
                action.setToolTip(tr(_COLOURING_TOOLTIPS.get(key, text)))
                action.setData(key)
                action.triggered.connect(lambda _=False, key=key: self._session.colour_by(key))
                self._colour_group.addAction(action)
        for action in self.colours_menu.actions():
            action.setChecked(action.data() == self._session.colour_mode)
        self._colour_button.setText(tr("Colour: {mode}", mode=tr(names[self._session.colour_mode])))
        self._canvas.update_buttons()
