"""What changes along the depth: one curve at a time, now and before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from explorer.ui import appearance
from explorer.ui.inside.class_choice import ClassChoice
from explorer.ui.inside.depth_plot import Curve, DepthPlot
from explorer.ui.inside.tabs import Tabs
from explorer.ui.inside.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.present.depth import Depth

_TABS = {
    "change": ("Change", "Where the edits moved what"),
    "deviation": ("Signal", "How large the signal is"),
    "dead": ("Dead units", "What is zero everywhere on this image"),
    "gradient": ("Gradient", "What comes back from the chosen class"),
}
_UNEDITED = "Nothing has been edited yet, so nothing moved."
_NOTHING = "Open a network to see how the signal fares along its depth."


class DepthPanel(QWidget):
    picked = Signal(str)  # a node
    class_chosen = Signal(int)
    colouring = Signal(str)  # a key of the curves by which cards should be coloured; empty for no longer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._depth: Depth | None = None
        self._selected: frozenset[str] = frozenset()
        self._chosen = ""  # the curve the user wants; until then what the edits moved, if there are any
        self.tabs = Tabs(_TABS)
        self.tabs.chosen.connect(lambda _: self._choose())
        self.classes = ClassChoice("Class from which gradients come")
        self.classes.chosen.connect(self.class_chosen)
        self.colour = QToolButton()
        self.colour.setText("Colour the diagram")
        self.colour.setToolTip("Colour the cards of the diagram by this curve")
        self.colour.setCheckable(True)
        self.colour.setProperty("role", "tab")
        self.colour.toggled.connect(lambda on: self.colouring.emit(self.key if on else ""))
        self.words = QLabel(_NOTHING)
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        self.legend = QLabel()
        self.legend.setProperty("role", "muted")
        self.plot = DepthPlot()
        self.plot.clicked.connect(self._pick)
        self.setMinimumWidth(300)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(ToolRow([self.tabs], [self.classes, self.colour, self.legend]))
        column.addWidget(self.words)
        column.addWidget(self.plot, 1)
        self.show_found(None)

    def sizeHint(self) -> QSize:
        return QSize(720, 240)

    @property
    def key(self) -> str:
        return self.tabs.key

    def show_found(self, found: Depth | None, why: str = "") -> None:
        self._depth = found
        self.plot.setVisible(found is not None)
        for part in (self.tabs, self.colour):
            part.setEnabled(found is not None)
        if found is None:
            self.words.setText(why or _NOTHING)
            self.legend.clear()
            self.classes.setVisible(False)
            return
        self.classes.show_classes(found.classes, found.target)
        self.tabs.choose(self._chosen or ("change" if found.edited else "deviation"))
        self.tabs.offer(
            ({} if found.edited else {"change": _UNEDITED})
            | ({"gradient": found.no_gradient} if found.no_gradient else {})
        )
        self._draw()

    def show_busy(self) -> None:
        if self._depth is None:
            self.words.setText("One pass forth and one back…")

    def show_colouring(self, on: bool) -> None:
        """Whether cards are coloured by the curve; does not tell anyone."""
        with QSignalBlocker(self.colour):
            self.colour.setChecked(on)

    def select(self, names: frozenset[str]) -> None:
        """Mark the selected card: the nodes that are on it."""
        if names != self._selected:
            self._selected = names
            self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        from explorer.present.depth import CURVES

        found, key = self._depth, self.key
        if found is None:
            return
        _, words, axis, logarithmic = CURVES[key]
        both = found.edited and key != "change"
        curves = [Curve(found.curve(key))] + ([Curve(found.curve(key, before=True), ghost=True)] if both else [])
        marked = [place for place, layer in enumerate(found.layers) if layer.marked and key == "change"]
        here = [place for place, layer in enumerate(found.layers) if layer.name in self._selected]
        tips = [found.tip(place, key) for place in range(len(found.layers))]
        self.plot.show_curves(curves, tips, marked, here[-1] if here else None, found.stages, axis, logarithmic)
        self.classes.setVisible(key == "gradient")
        self.words.setText(f"{words} No gradients: {found.no_gradient}" if found.no_gradient else words)
        c = appearance.colours()
        said = [f'<span style="color: {c.accent}">●</span> now', f'<span style="color: {c.muted}">—</span> before']
        said = said if both else []
        if marked:
            said.append(f'<span style="color: {c.more}">▲</span> new, removed or resized')
        self.legend.setText("&nbsp; ".join(said))

    def _pick(self, place: int) -> None:
        if self._depth is not None:
            self.picked.emit(self._depth.layers[place].name)

    def _choose(self) -> None:
        self._chosen = self.key
        self._draw()
        if self.colour.isChecked():
            self.colouring.emit(self.key)
