"""Panel of the curves along the depth: one quantity at a time, now and at the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.depth_curves.plot import DepthPlot, PlotCurve
from explorer.ui.widgets.class_combo import ClassCombo
from explorer.ui.widgets.tab_buttons import TabButtons
from explorer.ui.widgets.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.presenters.depth_curves import DepthCurves

_CURVE_TABS = {
    "change": (tr_noop("Drift"), tr_noop("How far the edits moved each layer's activations")),
    "deviation": (tr_noop("Signal"), tr_noop("Standard deviation of each layer's activations")),
    "dead": (tr_noop("Dead units"), tr_noop("Share of units that are zero everywhere on this image")),
    "gradient": (tr_noop("Gradient"), tr_noop("Size of the gradient of the chosen class")),
}
_UNEDITED_REASON = tr_noop("There are no edits yet.")
_PLACEHOLDER = tr_noop("Open a network to see its signal and gradient along the depth.")


class DepthCurvesPanel(QWidget):
    """Tabs for activation drift, signal, dead units and gradient, each a curve over the layers."""

    node_clicked = Signal(str)  # name of a node
    class_chosen = Signal(int)
    colouring_changed = Signal(str)  # key of a curve; empty to take the colouring back

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: DepthCurves | None = None
        self._selected_nodes: frozenset[str] = frozenset()
        self._preferred_key = ""  # chosen by the user; empty while the panel chooses
        self.tabs = TabButtons(_CURVE_TABS)
        self.tabs.tab_clicked.connect(lambda _: self._curve_chosen())
        self.classes = ClassCombo(tr_noop("Class of the gradient"))
        self.classes.class_chosen.connect(self.class_chosen)
        self.colour_button = live_text(QToolButton(), QToolButton.setText, "Colour diagram")
        live_text(self.colour_button, QWidget.setToolTip, "Colour the cards of the diagram by this curve")
        self.colour_button.setCheckable(True)
        self.colour_button.setProperty("role", "tab")
        self.colour_button.toggled.connect(lambda on: self.colouring_changed.emit(self.current_key if on else ""))
        self.caption = QLabel()
        self.caption.setProperty("role", "muted")
        self.caption.setWordWrap(True)
        self.legend = QLabel()
        self.legend.setProperty("role", "muted")
        self.plot = DepthPlot()
        self.plot.point_clicked.connect(self._emit_node)
        self.setMinimumWidth(300)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(ToolRow([self.tabs], [self.classes, self.colour_button, self.legend]))
        column.addWidget(self.caption)
        column.addWidget(self.plot, 1)
        self.show_result(None)

    def sizeHint(self) -> QSize:
        return QSize(720, 240)

    @property
    def current_key(self) -> str:
        """Key of the curve that is shown, one of `explorer.presenters.depth_curves.CURVES`."""
        return self.tabs.current_key

    def choose_curve(self, key: str) -> None:
        """Show this curve, as if the user had chosen it."""
        self.tabs.select(key)
        self._curve_chosen()

    def show_result(self, result: DepthCurves | None, reason: str = "") -> None:
        """Show curves; without a result, the reason for that."""
        self._curves = result
        self.plot.setVisible(result is not None)
        for widget in (self.tabs, self.colour_button):
            widget.setEnabled(result is not None)
        if result is None:
            self.caption.setText(reason or tr(_PLACEHOLDER))
            self.legend.clear()
            self.classes.setVisible(False)
            return
        self.classes.show_classes(result.classes, result.target)
        self.tabs.select(self._preferred_key or ("change" if result.is_edited else "deviation"))
        self.tabs.set_unavailable(
            ({} if result.is_edited else {"change": tr(_UNEDITED_REASON)})
            | ({"gradient": result.no_gradient_reason} if result.no_gradient_reason else {})
        )
        self._update_plot()

    def show_busy(self) -> None:
        """Say that the curves are being computed, while there are none yet."""
        if self._curves is None:
            self.caption.setText(tr("Running a forward and a backward pass…"))

    def set_colouring(self, on: bool) -> None:
        """Check the button that colours the cards by this curve, without emitting a signal."""
        with QSignalBlocker(self.colour_button):
            self.colour_button.setChecked(on)

    def select_nodes(self, names: frozenset[str]) -> None:
        """Mark the last of these nodes, those on the selected card, on the plot."""
        if names != self._selected_nodes:
            self._selected_nodes = names
            self._update_plot()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._update_plot()

    def _update_plot(self) -> None:
        from explorer.presenters.depth_curves import CURVES

        curves, key = self._curves, self.current_key
        if curves is None:
            return
        _, caption, axis_label, is_logarithmic = CURVES[key]
        caption, axis_label = tr(caption), tr(axis_label)
        with_baseline = curves.is_edited and key != "change"
        sparse = key == "dead"  # has values at activations only
        lines = [PlotCurve(curves.curve(key), spans_gaps=sparse)]
        if with_baseline:
            lines.append(PlotCurve(curves.curve(key, before=True), is_baseline=True, spans_gaps=sparse))
        marked_points = [index for index, layer in enumerate(curves.points) if layer.is_marked and key == "change"]
        selected = [index for index, layer in enumerate(curves.points) if layer.name in self._selected_nodes]
        tips = [curves.point_tip(index, key) for index in range(len(curves.points))]
        self.plot.show_curves(
            lines, tips, marked_points, selected[-1] if selected else None, curves.stages, axis_label, is_logarithmic
        )
        self.classes.setVisible(key == "gradient")
        self.caption.setText(
            f"{caption} {tr('No gradient:')} {curves.no_gradient_reason}" if curves.no_gradient_reason else caption
        )
        c = appearance.current_colours()
        legend = [
            f'<span style="color: {c.accent}">●</span> {tr("current")}',
            f'<span style="color: {c.muted}">—</span> {tr("baseline")}',
        ]
        legend = legend if with_baseline else []
        if marked_points:
            legend.append(f'<span style="color: {c.increase}">▲</span> {tr("new, removed or resized")}')
        self.legend.setText("&nbsp; ".join(legend))

    def _emit_node(self, index: int) -> None:
        if self._curves is not None:
            self.node_clicked.emit(self._curves.points[index].name)

    def _curve_chosen(self) -> None:
        self._preferred_key = self.current_key
        self._update_plot()
        if self.colour_button.isChecked():
            self.colouring_changed.emit(self.current_key)
