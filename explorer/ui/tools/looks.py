"""How the diagram looks: what cards are coloured by, which way the data flows, and whether it moves."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from explorer.diagram import COLOURS, DIRECTIONS
from explorer.session import Topic
from explorer.ui import motion
from explorer.ui.desk import Desk

_TIPS = {
    "kind": "Each kind of op in a colour of its own",
    "params": "Where the parameters are",
    "macs": "Where the multiply-adds are",
    "activations": "Where training needs memory",
    "receptive_field": "How much of the image one number of each map sees",
    "change": "What edits added, changed and took out, and where the weights come from",
}


class Looks(QObject):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._session, self._canvas = desk.session, desk.canvas
        view = desk.menu("View")
        view.addSeparator()
        self.colours = QMenu("Colour by", desk.window)
        self.directions = QMenu("Direction", desk.window)
        for menu in (self.colours, self.directions):
            menu.setToolTipsVisible(True)
            view.addMenu(menu)
        self.moving = desk.action("View", "Move smoothly", self._move, tip="Cards slide when a group opens or folds")
        self.moving.setCheckable(True)
        desk.lane("motion").submit(lambda wanted: motion.ask_system(), motion.learn, desk.intent.complain)
        view.aboutToShow.connect(lambda: self.moving.setChecked(motion.is_wanted()))
        self._button = QToolButton()
        self._button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._button.setMenu(self.colours)
        self._button.setToolTip("What cards are coloured by")
        self._button.setAccessibleName("What cards are coloured by")
        self._canvas.add_button(self._button)
        self._choices = QActionGroup(self)
        self._fill_directions()
        self._session.listen(self._changed)
        self._show_colours()

    def _fill_directions(self) -> None:
        kept = str(QSettings().value("direction", "columns"))
        self._session.direction = next((way for way in DIRECTIONS if way == kept), "columns")
        group = QActionGroup(self)
        for direction, words in DIRECTIONS.items():
            action = self.directions.addAction(words)
            action.setCheckable(True)
            action.setChecked(direction == self._session.direction)
            action.setData(direction)
            group.addAction(action)
        group.triggered.connect(self._turn)

    def _move(self) -> None:
        motion.choose(self.moving.isChecked())

    def _turn(self, action: QAction) -> None:
        QSettings().setValue("direction", action.data())
        self._session.turn(action.data())

    def _changed(self, topic: Topic) -> None:
        if topic in ("colours", "network"):
            self._show_colours()

    def _show_colours(self) -> None:
        """The choices there are, and the one that was made: in the menu and in the canvas's corner."""
        names = {**COLOURS, **{title: title for title in self._session.offered}}
        if list(names) != [action.data() for action in self.colours.actions()]:
            self.colours.clear()
            self._choices = QActionGroup(self)
            for key, words in names.items():
                action = self.colours.addAction(words)
                action.setCheckable(True)
                action.setToolTip(_TIPS.get(key, words))
                action.setData(key)
                action.triggered.connect(lambda _=False, key=key: self._session.colour_by(key))
                self._choices.addAction(action)
        for action in self.colours.actions():
            action.setChecked(action.data() == self._session.colours)
        self._button.setText(f"Colour: {names[self._session.colours]}")
        self._canvas.arrange_buttons()
