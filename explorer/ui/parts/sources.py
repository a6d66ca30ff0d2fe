"""Where the list of parts takes its rows from: the parts there are, or the blocks of a network that is open or in the
catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.networks.catalogue import all_entries
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.parts import PartRow

if TYPE_CHECKING:
    from explorer.network import Network


@dataclass(frozen=True)
class NetworkSource:
    """A network whose blocks can be taken: that of an open document, or one of the catalogue by its key."""

    document: Document | None = None
    key: str = ""


class PartSources(QObject):
    """Lists the networks there are, and the blocks of the chosen one; these follow its edits."""

    changed = Signal()  # which networks there are, or the chosen one
    found = Signal(object)  # tuple[PartRow, ...], of the chosen network

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self._context = context
        self._lane = context.add_lane(tr_noop("Blocks of a network"), latest_only=True)
        self.chosen: NetworkSource | None = None  # None for the parts
        context.documents.changed.connect(self._follow)
        context.session.on("network", self._follow)
        context.session.on("language", self._follow)

    def entries(self) -> tuple[tuple[str, NetworkSource | None], ...]:
        """What can be chosen, with its text: the parts, the open networks, and those of the catalogue."""
        documents = [(document, document.network) for document in self._context.documents]
        opened = [(document, network.shown_title) for document, network in documents if network is not None]
        return (
            (tr("Layers and blocks of all families"), None),
            *((tr("{network} (open)", network=title), NetworkSource(document)) for document, title in opened),
            *((tr(entry.title), NetworkSource(key=entry.key)) for entry in all_entries()),
        )

    def choose(self, source: NetworkSource | None) -> None:
        """List the blocks of a network; None for the parts."""
        self.chosen = source
        network = source.document.network if source is not None and source.document is not None else None
        if source is None or (network is None and not source.key):
            self._lane.cancel()
            self.chosen = None
            return
        self._lane.submit(blocks_job(network, source.key), self.found.emit, self._context.commands.show_error)

    def _follow(self) -> None:
        """A network has come, gone or been edited."""
        source = self.chosen
        if source is not None and source.document is not None and source.document not in tuple(self._context.documents):
            self.chosen = None
        self.changed.emit()


def blocks_job(network: Network | None, key: str) -> Callable[[KeepGoing], tuple[PartRow, ...]]:
    """Job that returns the blocks of a network, or of one of the catalogue, as parts."""

    def job(keep_going: KeepGoing) -> tuple[PartRow, ...]:
        from explorer.analysis.analysis import analyse
        from explorer.edits.transplants import open_catalogue_network
        from explorer.presenters.block_rows import build_block_rows

        return build_block_rows(network.analysis if network is not None else analyse(open_catalogue_network(key)))

    return job
