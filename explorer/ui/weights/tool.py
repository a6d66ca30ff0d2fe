"""Tool of the weights: where they come from, the device they run on, the memory for cached feature maps."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu

from explorer.base import number_format
from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.ui.base import jobs
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.output.panel import OutputPanel
from explorer.ui.plugin.preference import Preference
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.weights.report import WeightsReport

if TYPE_CHECKING:
    from explorer.document import Document
    from explorer.network import Network
    from explorer.weights.checkpoint_matching import MatchedCheckpoint
    from explorer.weights.pretrained import PretrainedWeights

WEIGHTS_FILTER = tr_noop("Weights (*.pth *.pt *.bin *.safetensors);;All files (*)")

#: Bytes of feature maps to remember; 0 for what suits the machine.
CACHE_BUDGETS = (0, 2**28, 2**30, 2**32)


class WeightsTool:
    """The Weights menu of the output panel, File › Open weights…, Tools › Run on, and Tools › Cache."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        panel = context.window.findChild(OutputPanel)
        assert isinstance(panel, OutputPanel)
        self._panel = panel
        self.lane = context.add_lane("weights")
        self.lane.progress_changed.connect(panel.progress.set_progress)
        self.lane.busy_changed.connect(lambda busy: None if busy else panel.progress.finish())
        self.settings_lane = context.add_lane("settings")
        self.report: WeightsReport | None = None
        menu = panel.weights_button.menu()
        assert menu is not None
        self.weights_menu = menu
        menu.aboutToShow.connect(self._fill_weights)
        self.open_action = context.add_action(
            "File",
            tr_noop("Open weights…"),
            self.choose_file,
            tip=tr_noop("Load weights from a .pth, .pt, .bin or .safetensors file"),
        )
        tools = context.get_menu("Tools")
        self.devices_menu = live_text(tools.addMenu(""), QMenu.setTitle, "Device")
        self.budgets_menu = live_text(tools.addMenu(""), QMenu.setTitle, "Feature map cache")
        self.devices_menu.aboutToShow.connect(self._fill_devices)
        self._fill_budgets()
        context.preferences.extend(self._preferences())
        follow_language(self.budgets_menu, lambda _: self._name_budgets())
        self._looked_up: WeakSet[Document] = WeakSet()  # whose remembered weights were looked for
        panel.trained_requested.connect(self._load_default)
        context.session.on("network", self._update_button)
        context.session.on("network", self._load_remembered)
        context.session.on("language", self._update_button)
        context.session.on("language", self._close_report)
        self._update_button()

    # menus

    def _update_button(self) -> None:
        network = self._context.session.network
        self.open_action.setEnabled(network is not None)
        self._panel.weights_button.setEnabled(network is not None)
        text = tr("Weights: {name}", name=_weights_name(network)) if network is not None else tr("Weights")
        self._panel.weights_button.setText(text)
        offer = self._find_default(network)
        if offer is None:
            self._panel.offer_trained_weights("")
            return
        size = number_format.format_bytes(offer.size_bytes)
        self._panel.offer_trained_weights(
            tr("Load trained weights") if offer.is_cached else tr("Load trained weights, {size}", size=size),
            tr("{title} of torchvision. They are remembered for this network.", title=offer.title),
        )

    @staticmethod
    def _find_default(network: Network | None) -> PretrainedWeights | None:
        """Return the published weights of a network that has random ones; None where there are none."""
        if network is None or network.context.entry is None or network.context.checkpoint is not None:
            return None
        return next(iter(_list_offers(network)), None)

    def _load_default(self) -> None:
        offer = self._find_default(self._context.session.network)
        if offer is not None:
            self.load_pretrained(offer)

    def _load_remembered(self) -> None:
        """Load what the user chose for a network when it was last open, if the file is still on this machine."""
        document, network = self._context.session.document, self._context.session.network
        if network is None or document in self._looked_up:
            return
        self._looked_up.add(document)
        entry = network.context.entry
        if entry is None or network.context.checkpoint is not None:
            return
        name = str(QSettings().value(_remembered_setting(entry.key), ""))
        chosen = [offer for offer in _list_offers(network) if offer.name == name and offer.is_cached] if name else []
        if chosen:
            self.load_pretrained(chosen[0])

    def _fill_weights(self) -> None:
        self.weights_menu.clear()
        network = self._context.session.network
        if network is None:
            return
        loaded, entry = network.context.checkpoint, network.context.entry
        random_text = tr("Random (seeded per layer)") if entry is not None else tr("The module's own")
        self._add_choice(random_text, loaded is None, partial(self._forget_weights, network))
        offers = _list_offers(network)
        if offers:
            self.weights_menu.addSeparator()
        for offer in offers:
            source = (
                tr("downloaded")
                if offer.is_cached
                else tr("download {size}", size=number_format.format_bytes(offer.size_bytes))
            )
            top1 = tr("{percent} % top-1", percent=f"{offer.top1:.1f}") if offer.top1 is not None else ""
            text = " · ".join(filter(None, (offer.title, top1, source)))
            action = self._add_choice(text, _weights_name(network) == offer.title, partial(self.load_pretrained, offer))
            action.setToolTip(f"{offer.url}\n{offer.cache_path}")
        self.weights_menu.addSeparator()
        self.weights_menu.addAction(tr("Load from file…"), self.choose_file)
        report_action = self.weights_menu.addAction(tr("Weights report…"), lambda: self.show_report(network, loaded))
        report_action.setEnabled(loaded is not None)

    def _add_choice(self, text: str, checked: bool, callback: Callable[[], None]) -> QAction:
        return _add_checkable(self.weights_menu, text, checked, callback)

    def choose_file(self) -> None:
        """Ask for a file of weights and load it."""
        path, _ = QFileDialog.getOpenFileName(self._context.window, tr("Open weights"), "", tr(WEIGHTS_FILTER))
        if path:
            self.load_file(path)

    # loading

    def load_file(self, path: str) -> None:
        """Load weights from a `.pth`, `.pt`, `.bin` or `.safetensors` file, and report what fits."""
        network = self._context.session.network
        if network is not None:
            self._panel.progress.start(tr("Reading {file}…", file=Path(path).name), self._cancel)
            self._read_weights(network, lambda keep_going: network.read_weights(path), path)

    def load_pretrained(self, offer: PretrainedWeights) -> None:
        """Load published weights, downloading them first if they are not on this machine."""
        network = self._context.session.network
        if network is None:
            return

        def job(keep_going: KeepGoing) -> MatchedCheckpoint | None:
            from explorer.weights.pretrained import DownloadCancelled, fetch

            try:
                path = fetch(offer, keep_going)
            except DownloadCancelled:
                return None
            return network.read_weights(path, offer.name)

        size = 0 if offer.is_cached else offer.size_bytes
        self._panel.progress.start(offer.title, self._cancel, size)
        self._read_weights(network, job, str(offer.cache_path))

    def _read_weights(self, network: Network, job: Callable[[KeepGoing], MatchedCheckpoint | None], path: str) -> None:
        document = self._context.session.document  # it may be out of sight by the time a download ends

        def show(loaded: MatchedCheckpoint | None) -> None:
            self._panel.progress.finish()
            if loaded is not None:
                self._apply_weights(network, loaded, path, document)

        def fail(failure: Exception) -> None:
            self._panel.progress.finish()
            self._context.commands.show_error(failure)

        self.lane.submit(job, show, fail)

    def _cancel(self) -> None:
        self.lane.cancel()
        self._panel.progress.finish()
        self._context.commands.show_status(tr("Cancelled. The weights are unchanged."))

    def _apply_weights(
        self, network: Network, loaded: MatchedCheckpoint | None, path: str = "", document: Document | None = None
    ) -> None:
        """Give these weights to the network of a document, if it is still the one they were read for."""
        baseline = network.history.baseline

        def step(now: Network) -> Network:
            return now.with_weights(loaded) if now.history.baseline is baseline else now

        self._context.commands.change_network(step, document, is_followed=True)
        entry = network.context.entry
        if loaded is not None and loaded.preset and entry is not None:
            QSettings().setValue(_remembered_setting(entry.key), loaded.preset)
        if loaded is not None:
            self._context.commands.show_status(f"{loaded.name}: {loaded.report.summary}")
            if not loaded.report.is_complete:
                self.show_report(network, loaded, path)

    def _forget_weights(self, network: Network) -> None:
        """Give the network its own weights again, and forget that it had others."""
        if network.context.entry is not None:
            QSettings().remove(_remembered_setting(network.context.entry.key))
        self._apply_weights(network, None)

    def show_report(self, network: Network, loaded: MatchedCheckpoint | None, path: str = "") -> None:
        """Show which entries of a checkpoint fit the network; `path` is offered to be loaded again."""
        if loaded is None:
            return
        if self.report is not None:
            self.report.close()
        actions = self._report_actions(network, loaded, path)
        self.report = WeightsReport(self._context.window, loaded.name, loaded.report, actions)
        self.report.finished.connect(self._report_finished)
        self.report.show()

    def _report_finished(self) -> None:
        self.report = None

    def _report_actions(
        self, network: Network, loaded: MatchedCheckpoint, path: str
    ) -> list[tuple[str, Callable[[], None]]]:
        classes = network.class_count_in(loaded)
        if not classes or not path:
            return []

        def adapt() -> None:
            from explorer.edits import SetClasses

            def step(now: Network) -> Network:
                edited = now.edit(SetClasses(classes))
                return edited.load_weights(path)

            self._context.commands.change_network(step)

        return [(tr("Change to {classes} classes and load again", classes=f"{classes:,}"), adapt)]

    # device and cache

    def _preferences(self) -> list[Preference]:
        """Return what the user can choose for good of where weights are and where passes run."""
        group = tr_noop("Computing")

        def write_folder(folder: str) -> None:
            QSettings().setValue("weights_folder", folder)
            self.settings_lane.submit(lambda _: jobs.set_weights_folder(), lambda _: None, lambda _: None)

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
                lambda: str(QSettings().value("feature_map_bytes", 0)),
                self._choose_budget,
                choices=lambda: [(str(budget), _budget_title(budget)) for budget in CACHE_BUDGETS],
            ),
            Preference(
                group,
                tr_noop("Folder of weights"),
                tr_noop("Where published weights are looked for and downloaded to"),
                lambda: str(QSettings().value("weights_folder", "") or _usual_weights_folder()),
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
            _add_checkable(self.devices_menu, device.title, chosen, partial(self.set_preferences, device=device.name))

    def _fill_budgets(self) -> None:
        chosen = int(str(QSettings().value("feature_map_bytes", 0)))
        group = QActionGroup(self.budgets_menu)
        for budget in CACHE_BUDGETS:
            action = _add_checkable(
                self.budgets_menu, "", budget == chosen, partial(self.set_preferences, budget=budget)
            )
            group.addAction(action)
        if chosen:
            self.settings_lane.submit(_preferences_job(None, chosen, None), lambda _: None, lambda _: None)

    def _name_budgets(self) -> None:
        for budget, action in zip(CACHE_BUDGETS, self.budgets_menu.actions(), strict=True):
            action.setText(_budget_title(budget))

    def _close_report(self) -> None:
        """Close the report: it is opened again, in another language, by the menu of the weights."""
        if self.report is not None:
            self.report.close()

    def set_preferences(self, device: str | None = None, budget: int | None = None) -> None:
        """Set the device and the bytes of cached feature maps, for the open network and later ones."""
        if budget is not None:
            QSettings().setValue("feature_map_bytes", budget)
        network, session = self._context.session.network, self._context.session

        def again(_: object) -> None:
            if session.sample is not None and session.network is not None:
                session.set_sample(session.sample)

        self.settings_lane.submit(_preferences_job(device, budget, network), again, self._context.commands.show_error)


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


def _remembered_setting(key: str) -> str:
    return f"trained_weights/{key}"


def _list_offers(network: Network) -> tuple[PretrainedWeights, ...]:
    from explorer.weights.pretrained import list_pretrained

    entry = network.context.entry
    return list_pretrained(entry.weights, entry.input_size[-1]) if entry is not None else ()


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


def _add_checkable(menu: QMenu, text: str, checked: bool, callback: Callable[[], Any]) -> QAction:
    action = menu.addAction(text)
    action.setCheckable(True)
    action.setChecked(checked)
    action.triggered.connect(lambda _=False: callback())
    return action


def _weights_name(network: Network) -> str:
    """Return a short name of the weights in force."""
    loaded = network.context.checkpoint
    if loaded is None:
        return tr("random") if network.context.entry is not None else tr("module's own")
    if loaded.preset:
        return loaded.preset.partition(".")[2].replace("IMAGENET1K", "ImageNet").replace("_", " ")
    return loaded.name
