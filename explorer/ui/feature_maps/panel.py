"""Panel of the selected card's output: all channels, one of them large, and the input image with receptive fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.feature_maps.channel_view import ChannelView
from explorer.ui.feature_maps.input_image_view import InputImageView
from explorer.ui.feature_maps.statistics_view import StatisticsView
from explorer.ui.feature_maps.thumbnail_grid import ThumbnailGrid
from explorer.ui.widgets import colour_maps
from explorer.ui.widgets.combo_boxes import translate_items
from explorer.ui.widgets.plots import VectorPlot
from explorer.ui.widgets.responsive_grid import ResponsiveGrid, with_caption
from explorer.ui.widgets.tab_buttons import TabButtons
from explorer.ui.widgets.tool_row import ToolRow
from explorer.viewmodels.value_ranges import ValueRange, finite_range

if TYPE_CHECKING:
    from explorer.presenters.feature_map_views import CardViews, FeatureMapView
    from explorer.presenters.layer_activations import NetworkInputImage

_PLACEHOLDER = tr_noop("Select a card in the diagram to see its output on the sample image.")
_ORDER_LABELS = (tr_noop("By activity"), tr_noop("By index"))


class FeatureMapsPanel(QWidget):
    """Channels, kernels or vector of the selected card, now, at the baseline, or as a difference."""

    unit_hovered = Signal(str, object)  # node, (row, column) or None
    unit_clicked = Signal(str, object)  # node, (row, column)

    def __init__(self, parent: QWidget | None = None) -> None:
        from explorer.presenters.feature_map_views import VIEW_LABELS

        super().__init__(parent)
        self._card_views: CardViews | None = None
        self._order: Sequence[int] = ()  # channels in the order on screen
        self._channel = 0  # the large one
        self.tabs = TabButtons(VIEW_LABELS)
        self.tabs.tab_clicked.connect(lambda _: self._update_view())
        self.order_choice = self._build_choice(tr_noop("Order of the channels"), _ORDER_LABELS)
        self.scale_choice = self._build_choice(
            tr_noop("Colour scale"), (tr_noop("Shared scale"), tr_noop("Per channel"))
        )
        self.colour_map_choice = self._build_choice(tr_noop("Colour map"), tuple(colour_maps.COLOUR_MAPS))
        self.input_choice = self._build_choice(tr_noop("Input channel of the kernels"), ())
        self.caption, self.bar_caption = QLabel(), QLabel()
        self.caption.setProperty("role", "muted")
        self.caption.setWordWrap(True)
        self.grid, self.vector_plot, self.channel_view, self.input_image, self.statistics = (
            ThumbnailGrid(),
            VectorPlot(),
            ChannelView(),
            InputImageView(),
            StatisticsView(),
        )
        self.grid.thumbnail_clicked.connect(self._select_channel)
        self.vector_plot.bar_hovered.connect(self._show_bar_value)
        self.channel_view.unit_hovered.connect(lambda unit: self._emit_unit(self.unit_hovered, unit))
        self.channel_view.unit_clicked.connect(lambda unit: self._emit_unit(self.unit_clicked, unit))
        self._vector_box = with_caption(self.vector_plot, self.bar_caption)
        self._tool_row = ToolRow(
            [self.tabs], [self.input_choice, self.order_choice, self.scale_choice, self.colour_map_choice]
        )
        self._body = ResponsiveGrid([self.grid, self._vector_box, self.channel_view, self.input_image, self.statistics])
        self._body.strip_changed.connect(self.statistics.set_strip)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(self._tool_row)
        column.addWidget(self.caption)
        column.addWidget(self._body, 1)
        self.setMinimumWidth(300)
        self.show_result(None)

    def sizeHint(self) -> QSize:
        return QSize(900, 320)

    def show_result(self, result: tuple[CardViews, NetworkInputImage] | None, reason: str = "") -> None:
        """Show the views of a card on the input image; without a result, the reason for that."""
        views = result[0] if result is not None else None
        if views is None or self._card_views is None or views.name != self._card_views.name:
            self._channel = -1  # the most active
        self._card_views = views
        self._body.setVisible(result is not None)
        self._tool_row.setVisible(result is not None)
        if result is None or views is None:
            self.caption.setText(reason or tr(_PLACEHOLDER))
            return
        self.input_image.image_view.show_image(colour_maps.rgb_to_image(result[1].pixels))
        self._fill_inputs(views.input_choices)
        self.tabs.set_unavailable(views.missing_reasons)
        self._update_view()

    @property
    def view(self) -> FeatureMapView | None:
        """The view of the current tab and input channel; None before there is a result."""
        if self._card_views is None:
            return None
        key = self.tabs.current_key
        return (
            self._card_views.kernels_of_input(self.input_choice.currentIndex())
            if key == "kernels"
            else self._card_views.views[key]
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._update_view()

    # painting

    def _update_view(self) -> None:
        view = self.view
        if view is None:
            return
        is_kernels, is_maps = self.tabs.current_key == "kernels", view.form == "maps"
        self.input_choice.setVisible(is_kernels and self.input_choice.count() > 1)
        self.order_choice.setVisible(view.form != "matrix")
        self.scale_choice.setVisible(is_maps and view.rgb is None)
        self.colour_map_choice.setVisible(view.form != "vector" and not view.is_signed)
        self.caption.setText(view.caption)
        self.statistics.show_view(view)
        self.input_image.clear_overlays()
        if view.form == "vector":
            self._show_vector(view)
        elif is_maps:
            self._show_maps(view)
        else:
            self._body.show_widgets(self.channel_view, self.statistics)
            self.channel_view.show_channel(
                view, 0, colour_maps.colour_table(self.colour_map_choice.currentText(), view.is_signed), view.limits
            )

    def _show_maps(self, view: FeatureMapView) -> None:
        self._body.show_widgets(
            *([self.grid, self.channel_view, self.input_image][: 3 if view.node else 2]), self.statistics
        )
        self._order = self._channel_order(view)
        if self._channel not in self._order:
            self._channel = self._order[0]
        table = colour_maps.colour_table(self.colour_map_choice.currentText(), view.is_signed)

        def tile(index: int) -> QImage:
            channel = self._order[index]
            if view.rgb is not None:
                return colour_maps.rgb_to_image(view.rgb[channel])
            return colour_maps.map_to_image(view.values[channel], table, self._limits(view, channel))

        names = [view.unit_title_at(channel) for channel in self._order]
        self.grid.show_thumbnails(names, tile, self._order.index(self._channel))
        self.channel_view.show_channel(view, self._channel, table, self._limits(view, self._channel))

    def _show_vector(self, view: FeatureMapView) -> None:
        self._body.show_widgets(self._vector_box, self.statistics)
        self._order = self._channel_order(view)
        order = list(self._order)
        baseline = view.baseline_values[order] if view.baseline_values is not None else None
        self.vector_plot.show_vector(
            view.values[order], baseline, tr("units, {order}", order=self.order_choice.currentText().lower())
        )
        self._show_bar_value(None)

    def _limits(self, view: FeatureMapView, channel: int) -> ValueRange:
        return (
            view.limits if self.scale_choice.currentIndex() == 0 else finite_range(view.values[channel], view.is_signed)
        )

    def _channel_order(self, view: FeatureMapView) -> Sequence[int]:
        return view.order if self.order_choice.currentIndex() == 0 else tuple(range(len(view.values)))

    # hovering

    def _select_channel(self, index: int) -> None:
        self._channel = self._order[index]
        self._update_view()

    def _show_bar_value(self, index: int | None) -> None:
        view = self.view
        if view is not None and view.form == "vector":
            hint = tr("Hover over a bar to read its value.")
            self.bar_caption.setText(view.value_text(self._order[index]) if index is not None else hint)

    def _emit_unit(self, signal: Any, unit: tuple[int, int] | None) -> None:
        """Emit the unit with its node, where the view is a map whose receptive field can be computed."""
        view = self.view
        if view is not None and view.node and view.form == "maps":
            signal.emit(view.node, unit)

    # choices

    def _fill_inputs(self, titles: Sequence[str]) -> None:
        if list(titles) != [self.input_choice.itemText(index) for index in range(self.input_choice.count())]:
            self.input_choice.clear()
            self.input_choice.addItems(list(titles))

    def _build_choice(self, name: str, items: Sequence[str]) -> QComboBox:
        """Return a box of these entries; they and its name are marked by `tr_noop`, but for names of colour maps."""
        box = QComboBox()
        box.addItems(list(items))
        follow_language(box, translate_items)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(7)
        live_text(box, QComboBox.setAccessibleName, name)
        live_text(box, QComboBox.setToolTip, name)
        box.activated.connect(lambda _: self._update_view())
        return box
