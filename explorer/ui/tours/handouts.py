"""Saves the tour in sight, or else the guide page of the open network, as a web page or as slides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr
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
        kinds = {tr("Web page (*.html)"): ".html", tr("PowerPoint slides (*.pptx)"): ".pptx"}
        name = self._session.document.title.replace(" ", "_")
        path, kind = QFileDialog.getSaveFileName(
            self._context.window, tr("Save handout"), f"{name}.html", ";;".join(kinds)
        )
        if path:
            self.save(path if Path(path).suffix.lower() in kinds.values() else path + kinds.get(kind, ".html"))

    def save(self, path: str) -> None:
        """Write the handout as its suffix says."""
        tour, network, language = self._current_tour(), self._session.network, self._session.language

        def write(keep_going: KeepGoing) -> None:
            from explorer.export.documents.handout import build_page_handout, build_tour_handout, export_handout
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
