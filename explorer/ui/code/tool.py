"""Tool of the code panel: the Python of the open network, in step with the diagram."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.session import Topic
from explorer.ui.plugin.panel_tool import NetworkTool
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.ui.code.panel import CodePanel
    from explorer.viewmodels.code import CodeView


class CodeTool(NetworkTool["CodePanel"]):
    """Writes the network after each edit, lights the lines of the selected card, and follows clicks on lines."""

    title, shortcut, preferred_height = tr_noop("Code"), "Ctrl+Shift+P", 420
    topics: tuple[Topic, ...] = ("network", "baseline")

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._view: CodeView | None = None
        self._shown: Network | None = None  # the network that the view is of
        self._file_lane = context.add_lane("code files")
        self.session.on("selection", self._light_selection)
        context.card_actions.append(lambda id: [(tr("Show code"), partial(self._show_card, id))])

    def create_panel(self) -> CodePanel:
        """Return the panel, its signals connected."""
        from explorer.ui.code.panel import CodePanel

        panel = CodePanel()
        panel.line_clicked.connect(self._select_card)
        panel.copy_requested.connect(self._copy)
        panel.save_requested.connect(self._save)
        return panel

    def clear(self) -> None:
        """Take away the code of the former document."""
        super().clear()
        self._view = self._shown = None

    @property
    def subject(self) -> Network | None:
        """The network that is displayed: the edited one, or its baseline."""
        return self.session.displayed_network

    def submit(self) -> bool:
        """Write the network that is displayed. Return False without one."""
        self._shown = self.subject
        is_begun = super().submit()
        if is_begun and self._view is None and self.panel is not None:
            self.panel.show_result(None, tr("Writing the code…"))
        return is_begun

    @staticmethod
    def compute(network: Network, keep_going: KeepGoing) -> CodeView:
        """Return the Python of the network."""
        from explorer.export.code_view import build_code_view

        return build_code_view(network, keep_going)

    def show_result(self, result: CodeView | None) -> None:
        """Show the code, with the lines of the selected card lit."""
        self._view = result
        super().show_result(result)
        self._light_selection()

    def show_failure(self, failure: Exception) -> None:
        """Say why the network cannot be written."""
        self._view = None
        super().show_failure(failure)

    def _light_selection(self) -> None:
        if self.panel is None or self._view is None or self._shown is None:
            return
        from explorer.export.code_view import lines_of_cards

        hierarchy = self._shown.analysis.hierarchy
        self.panel.light_lines(lines_of_cards(self._view, hierarchy, self.session.selection))

    def _select_card(self, line: int) -> None:
        if self._view is None or self._shown is None:
            return
        from explorer.export.code_view import card_at_line

        card = card_at_line(self._view, self._shown.analysis.hierarchy, line, self.session.selection)
        if card is not None:
            self.context.commands.go_to_card(card)

    def _show_card(self, card: str) -> None:
        self.session.select(card)
        self.dock.setVisible(True)
        self.dock.raise_()

    def _copy(self) -> None:
        if self._view is not None:
            QApplication.clipboard().setText(self._view.source)
            self.context.commands.show_status(tr("Code copied."))

    def _save(self) -> None:
        from explorer.ui.base import dialogs

        network, commands = self._shown, self.context.commands
        if network is None:
            return
        path = dialogs.ask_network_export_path(self.context.window, network.architecture.key or network.title)
        if path is not None:
            commands.show_status(tr("Writing {file}…", file=Path(path).name), 0)
            self._file_lane.submit(
                partial(_save_network, network, path),
                lambda _: commands.show_status(tr("Saved {path}", path=path)),
                commands.show_error,
            )


def _save_network(network: Network, path: str, keep_going: KeepGoing) -> None:
    from explorer.export.network_files import save_network

    save_network(network, path)
