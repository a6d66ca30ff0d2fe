"""Tool of the stage table: turns what is typed, pasted and asked for into edits of the document in sight."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_n, tr_noop
from explorer.document import Document
from explorer.ui.plugin.panel_tool import NetworkTool
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.panels import Option

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.presenters.editable_table import RowAction
    from explorer.ui.stage_table.live_entry import LiveEntry
    from explorer.ui.stage_table.panel import StageTablePanel
    from explorer.viewmodels.stage_table import EditableTable


class StageTableTool(NetworkTool["StageTablePanel"]):
    """Shows the table of the network and edits it: a value follows while it is typed, Esc takes it back."""

    title, shortcut, preferred_height = tr_noop("Stage table"), "Ctrl+Shift+E", 320
    icon = "stage_table"

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._options_lane = context.add_lane("cell options", latest_only=True, of_document=True)
        self._entry: tuple[LiveEntry, Document] | None = None  # what is being typed
        self._settled: LiveEntry | None = None  # what was typed last, and may still be on its way
        self._remarks: list[str] = []  # what the last paste could not set; appended on the lane
        context.error_handlers.append(self._show_refusal)
        self.dock.visibilityChanged.connect(self._on_visibility_changed)
        context.add_action(
            "View", tr_noop("Stage table"), self.show_table, tip=tr_noop("Edit the network as a table of its stages")
        )

    def show_table(self) -> None:
        """Bring the panel to the front, ready for the keyboard."""
        self.dock.show()
        self.dock.raise_()
        if self.panel is not None:
            self.panel.view.setFocus()

    def _on_visibility_changed(self, is_visible: bool) -> None:
        """Take the mark of the current row from the diagram when nobody sees what it belongs to."""
        if not is_visible:
            self.context.canvas.highlight(frozenset())

    def create_panel(self) -> StageTablePanel:
        """Return the panel, its signals connected."""
        from explorer.ui.stage_table.panel import StageTablePanel

        panel = StageTablePanel()
        panel.options_wanted.connect(self._find_options)
        panel.value_typed.connect(self._type)
        panel.value_settled.connect(self._settle)
        panel.row_action_requested.connect(self._change_row)
        panel.pasted.connect(self._paste)
        panel.row_selected.connect(self._show_cards)
        return panel

    @staticmethod
    def compute(network: Network, keep_going: KeepGoing) -> EditableTable:
        """Return the table of the network beside its baseline."""
        from explorer.presenters.editable_table import build_editable_table

        return build_editable_table(network.analysis, network.baseline.analysis)

    def show_result(self, result: EditableTable | None) -> None:
        """Show the table, and why what was asked last could not be done."""
        super().show_result(result)
        if self.panel is None:
            return
        entry = self._entry[0] if self._entry is not None else self._settled
        if self._remarks:
            self.panel.show_message("\n".join(self._remarks[:4]), is_refusal=len(self._remarks) > 1)
            self._remarks = []
        else:
            self.panel.show_message(entry.refusal if entry is not None else "")

    def clear(self) -> None:
        """Take away the table of the former document, and what was being typed there."""
        self._entry = self._settled = None
        super().clear()

    # what the panel asks for

    def _find_options(self, row: int, key: str) -> None:
        network = self.session.network
        if network is not None and self.panel is not None:
            panel = self.panel
            self._options_lane.submit(
                partial(_find_option, network, row, key), lambda option: panel.offer(row, key, option), lambda _: None
            )

    def _type(self, row: int, key: str, text: str) -> None:
        from explorer.ui.stage_table.live_entry import LiveEntry

        if self._entry is None or (self._entry[0].row, self._entry[0].key) != (row, key):
            self._entry = LiveEntry(row, key), self.session.document
        entry, document = self._entry
        self.context.commands.change_network(entry.step(text), document)

    def _settle(self, counts: bool) -> None:
        if self._entry is None:
            return
        entry, document = self._entry
        self._entry, self._settled = None, entry
        if not counts:
            self.context.commands.change_network(entry.step(None), document)

    def _change_row(self, row: int, action: str) -> None:
        self._settled, self._remarks = None, (remarks := list[str]())
        self.context.commands.change_network(partial(_apply_row_action, row, cast("RowAction", action), remarks))

    def _show_refusal(self, failure: Exception) -> bool:
        """Say in the table too why a row could not be changed; the window shows the ways out."""
        if self._remarks and self._remarks[0] == str(failure) and self.panel is not None:
            self.panel.show_message(self._remarks[0])
            self._remarks = []
        return False

    def _paste(self, text: str, row: int, key: str) -> None:
        self._settled, self._remarks = None, (remarks := list[str]())
        self.context.commands.change_network(partial(_paste_table, text, row, key, remarks))

    def _show_cards(self, ids: tuple[str, ...]) -> None:
        network = self.session.network
        if network is not None and all(id in network.analysis.hierarchy.parent for id in ids):
            self.context.canvas.highlight(frozenset(ids))


def _find_option(network: Network, row: int, key: str, keep_going: KeepGoing) -> Option:
    from explorer.presenters.editable_table import cell_option

    return cell_option(network.analysis, row, key)


def _apply_row_action(row: int, action: RowAction, remarks: list[str], network: Network) -> Network:
    from explorer.presenters.editable_table import row_edit

    try:
        return network.edit(row_edit(network.analysis, row, action))
    except ValueError as failure:
        remarks.append(str(failure))
        raise


def _paste_table(text: str, row: int, key: str, remarks: list[str], network: Network) -> Network:
    from explorer.presenters.pasted_table import parse_pasted_table, plan_paste

    try:
        cells = parse_pasted_table(text, row, key)
    except ValueError as failure:
        remarks.append(str(failure))
        raise
    plan = plan_paste(network.history.current, cells)
    remarks.append(tr_n("{n} value set.", "{n} values set.", plan.count))
    remarks.extend(plan.refusals)
    return network.edit(*plan.edits)
