"""What can be changed about the selection, as a menu: the options of its narrowest scope that are available."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QMenu, QWidget

from explorer.base.languages import tr
from explorer.ui.inspector.panel import InspectorPanel
from explorer.viewmodels.panels import Option

_MOST_CHOICES = 24  # of one option: longer lists are for the slider of the inspector

Request = Callable[[Any], object]


class OptionMenu(QMenu):
    """Follows the inspector: filled at once where it shows the selection, else when its inspection arrives."""

    def __init__(self, panel: InspectorPanel, is_settled: bool, request: Request, parent: QWidget) -> None:
        super().__init__(tr("Change"), parent)
        self._panel, self._request = panel, request
        self.setToolTipsVisible(True)
        panel.inspection_shown.connect(self._fill)
        if is_settled:
            self._fill()
        else:
            self.addAction(tr("Looking for what can be changed…")).setEnabled(False)

    def _fill(self) -> None:
        self.clear()
        inspection = self._panel.inspection
        options = inspection.options if inspection is not None else ()
        scope = next((option.scope for option in options), "")
        for option in options:
            enough = 1 if option.control == "actions" else 2
            if option.scope == scope and not option.reason and enough <= len(option.choices) <= _MOST_CHOICES:
                self._add_option(option)
        if self.isEmpty():
            self.addAction(tr("Nothing can be changed here.")).setEnabled(False)

    def _add_option(self, option: Option) -> None:
        if option.control == "switch":
            action = self.addAction(option.title)
            action.setCheckable(True)
            action.setChecked(option.current == 1)
            edit = option.choices[0 if option.current == 1 else 1].edit
            action.triggered.connect(partial(self._choose, edit))
        else:
            menu = self.addMenu(option.title)
            for number, choice in enumerate(option.choices):
                action = menu.addAction(choice.label)
                action.setToolTip(choice.tip)
                action.setCheckable(option.control != "actions")
                action.setChecked(number == option.current)
                action.triggered.connect(partial(self._choose, choice.edit))

    def _choose(self, edit: Any, *_: object) -> None:
        if edit is not None:
            self._request(edit)
