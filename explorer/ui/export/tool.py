"""Tool of the exports: diagrams, tables and volumes as pictures, the network as code, weights or ONNX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QToolBar

from explorer.base.languages import tr, tr_noop
from explorer.export.page import ExportScope, Page, PictureKind
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.base.cancellation import KeepGoing
    from explorer.network import Network
    from explorer.ui.export.dialog import ExportDialog
    from explorer.ui.export.jobs import ExportSource


class ExportTool:
    """File › Export … entries and their dialogs."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self._preview_lane, self._file_lane = (
            context.add_lane("export previews", latest_only=True),
            context.add_lane("exports"),
        )
        tip = tr_noop("Save or copy the diagram, its volumes or a table of stages as PNG, SVG or PDF")
        self.diagram_action = context.add_action(
            "File", tr_noop("Export diagram…"), lambda: self.show_dialog(), "Ctrl+E", tip
        )
        tip = tr_noop("Save the table of stages, as papers print it, as a picture, LaTeX, Markdown or CSV")
        self.table_action = context.add_action(
            "File", tr_noop("Export table…"), lambda: self.show_dialog("table"), "", tip
        )
        tip = tr_noop("Save the network as Python, weights or ONNX")
        self.network_action = context.add_action("File", tr_noop("Export network…"), self.choose_network_file, "", tip)
        bar = context.window.findChild(QToolBar, "tools")
        if bar is not None:
            bar.addAction(self.diagram_action)
        self.dialog: ExportDialog | None = None
        context.card_actions.append(self._card_entries)
        context.canvas_actions.append(lambda: [(tr("Export diagram…"), lambda: self.show_dialog())])
        self._session.on("network", self._update_actions)
        self._session.on("language", self._show_anew)
        self._update_actions()

    def _update_actions(self) -> None:
        for action in (self.diagram_action, self.table_action, self.network_action):
            action.setEnabled(self._session.network is not None)

    @property
    def exportable(self) -> ExportSource | None:
        """What can be exported now: the network, its picture, selection and expanded groups; None without a network."""
        from explorer.ui.export.jobs import ExportSource

        session, canvas = self._session, self._context.canvas
        network = session.displayed_network
        if network is None:
            return None
        selection = session.selection
        visible_rect = canvas.visible_rect
        expanded, direction, colouring = session.expanded, session.direction, session.colouring
        return ExportSource(network, canvas.picture, visible_rect, selection, expanded, direction, colouring)

    def _card_entries(self, card: str) -> list[tuple[str, Callable[[], None] | None]]:
        return [(tr("Export this part…"), partial(self._export_card, card))]

    def _export_card(self, card: str) -> None:
        if card not in self._session.selection:
            self._session.select(card)
        self.show_dialog("graph", scope="selection")

    def show_dialog(self, kind: PictureKind | None = None, scope: ExportScope | None = None) -> None:
        """Show the export dialog as it was left, but with the direction and colours of the window."""
        from explorer.ui.export.last_page import load_last_page

        if (source := self.exportable) is not None:
            page = replace(load_last_page(), kind=kind or "graph", direction=source.direction, by=source.by)
            self._open_dialog(replace(page, scope=scope or page.scope))

    def _open_dialog(self, page: Page) -> None:
        from explorer.ui.export.dialog import ExportDialog

        source = self.exportable
        if source is None:
            return
        show_status = self._context.commands.show_status
        dialog = ExportDialog(self._context.window, source, self._preview_lane, self._file_lane, show_status, page)
        dialog.finished.connect(lambda _: self._dialog_finished(dialog))
        self.dialog = dialog
        dialog.open()

    def _show_anew(self) -> None:
        """Show the dialog that is open in the language of now, with the same settings."""
        if self.dialog is not None:
            page = self.dialog.page
            self.dialog.close()
            self._open_dialog(page)

    def choose_network_file(self) -> None:
        """Ask for a file and write the edited network to it."""
        from explorer.ui.base import dialogs

        network = self._session.network
        if network is None:
            return
        path = dialogs.ask_network_export_path(self._context.window, network.architecture.key or network.title)
        if path is not None:
            self.write_network(path)

    def write_network(self, path: str) -> None:
        """Write the edited network in the format of the suffix: `.py`, `.safetensors` or `.onnx`."""
        network, commands = self._session.network, self._context.commands
        if network is not None:
            commands.show_status(tr("Writing {file}…", file=Path(path).name), 0)
            job = partial(_write_network, network, path)
            self._file_lane.submit(
                job, lambda _: commands.show_status(tr("Saved {path}", path=path)), commands.show_error
            )

    def _dialog_finished(self, dialog: ExportDialog) -> None:
        if self.dialog is dialog:
            self._preview_lane.cancel()
            self.dialog = None


def _write_network(network: Network, path: str, keep_going: KeepGoing) -> None:
    from explorer.export.network_files import save_network

    save_network(network, path)
