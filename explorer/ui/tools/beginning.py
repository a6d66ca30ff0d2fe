"""The page over the canvas while no network is open."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer

from explorer.guide.family_tree import family_tree
from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.recent import recent
from explorer.ui.start_page import StartPage, Way

_PROJECTS = 3  # recent ones that are offered


class Beginning:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._session = desk, desk.session
        self.page = StartPage(desk.canvas, family_tree())
        self.page.speak(self._session.language)
        self.page.wanted.connect(desk.intent.open)
        self.page.hide()
        self._session.listen(self._changed)
        desk.opening.busy_changed.connect(self._settle)
        QTimer.singleShot(0, self.page, self._fill)  # when all tools are there

    def _fill(self) -> None:
        known = [path for path in recent() if Path(path).is_file()][:_PROJECTS]
        recently: list[Way] = [(Path(path).name, path, partial(self._desk.intent.open_project, path)) for path in known]
        self.page.show_ways([*self._desk.beginnings, *recently])
        QTimer.singleShot(0, self.page, self._settle)  # when the window has been told what to open, if anything

    def _settle(self) -> None:
        """It stays while a network that was chosen on it is opened, and comes when none has been."""
        if self._session.network is None and not self._desk.opening.busy:
            self.page.show()

    def _changed(self, topic: Topic) -> None:
        if topic == "network":
            self.page.setVisible(self._session.network is None)
        elif topic == "language":
            self.page.speak(self._session.language)
