"""Statistics and histogram of what a panel shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from explorer.ui.widgets.plots import HistogramPlot

if TYPE_CHECKING:
    from explorer.presenters.feature_map_views import FeatureMapView


class StatisticsView(QWidget):
    """Statistics of a `FeatureMapView` in one paragraph, above its histogram."""

    def __init__(self) -> None:
        super().__init__()
        self.statistics, self.histogram = QLabel(), HistogramPlot()
        self.statistics.setProperty("role", "muted")
        self.statistics.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.statistics)
        column.addWidget(self.histogram, 1)

    def set_strip(self, is_strip: bool) -> None:
        """Show the statistics alone where there is no height for the histogram."""
        self.histogram.setVisible(not is_strip)

    def show_view(self, view: FeatureMapView) -> None:
        """Show the statistics of a view; the histogram of the last one stays when the view has none."""
        self.statistics.setText("  ·  ".join(f"{name} <b>{value}</b>" for name, value in view.figures))
        if view.histogram is not None:
            self.histogram.show_counts(view.histogram.edges, list(view.histogram.counts))
