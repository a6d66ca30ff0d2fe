"""Panel of the latency per layer on this machine, beside the multiply-adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.timing.share_bars import ShareBars
from explorer.ui.timing.time_scatter import TimeScatter
from explorer.ui.widgets.combo_boxes import translate_items
from explorer.ui.widgets.responsive_grid import ResponsiveGrid, with_caption
from explorer.ui.widgets.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.presenters.timing import Timing

_PLACEHOLDER = tr_noop("Measure the time of each layer on this machine, and compare it with its multiply-adds.")
_SCATTER_CAPTION = tr_noop("MACs of each layer. Above the dashed line: slower than average.")


class TimingPanel(QWidget):
    """A button that measures, bars of time and MACs, and a scatter plot of the layers."""

    measure_requested = Signal()
    cancel_requested = Signal()
    node_clicked = Signal(str)  # name of a node
    colouring_changed = Signal(bool)  # colour the cards by time, or no longer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timing: Timing | None = None
        self._is_outdated = False  # the network has changed since
        self._is_busy = False
        self.measure_button = QPushButton(tr("Measure"))
        live_text(self.measure_button, QWidget.setToolTip, "Time each layer over several passes; takes a few seconds")
        self.measure_button.clicked.connect(
            lambda: self.cancel_requested.emit() if self._is_busy else self.measure_requested.emit()
        )
        self.grouping_choice = QComboBox()
        live_text(self.grouping_choice, QWidget.setAccessibleName, "Group by")
        self.grouping_choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.grouping_choice.activated.connect(lambda _: self._update_view())
        self.colour_button = live_text(QToolButton(), QToolButton.setText, "Colour diagram")
        live_text(self.colour_button, QWidget.setToolTip, "Colour the cards of the diagram by their time")
        self.colour_button.setCheckable(True)
        self.colour_button.setProperty("role", "tab")
        self.colour_button.toggled.connect(self.colouring_changed)
        self.caption = QLabel()
        self.caption.setProperty("role", "muted")
        self.caption.setWordWrap(True)
        self.takeaway = QLabel()
        self.takeaway.setWordWrap(True)
        self.share_bars = ShareBars()
        self.share_bars.node_clicked.connect(self.node_clicked)
        self._bars_area = QScrollArea()
        self._bars_area.setWidget(self.share_bars)
        self._bars_area.setWidgetResizable(True)
        self._bars_area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.scatter = TimeScatter()
        self.scatter.node_clicked.connect(self.node_clicked)
        self._selected_nodes: frozenset[str] = frozenset()
        self._scatter_box = with_caption(self.scatter, live_text(QLabel(), QLabel.setText, _SCATTER_CAPTION))
        self._body = ResponsiveGrid([self._bars_area, self._scatter_box])
        self._body.show_widgets(self._bars_area, self._scatter_box)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(ToolRow([self.measure_button, self.grouping_choice], [self.colour_button]))
        column.addWidget(self.takeaway)
        column.addWidget(self.caption)
        column.addWidget(self._body, 1)
        self.setMinimumWidth(300)
        self.show_result(None)

    def sizeHint(self) -> QSize:
        return QSize(560, 260)

    def show_result(self, result: Timing | None, reason: str = "") -> None:
        """Show a measurement; without one, the reason for that."""
        self._timing, self._is_outdated = result, False
        for widget in (self.grouping_choice, self.colour_button, self.takeaway, self._body):
            widget.setVisible(result is not None)
        if result is None:
            self.caption.setText(reason or tr(_PLACEHOLDER))
            return
        from explorer.presenters.timing import TIMING_GROUPINGS

        if not self.grouping_choice.count():
            for key, title in TIMING_GROUPINGS.items():
                self.grouping_choice.addItem(title, key)
            follow_language(self.grouping_choice, translate_items)
        self.takeaway.setText(result.takeaway)
        self.takeaway.setVisible(bool(result.takeaway))
        self._update_view()

    def retranslate(self, timing: Timing | None) -> None:
        """Show the same measurement, retold in the language in force."""
        outdated = self._is_outdated
        self.show_result(timing)
        self._is_outdated = outdated
        self._update_view()
        if not self._is_busy:
            self.show_progress(None)

    def mark_outdated(self) -> None:
        """Say that the network has changed since it was measured."""
        self._is_outdated = True
        self._update_view()

    def select_nodes(self, names: frozenset[str]) -> None:
        """Mark these nodes, those on the selected card, on the scatter plot."""
        if names != self._selected_nodes:
            self._selected_nodes = names
            self._update_view()

    def set_colouring(self, on: bool) -> None:
        """Check the button that colours the cards by time, without emitting a signal."""
        with QSignalBlocker(self.colour_button):
            self.colour_button.setChecked(on)

    def show_progress(self, fraction: float | None) -> None:
        """Show progress as a fraction from 0 to 1; None when the measurement is over."""
        self._is_busy = fraction is not None
        self.measure_button.setText(
            tr("Measure") if fraction is None else tr("Cancel ({percent} %)", percent=f"{100 * fraction:.0f}")
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._timing is not None:
            self._update_view()

    def _update_view(self) -> None:
        timing = self._timing
        if timing is None:
            return
        c = appearance.current_colours()
        time, macs = (f'<span style="color: {colour}">■</span>' for colour in (c.accent, c.previous))
        outdated = f"<b>{tr('Measured before the last change.')}</b> " if self._is_outdated else ""
        self.caption.setText(
            f"{outdated}{timing.headline}&nbsp; {time} {tr('share of time')}&nbsp; {macs} {tr('share of MACs')}"
        )
        self.share_bars.show_shares(timing.shares[self.grouping_choice.currentData() or "kind"])
        rate = timing.macs / timing.total if timing.total else 0.0
        self.scatter.show_points(timing.points, rate, self._selected_nodes)
