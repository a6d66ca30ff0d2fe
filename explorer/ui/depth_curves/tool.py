"""Tool of the curves along the depth: where edits moved the activations, and how the signal and its gradient fare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.document import Document
from explorer.ui.output.panel import OutputPanel
from explorer.ui.plugin.panel_tool import ClassTool
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.presenters.depth_curves import DepthCurves
    from explorer.ui.depth_curves.panel import DepthCurvesPanel


class DepthCurvesTool(ClassTool["DepthCurvesPanel"]):
    """Computes the depth curves for the chosen class, and colours the cards of the diagram by one of them."""

    title, shortcut, preferred_height = tr_noop("Depth curves"), "Ctrl+Shift+D", 300
    needs_height = True
    object_name = "Along the depth"

    def __init__(self, context: ToolContext) -> None:
        self._curves: DepthCurves | None = None
        self._titles: WeakKeyDictionary[Document, str] = WeakKeyDictionary()  # of the last colouring of each
        super().__init__(context)
        output = context.window.findChild(OutputPanel)
        if isinstance(output, OutputPanel):
            output.depth_requested.connect(self.show_signal)
        self.session.on("selection", self._select_nodes)
        self.session.on("colouring", self._update_colouring_button)

    @property
    def _colouring_title(self) -> str:
        """Title of the last colouring of the document in sight."""
        return self._titles.get(self.session.document, "")

    def clear(self) -> None:
        """Take away the curves of the former document."""
        super().clear()
        self._curves = None
        if self.panel is not None:
            self.panel.set_colouring(bool(self._colouring_title) and self.session.colour_mode == self._colouring_title)

    def create_panel(self) -> DepthCurvesPanel:
        """Return the panel, its signals connected."""
        from explorer.ui.depth_curves.panel import DepthCurvesPanel

        panel = DepthCurvesPanel()
        panel.node_clicked.connect(self.context.commands.go_to_card)
        panel.class_chosen.connect(self.choose_class)
        panel.colouring_changed.connect(self._colour_cards)
        return panel

    def show_signal(self) -> None:
        """Bring the panel to the front, with the curve of the signal's size."""
        self.dock.setVisible(True)
        self.dock.raise_()
        if self.panel is not None:
            self.panel.choose_curve("deviation")

    @staticmethod
    def compute(network: Network, sample: Sample, target_class: int | None, keep_going: KeepGoing) -> Any:
        """Return the depth curves of the network and its baseline; a job."""
        from explorer.presenters.depth_curves import compute_depth_curves

        return compute_depth_curves(*network.probe_pair(sample), target_class, keep_going)

    def _on_topic_changed(self) -> None:
        super()._on_topic_changed()
        if not self.is_panel_visible:
            self.session.remove_colouring(self._colouring_title)  # it will not be brought up to date

    def _select_nodes(self) -> None:
        if self.panel is not None:
            self.panel.select_nodes(self.selected_nodes)

    def _update_colouring_button(self) -> None:
        if self.session.colour_mode != self._colouring_title and self.panel is not None:
            self.panel.set_colouring(False)

    def show_result(self, result: DepthCurves) -> None:
        """Show the curves, and colour the cards again if they were coloured by one."""
        super().show_result(result)
        self._curves = result
        if self.panel is not None:
            self.panel.select_nodes(self.selected_nodes)
            if self.panel.colour_button.isChecked():
                self._colour_cards(self.panel.current_key)

    def _colour_cards(self, key: str) -> None:
        """Colour the cards by a curve; an empty key takes the colouring back."""
        old = self._titles.pop(self.session.document, "")
        if key and self._curves is not None:
            colouring = self._curves.colouring(key)
            self._titles[self.session.document] = colouring.title
            self.session.colour_by(colouring)
        if old != self._colouring_title:
            self.session.remove_colouring(old)
