"""Tool of the weights: where they come from, and what of a file fits the network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog

from explorer.base import number_format
from explorer.base.atomic_write import WEIGHTS_SUFFIXES
from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop, with_label
from explorer.ui.base.menus import add_checkable
from explorer.ui.base.settings import read_text
from explorer.ui.output.panel import OutputPanel
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.weights.report import WeightsReport

if TYPE_CHECKING:
    from explorer.document import Document
    from explorer.network import Network
    from explorer.weights.checkpoint_matching import MatchedCheckpoint
    from explorer.weights.pretrained import PretrainedWeights


class WeightsTool:
    """The Weights menu of the output panel, and File › Open weights…."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        panel = context.window.findChild(OutputPanel)
        assert isinstance(panel, OutputPanel)
        self._panel = panel
        self.lane = context.add_lane("weights")
        self.lane.progress_changed.connect(panel.progress.set_progress)
        self.lane.busy_changed.connect(lambda busy: None if busy else panel.progress.finish())
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
        if document.path is not None:  # its project says which weights it has
            return
        entry = network.context.entry
        if entry is None or network.context.checkpoint is not None:
            return
        name = read_text(_remembered_setting(entry.key))
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
        return add_checkable(self.weights_menu, text, checked, callback)

    def choose_file(self) -> None:
        """Ask for a file of weights and load it."""
        patterns = " ".join(f"*{suffix}" for suffix in WEIGHTS_SUFFIXES)
        kinds = f"{tr('Weights ({patterns})', patterns=patterns)};;{tr('All files (*)')}"
        path, _ = QFileDialog.getOpenFileName(self._context.window, tr("Open weights"), "", kinds)
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

        document = document or self._context.session.document
        is_published = loaded is None or loaded.preset is not None  # remembered by itself, and no work of the user's
        self._context.commands.change_network(step, document, is_followed=is_published and document.path is None)
        entry = network.context.entry
        if loaded is not None and loaded.preset and entry is not None:
            QSettings().setValue(_remembered_setting(entry.key), loaded.preset)
        if loaded is not None:
            self._context.commands.show_status(with_label(loaded.name, loaded.report.summary))
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

    def _close_report(self) -> None:
        """Close the report: it is opened again, in another language, by the menu of the weights."""
        if self.report is not None:
            self.report.close()


def _remembered_setting(key: str) -> str:
    return f"trained_weights/{key}"


def _list_offers(network: Network) -> tuple[PretrainedWeights, ...]:
    from explorer.project.weights_file import list_published

    return list_published(network)


def _weights_name(network: Network) -> str:
    """Return a short name of the weights in force."""
    loaded = network.context.checkpoint
    if loaded is None:
        return tr("random") if network.context.entry is not None else tr("module's own")
    if loaded.preset:
        return loaded.preset.partition(".")[2].replace("IMAGENET1K", "ImageNet").replace("_", " ")
    return loaded.name
