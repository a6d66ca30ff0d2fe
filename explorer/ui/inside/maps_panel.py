"""What the selected card makes of the image: all channels, one of them large, and what its units see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from explorer.ranges import Range, range_of
from explorer.ui.inside import colours
from explorer.ui.inside.facts import Facts
from explorer.ui.inside.grid import Grid
from explorer.ui.inside.large_map import LargeMap
from explorer.ui.inside.parts import Parts, captioned
from explorer.ui.inside.photo import Photo
from explorer.ui.inside.plots import VectorPlot
from explorer.ui.inside.tabs import Tabs
from explorer.ui.inside.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.present.inside import Seen
    from explorer.present.views import View, Views

_NOTHING = "Select a card of the diagram to see what it makes of the sample image."
_ORDERS = ("Liveliest first", "By number")


class MapsPanel(QWidget):
    pointed = Signal(str, object)  # node, (row, column) or None: whose receptive field is wanted
    asked = Signal(str, object)  # node, (row, column): what the unit uses of the image is wanted

    def __init__(self, parent: QWidget | None = None) -> None:
        from explorer.present.views import VIEWS

        super().__init__(parent)
        self._views: Views | None = None
        self._order: Sequence[int] = ()  # of the channels, as they are shown
        self._channel = 0  # the large one
        self.tabs = Tabs(VIEWS)
        self.tabs.chosen.connect(lambda _: self._draw())
        self.sort = self._combo("Order of the channels", _ORDERS)
        self.scale = self._combo("What colours span", ("One scale", "Own scales"))
        self.colours = self._combo("Colours", tuple(colours.MAPS))
        self.input = self._combo("Input channel of the kernels", ())
        self.words, self.unit = QLabel(), QLabel()
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        self.grid, self.vector, self.large, self.photo, self.facts = Grid(), VectorPlot(), LargeMap(), Photo(), Facts()
        self.grid.picked.connect(self._pick)
        self.vector.pointed.connect(self._point_at_bar)
        self.large.pointed.connect(lambda unit: self._tell(self.pointed, unit))
        self.large.asked.connect(lambda unit: self._tell(self.asked, unit))
        self._bars = captioned(self.vector, self.unit)
        self._tools = ToolRow([self.tabs], [self.input, self.sort, self.scale, self.colours])
        self._body = Parts([self.grid, self._bars, self.large, self.photo, self.facts])
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(self._tools)
        column.addWidget(self.words)
        column.addWidget(self._body, 1)
        self.setMinimumWidth(300)
        self.show_found(None)

    def sizeHint(self) -> QSize:
        return QSize(900, 320)

    def show_found(self, found: tuple[Views, Seen] | None, why: str = "") -> None:
        """Show a card, or say why there is nothing."""
        views = found[0] if found is not None else None
        if views is None or self._views is None or views.name != self._views.name:
            self._channel = -1  # the liveliest
        self._views = views
        self._body.setVisible(found is not None)
        self._tools.setVisible(found is not None)
        if found is None or views is None:
            self.words.setText(why or _NOTHING)
            return
        self.photo.picture.show_image(colours.from_rgb(found[1].pixels))
        self._offer(views.inputs)
        self.tabs.offer(views.missing)
        self._draw()

    @property
    def view(self) -> View | None:
        """What is looked at."""
        if self._views is None:
            return None
        key = self.tabs.key
        return self._views.of_input(self.input.currentIndex()) if key == "kernels" else self._views.shown[key]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    # painting

    def _draw(self) -> None:
        view = self.view
        if view is None:
            return
        kernels, pictures = self.tabs.key == "kernels", view.form == "maps"
        self.input.setVisible(kernels and self.input.count() > 1)
        self.sort.setVisible(view.form != "matrix")
        self.scale.setVisible(pictures and view.colour is None)
        self.colours.setVisible(view.form != "vector" and not view.signed)
        self.words.setText(view.words)
        self.facts.show_view(view)
        self.photo.clear()
        if view.form == "vector":
            self._draw_bars(view)
        elif pictures:
            self._draw_pictures(view)
        else:
            self._body.show_parts(self.large, self.facts)
            self.large.show_picture(view, 0, colours.table(self.colours.currentText(), view.signed), view.limits)

    def _draw_pictures(self, view: View) -> None:
        self._body.show_parts(*([self.grid, self.large, self.photo][: 3 if view.node else 2]), self.facts)
        self._order = self._sorted(view)
        if self._channel not in self._order:
            self._channel = self._order[0]
        table = colours.table(self.colours.currentText(), view.signed)

        def tile(place: int) -> QImage:
            channel = self._order[place]
            if view.colour is not None:
                return colours.from_rgb(view.colour[channel])
            return colours.as_image(view.values[channel], table, self._limits(view, channel))

        names = [view.title(channel) for channel in self._order]
        self.grid.show_tiles(names, tile, self._order.index(self._channel))
        self.large.show_picture(view, self._channel, table, self._limits(view, self._channel))

    def _draw_bars(self, view: View) -> None:
        self._body.show_parts(self._bars, self.facts)
        self._order = self._sorted(view)
        order = list(self._order)
        ghost = view.ghost[order] if view.ghost is not None else None
        self.vector.show_vector(view.values[order], ghost, f"units, {self.sort.currentText().lower()}")
        self._point_at_bar(None)

    def _limits(self, view: View, channel: int) -> Range:
        return view.limits if self.scale.currentIndex() == 0 else range_of(view.values[channel], view.signed)

    def _sorted(self, view: View) -> Sequence[int]:
        return view.order if self.sort.currentIndex() == 0 else tuple(range(len(view.values)))

    # what is pointed at

    def _pick(self, place: int) -> None:
        self._channel = self._order[place]
        self._draw()

    def _point_at_bar(self, place: int | None) -> None:
        view = self.view
        if view is not None and view.form == "vector":
            how = "Point at a bar to read it."
            self.unit.setText(view.said(self._order[place]) if place is not None else how)

    def _tell(self, signal: Any, unit: tuple[int, int] | None) -> None:
        """Whose unit it is, where the photo can show what it sees."""
        view = self.view
        if view is not None and view.node and view.form == "maps":
            signal.emit(view.node, unit)

    # what can be chosen

    def _offer(self, inputs: Sequence[str]) -> None:
        if list(inputs) != [self.input.itemText(index) for index in range(self.input.count())]:
            self.input.clear()
            self.input.addItems(list(inputs))

    def _combo(self, name: str, items: Sequence[str]) -> QComboBox:
        box = QComboBox()
        box.addItems(list(items))
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(7)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.activated.connect(lambda _: self._draw())
        return box
