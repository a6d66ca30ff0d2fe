"""Saves the tour in sight, or else the guide page of the open network, as a web page or as slides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr
from explorer.ui.base.dialogs import ask_handout_path
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.tours.tour import Tour


class HandoutSaver(QObject):
    """Asks for a file and writes it on a lane. `current_tour` says which tour is in sight, None for none."""

    def __init__(self, context: ToolContext, current_tour: Callable[[], Tour | None]) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self._current_tour = current_tour
        self._lane = context.add_lane("handout")

    def ask_path(self) -> None:
        """Ask where to save, and save."""
        if self._current_tour() is None and self._session.network is None:
            self._context.commands.show_status(tr("Open a network first."))
            return
        path = ask_handout_path(self._context.window, self._session.document.title)
        if path:
            self.save(path)

    def save(self, path: str) -> None:
        """Write the handout as its suffix says."""
        tour, network, language = self._current_tour(), self._session.network, self._session.language

        def write(keep_going: KeepGoing) -> None:
            from explorer.export.documents.handout import export_handout
            from explorer.export.documents.handout_sources import build_page_handout, build_tour_handout
            from explorer.export.page import ExportError
            from explorer.guide.page import find_page_key

            if tour is not None:
                export_handout(build_tour_handout(tour, language), path)
                return
            key = find_page_key(network.baseline.architecture.key) if network is not None else None
            if network is None or key is None:
                raise ExportError(tr("The guide has no page on this network."))
            export_handout(build_page_handout(key, network, language), path)

        self._context.commands.show_status(tr("Writing {path}…", path=path))
        self._lane.submit(
            write,
            lambda _: self._context.commands.show_status(tr("Saved {path}", path=path)),
            self._context.commands.show_error,
        )
