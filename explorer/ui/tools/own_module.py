"""Networks of the user's own: opened from a file or a package once they have agreed that its code runs, and read again
when they have changed it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings
from PySide6.QtGui import QKeySequence

from explorer.networks.own import Own
from explorer.session import Topic
from explorer.ui import requests
from explorer.ui.desk import Desk

if TYPE_CHECKING:
    from explorer.ui.module_dialog import ModuleDialog

_KEY = "own module"  # of the setting that holds the last one


class OwnModuleTool:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._session = desk, desk.session
        self._lane = desk.lane("own module", newest=True)
        self.dialog: ModuleDialog | None = None
        what = "A network of your own, from a file of Python or a package"
        self.open = desk.action("File", "Open module…", lambda: self.ask(), "Ctrl+Shift+M", what)
        desk.beginnings.append(("Open a module of your own…", what, self.ask))
        tip = "Run the code of your module again, after you have changed it, and make the same edits"
        self.again = desk.action("File", "Read module again", self.read_again, "F5", tip)
        menu = desk.menu("File")
        save = QKeySequence(QKeySequence.StandardKey.Save)
        before = next((action for action in menu.actions() if action.shortcut() == save), None)
        if before is not None:
            menu.insertActions(before, [self.open, self.again])
        desk.takers[".py"] = self._take
        desk.rescuers.append(self._rescue)
        self._session.listen(self._changed)
        self._changed("network")

    def _changed(self, topic: Topic) -> None:
        if topic == "network":
            network = self._session.network
            self.again.setEnabled(network is not None and network.origin.own is not None)

    def ask(self, own: Own | None = None, project: str = "") -> None:
        """Ask which module, beginning with `own` or the last one; `project` is the file that names it."""
        from explorer.ui.module_dialog import ModuleDialog

        if self.dialog is not None:
            self.dialog.reject()
        why = f"{project} is of a network that this code makes:" if project else ""
        self.dialog = dialog = ModuleDialog(self._desk.window, own or _last(), why)
        dialog.agreed.connect(lambda own: self._open(own, project))
        dialog.finished.connect(self._closed)
        dialog.open()

    def _take(self, path: str) -> None:
        last = _last()
        self.ask(last if last is not None and last.where == path else Own(f"{path}:"))

    def _open(self, own: Own, project: str) -> None:
        if self.dialog is None:
            return
        level = self._session.level
        work = requests.open_project(project, level, own) if project else requests.open_own(own, level)
        self.dialog.show_running(True)
        self._lane.submit(work, lambda found: self._opened(found, own), self.dialog.show_failure)

    def _opened(self, found: requests.Opened, own: Own) -> None:
        QSettings().setValue(_KEY, json.dumps(asdict(own)))
        if self.dialog is not None:
            self.dialog.accept()
        self._desk.intent.bring(found)

    def _closed(self) -> None:
        self._lane.cancel()
        self.dialog = None

    def read_again(self) -> None:
        network = self._session.network
        if network is not None and network.origin.own is not None:
            self._desk.intent.say(f"Reading {network.origin.own.where} again…", 3000)
            self._desk.intent.change(requests.read_again)

    def _rescue(self, failure: Exception) -> bool:
        """A project that names code is opened if the user agrees."""
        own: Any = getattr(failure, "own", None)
        if isinstance(own, Own):
            self.ask(own, str(getattr(failure, "path", "")))
        return isinstance(own, Own)


def _last() -> Own | None:
    try:
        found = json.loads(str(QSettings().value(_KEY, "")))
        return Own(found["made_by"], found["arguments"], tuple(found["input_shape"]))
    except (ValueError, TypeError, KeyError):
        return None
