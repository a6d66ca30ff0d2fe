"""Tool that opens the window with views of all networks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QTabWidget, QWidget

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.links import LINK_SCHEME, ViewLink, format_link
from explorer.tours.listing import LINEAGE_PREFIX
from explorer.ui.base.dialogs import ask_handout_path
from explorer.ui.base.fonts import scaled
from explorer.ui.base.lanes import Lane
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.widgets.closing_keys import ClosingKeys

if TYPE_CHECKING:
    from explorer.ui.overview.accuracy_cost_plot import AccuracyCostPlot
    from explorer.ui.overview.family_tree_view import FamilyTreeView
    from explorer.ui.overview.lineages_panel import LineagesPanel
    from explorer.ui.overview.network_table import NetworkTable


class OverviewTool:
    """Menu entry of the overview, and its window once it has been opened."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._lane = context.add_lane("across networks", latest_only=True)
        self.window: OverviewWindow | None = None
        action = context.add_action(
            "View",
            tr_noop("All networks…"),
            self.show,
            "Ctrl+Shift+N",
            tr_noop("Show all networks as a map, a tree and a table"),
        )
        context.add_activity(action, "all_networks")
        context.session.on("network", self._update_window)
        context.session.on("language", self._update_window)

    def show(self) -> None:
        """Show the window, created on first use."""
        if self.window is None:
            self.window = OverviewWindow(self._context, self._lane)
        self.window.update_from_session()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def _update_window(self) -> None:
        if self.window is not None:
            self.window.update_from_session()


class OverviewWindow(QTabWidget):
    """Tabs with the plot, the family tree, the table and the lineages."""

    def __init__(self, context: ToolContext, lane: Lane) -> None:
        from explorer.ui.overview.accuracy_cost_plot import AccuracyCostPlot
        from explorer.ui.overview.family_tree_view import FamilyTreeView
        from explorer.ui.overview.lineages_panel import LineagesPanel
        from explorer.ui.overview.network_table import NetworkTable

        super().__init__(context.window)
        self.setWindowFlag(Qt.WindowType.Window)
        ClosingKeys(self)
        self._context, self._lane = context, lane
        live_text(self, QWidget.setWindowTitle, "All networks")
        self.resize(QSize(scaled(1100), scaled(680)).boundedTo(self.screen().availableSize()))
        self.accuracy_cost: AccuracyCostPlot = AccuracyCostPlot()
        self.family_tree: FamilyTreeView = FamilyTreeView()
        self.table: NetworkTable = NetworkTable()
        self.lineages: LineagesPanel = LineagesPanel()
        for title, panel in (
            (tr_noop("Map"), self.accuracy_cost),
            (tr_noop("Family tree"), self.family_tree),
            (tr_noop("Table"), self.table),
            (tr_noop("Lineages"), self.lineages),
        ):
            self.addTab(panel, "")
            follow_language(panel, partial(self._show_title, title))
        for panel in (self.accuracy_cost, self.family_tree, self.table):
            panel.open_requested.connect(context.commands.open_network)
        self.lineages.open_requested.connect(self._open_lineage_step)
        self.lineages.measure_requested.connect(self._measure)
        self.lineages.tour_requested.connect(self._play)
        self.lineages.save_requested.connect(self._ask_where_to_save)
        self.table.failed.connect(context.commands.show_error)

    def _show_title(self, title: str, panel: QWidget) -> None:
        self.setTabText(self.indexOf(panel), tr(title))

    def update_from_session(self) -> None:
        """Follow the network and the language of the session."""
        from explorer.guide.accuracy_cost import edited_network_point

        session = self._context.session
        self.accuracy_cost.show_edited_network(
            edited_network_point(session.network) if session.network is not None else None
        )
        self.family_tree.canvas.set_language(session.language)
        self.lineages.set_language(session.language)
        if session.network is not None:
            history, entry = session.network.history, session.network.context.entry
            self.family_tree.canvas.set_open_network(entry.key if entry is not None else "")
            self.lineages.set_open_network(history.baseline.key, history.applied_edits)

    def _open_lineage_step(self, key: str, edits: tuple[Any, ...]) -> None:
        """To a step of a lineage: from another step of it nothing has to be opened, and nothing is lost. A network
        that the user has changed is left alone."""
        if self.lineages.has_open_step and not self._context.session.document.is_modified:
            self._context.commands.change_network(lambda network: network.with_edits(*edits), is_followed=True)
        else:
            self._context.commands.open_network(key, None, edits)

    def _play(self, lineage: str) -> None:
        """Play a lineage as a tour, in the window of the networks."""
        follow = self._context.scheme_handlers.get(LINK_SCHEME)
        if follow is not None:
            self.hide()
            follow(format_link(ViewLink(tour=f"{LINEAGE_PREFIX}{lineage}")))

    def _ask_where_to_save(self, lineage: str) -> None:
        path = ask_handout_path(self, lineage)
        if path:
            self.save_lineage(lineage, path)

    def save_lineage(self, lineage: str, path: str) -> None:
        """Write a lineage as a handout, with its numbers, pictures and diagrams."""
        language, commands = self._context.session.language, self._context.commands

        def write(_: KeepGoing) -> None:
            from explorer.export.documents.handout import export_handout
            from explorer.export.documents.handout_sources import build_tour_handout
            from explorer.tours.lineage_tour import load_lineage_tour

            export_handout(build_tour_handout(load_lineage_tour(lineage), language), path)

        commands.show_status(tr("Writing {path}…", path=path))
        self._lane.submit(write, lambda _: commands.show_status(tr("Saved {path}", path=path)), commands.show_error)

    def _measure(self, lineage: object) -> None:
        from explorer.guide.lineages import Lineage, measure_lineage

        assert isinstance(lineage, Lineage)
        show = partial(self.lineages.show_figures, lineage)
        self._lane.submit(partial(measure_lineage, lineage), show, self._context.commands.show_error)
