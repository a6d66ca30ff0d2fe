"""Weights beside the output: where they come from, on which device they run, how much is remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu

from explorer import numbers
from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.output import OutputPanel
from explorer.ui.weights_report import WeightsReport
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.weights.matching import Loaded
    from explorer.weights.pretrained import Pretrained

FILTER = "Weights (*.pth *.pt *.bin *.safetensors);;All files (*)"

#: Bytes of feature maps to remember; 0 for what suits the machine.
BUDGETS = (0, 2**28, 2**30, 2**32)


class WeightsTool:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        panel = desk.window.findChild(OutputPanel)
        assert isinstance(panel, OutputPanel)
        self._panel = panel
        self.lane = desk.lane("weights")
        self.lane.progressed.connect(panel.progress.show_done)
        self.lane.busy_changed.connect(lambda busy: None if busy else panel.progress.end())
        self.settings = desk.lane("settings")
        self.report: WeightsReport | None = None
        menu = panel.weights.menu()
        assert menu is not None
        self.menu = menu
        menu.aboutToShow.connect(self._fill)
        self.open = desk.action(
            "File", "Open weights…", self.ask, tip="Weights from a file of torch.save or safetensors"
        )
        tools = desk.menu("Tools")
        self.devices, self.budgets = tools.addMenu("Run on"), tools.addMenu("Remember feature maps")
        self.devices.aboutToShow.connect(self._fill_devices)
        self._fill_budgets()
        desk.session.listen(self._changed)
        self._changed("network")

    # what can be chosen

    def _changed(self, topic: Topic) -> None:
        if topic != "network":
            return
        network = self._desk.session.network
        self.open.setEnabled(network is not None)
        self._panel.weights.setEnabled(network is not None)
        self._panel.weights.setText(f"Weights: {_name(network)}" if network is not None else "Weights")

    def _fill(self) -> None:
        from explorer.weights.pretrained import offered

        self.menu.clear()
        network = self._desk.session.network
        if network is None:
            return
        loaded, entry = network.origin.loaded, network.origin.entry
        own = "Random, seeded layer by layer" if entry is not None else "Its own"
        self._choice(own, loaded is None, lambda: self._take(network, None))
        offers = offered(entry.weights, entry.input_size[-1]) if entry is not None else ()
        if offers:
            self.menu.addSeparator()
        for offer in offers:
            place = "on this machine" if offer.is_here else f"download {numbers.size(offer.bytes)}"
            top1 = f"{offer.top1:.1f} % top-1" if offer.top1 is not None else ""
            words = " · ".join(filter(None, (offer.title, top1, place)))
            action = self._choice(words, _name(network) == offer.title, partial(self.take_pretrained, offer))
            action.setToolTip(f"{offer.url}\n{offer.path}")
        self.menu.addSeparator()
        self.menu.addAction("From a file…", self.ask)
        shown = self.menu.addAction("What was loaded…", lambda: self.show_report(network, loaded))
        shown.setEnabled(loaded is not None)

    def _choice(self, words: str, chosen: bool, happens: Callable[[], None]) -> QAction:
        return _check(self.menu, words, chosen, happens)

    def ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._desk.window, "Open weights", "", FILTER)
        if path:
            self.take_file(path)

    # where they come from

    def take_file(self, path: str) -> None:
        network = self._desk.session.network
        if network is not None:
            self._panel.progress.begin(f"Reading {Path(path).name}…", self._stop)
            self._read(network, lambda wanted: network.read_weights(path), path)

    def take_pretrained(self, offer: Pretrained) -> None:
        network = self._desk.session.network
        if network is None:
            return

        def work(wanted: Wanted) -> Loaded | None:
            from explorer.weights.pretrained import Stopped, fetch

            try:
                path = fetch(offer, wanted)
            except Stopped:
                return None
            return network.read_weights(path, offer.name)

        size = 0 if offer.is_here else offer.bytes
        self._panel.progress.begin(offer.title, self._stop, size)
        self._read(network, work, str(offer.path))

    def _read(self, network: Network, work: Callable[[Wanted], Loaded | None], path: str) -> None:
        def show(loaded: Loaded | None) -> None:
            self._panel.progress.end()
            if loaded is not None:
                self._take(network, loaded, path)

        def fail(failure: Exception) -> None:
            self._panel.progress.end()
            self._desk.intent.complain(failure)

        self.lane.submit(work, show, fail)

    def _stop(self) -> None:
        self.lane.cancel()
        self._panel.progress.end()
        self._desk.intent.say("Cancelled; nothing was kept")

    def _take(self, network: Network, loaded: Loaded | None, path: str = "") -> None:
        """Give the open network these weights, if it is still the one they were read for."""
        baseline = network.history.baseline

        def step(now: Network) -> Network:
            return now.with_weights(loaded) if now.history.baseline is baseline else now

        self._desk.intent.change(step)
        if loaded is not None:
            self._desk.intent.say(f"{loaded.name}: {loaded.report.sentence}")
            if not loaded.report.complete:
                self.show_report(network, loaded, path)

    def show_report(self, network: Network, loaded: Loaded | None, path: str = "") -> None:
        if loaded is None:
            return
        if self.report is not None:
            self.report.close()
        ways = self._ways(network, loaded, path)
        self.report = WeightsReport(self._desk.window, loaded.name, loaded.report, ways)
        self.report.finished.connect(self._report_closed)
        self.report.show()

    def _report_closed(self) -> None:
        self.report = None

    def _ways(self, network: Network, loaded: Loaded, path: str) -> list[tuple[str, Callable[[], None]]]:
        classes = network.classes_in(loaded)
        if not classes or not path:
            return []

        def adapt() -> None:
            from explorer.edits import Classes

            def step(now: Network) -> Network:
                edited = now.edit(Classes(classes))
                return edited.load_weights(path)

            self._desk.intent.change(step)

        return [(f"Set {classes:,} classes and load again", adapt)]

    # where they run

    def _fill_devices(self) -> None:
        from explorer.analysis.room import PREFERRED, devices

        self.devices.clear()
        for device in devices():
            chosen = device.name == PREFERRED.device
            _check(self.devices, device.title, chosen, partial(self.prefer, device=device.name))

    def _fill_budgets(self) -> None:
        chosen = int(str(QSettings().value("feature_map_bytes", 0)))
        group = QActionGroup(self.budgets)
        for budget in BUDGETS:
            words = f"Up to {numbers.size(budget)}" if budget else "As much as suits this machine"
            action = _check(self.budgets, words, budget == chosen, partial(self.prefer, budget=budget))
            group.addAction(action)
        if chosen:
            self.settings.submit(_preferring(None, chosen, None), lambda _: None, lambda _: None)

    def prefer(self, device: str | None = None, budget: int | None = None) -> None:
        """Run there, remember so much: the open network and those opened from now on."""
        if budget is not None:
            QSettings().setValue("feature_map_bytes", budget)
        network, session = self._desk.session.network, self._desk.session

        def again(_: object) -> None:
            if session.sample is not None and session.network is not None:
                session.show_sample(session.sample)

        self.settings.submit(_preferring(device, budget, network), again, self._desk.intent.complain)


def _preferring(device: str | None, budget: int | None, network: Network | None) -> Callable[[Wanted], None]:
    def work(wanted: Wanted) -> None:
        from explorer.analysis import room

        if device is not None:
            room.PREFERRED.device = device
        if budget is not None:
            room.PREFERRED.budget = budget
        if network is not None:
            with network.origin.lock:
                network.origin.forward.use(device, room.usual_budget() if budget is not None else None)

    return work


def _check(menu: QMenu, words: str, chosen: bool, happens: Callable[[], Any]) -> QAction:
    action = menu.addAction(words)
    action.setCheckable(True)
    action.setChecked(chosen)
    action.triggered.connect(lambda _=False: happens())
    return action


def _name(network: Network) -> str:
    """What the weights in force are called, briefly."""
    loaded = network.origin.loaded
    if loaded is None:
        return "random" if network.origin.entry is not None else "its own"
    if loaded.preset:
        return loaded.preset.partition(".")[2].replace("IMAGENET1K", "ImageNet").replace("_", " ")
    return loaded.name
