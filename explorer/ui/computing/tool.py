"""Tool of computing: the device that networks run on, and the memory for cached feature maps."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from explorer.base import number_format
from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.ui.base import jobs
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.base.menus import add_checkable
from explorer.ui.base.settings import read_text, read_whole
from explorer.ui.plugin.preference import Preference
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.network import Network

#: Bytes of feature maps to remember; 0 for what suits the machine.
CACHE_BUDGETS = (0, 2**28, 2**30, 2**32)


class ComputingTool:
    """Tools › Device and Tools › Feature map cache, and the preferences for them and for the folder of weights."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self.lane = context.add_lane("settings")
        tools = context.get_menu("Tools")
        self.devices_menu = live_text(tools.addMenu(""), QMenu.setTitle, "Device")
        self.budgets_menu = live_text(tools.addMenu(""), QMenu.setTitle, "Feature map cache")
        self.devices_menu.aboutToShow.connect(self._fill_devices)
        self._fill_budgets()
        context.preferences.extend(self._preferences())
        follow_language(self.budgets_menu, lambda _: self._name_budgets())

    def _preferences(self) -> list[Preference]:
        """Return what the user can choose for good of where weights are and where passes run."""
        group = tr_noop("Computing")

        def write_folder(folder: str) -> None:
            QSettings().setValue("weights_folder", folder)
            self.lane.submit(lambda _: jobs.set_weights_folder(), lambda _: None, lambda _: None)

        return [
            Preference(
                group,
                tr_noop("Device"),
                tr_noop("Where networks are run"),
                lambda: _list_devices()[0],
                lambda name: self.set_preferences(device=name),
                choices=lambda: _list_devices()[1],
            ),
            Preference(
                group,
                tr_noop("Memory for feature maps"),
                tr_noop("What is remembered of passes, so that an edit computes only what it changes"),
                lambda: str(read_whole("feature_map_bytes")),
                self._choose_budget,
                choices=lambda: [(str(budget), _budget_title(budget)) for budget in CACHE_BUDGETS],
            ),
            Preference(
                group,
                tr_noop("Folder of weights"),
                tr_noop("Where published weights are looked for and downloaded to"),
                lambda: read_text("weights_folder") or str(_usual_weights_folder()),
                write_folder,
                "folder",
            ),
        ]

    def _choose_budget(self, budget: str) -> None:
        self.set_preferences(budget=int(budget))
        for one, action in zip(CACHE_BUDGETS, self.budgets_menu.actions(), strict=True):
            action.setChecked(str(one) == budget)

    def _fill_devices(self) -> None:
        from explorer.analysis.forward.memory_check import DEVICE_PREFERENCES, list_devices

        self.devices_menu.clear()
        for device in list_devices():
            chosen = device.name == DEVICE_PREFERENCES.device
            add_checkable(self.devices_menu, device.title, chosen, partial(self.set_preferences, device=device.name))

    def _fill_budgets(self) -> None:
        chosen = read_whole("feature_map_bytes")
        group = QActionGroup(self.budgets_menu)
        for budget in CACHE_BUDGETS:
            action = add_checkable(
                self.budgets_menu, "", budget == chosen, partial(self.set_preferences, budget=budget)
            )
            group.addAction(action)
        if chosen:
            self.lane.submit(_preferences_job(None, chosen, None), lambda _: None, lambda _: None)

    def _name_budgets(self) -> None:
        for budget, action in zip(CACHE_BUDGETS, self.budgets_menu.actions(), strict=True):
            action.setText(_budget_title(budget))

    def set_preferences(self, device: str | None = None, budget: int | None = None) -> None:
        """Set the device and the bytes of cached feature maps, for the open network and later ones."""
        if budget is not None:
            QSettings().setValue("feature_map_bytes", budget)
        network, session = self._context.session.network, self._context.session

        def again(_: object) -> None:
            if session.sample is not None and session.network is not None:
                session.set_sample(session.sample)

        self.lane.submit(_preferences_job(device, budget, network), again, self._context.commands.show_error)


def _budget_title(budget: int) -> str:
    return tr("Up to {size}", size=number_format.format_bytes(budget)) if budget else tr("Automatic")


def _list_devices() -> tuple[str, list[tuple[str, str]]]:
    """Return the device in use, and all of them with their titles; the CPU alone until torch has been imported."""
    if "torch" not in sys.modules:
        return "cpu", [("cpu", "CPU")]
    from explorer.analysis.forward.memory_check import DEVICE_PREFERENCES, list_devices

    return DEVICE_PREFERENCES.device, [(device.name, device.title) for device in list_devices()]


def _usual_weights_folder() -> Path:
    """Return the folder that torch uses by itself."""
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(os.environ.get("TORCH_HOME", str(Path(cache, "torch"))), "hub")


def _preferences_job(device: str | None, budget: int | None, network: Network | None) -> Callable[[KeepGoing], None]:
    def job(keep_going: KeepGoing) -> None:
        from explorer.analysis.forward import memory_check

        if device is not None:
            memory_check.DEVICE_PREFERENCES.device = device
        if budget is not None:
            memory_check.DEVICE_PREFERENCES.budget = budget
        if network is not None:
            with network.context.lock:
                network.context.forward.configure(device, memory_check.default_budget() if budget is not None else None)

    return job
