"""Time per layer on this machine, beside the multiply-adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from explorer.ui import appearance
from explorer.ui.inside.parts import Parts, captioned
from explorer.ui.inside.share_bars import ShareBars
from explorer.ui.inside.time_scatter import TimeScatter
from explorer.ui.inside.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.present.timing import Timing

_NOTHING = (
    "How long does each layer take on this machine? Multiply-adds say what a layer should cost, the clock what it does."
)
_POINTS = "MACs of each layer. Above the dashes: slow for its count."


class TimingPanel(QWidget):
    wanted = Signal()
    cancelled = Signal()
    picked = Signal(str)  # a node
    colouring = Signal(bool)  # cards should be coloured by time, or no longer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timing: Timing | None = None
        self._old = False  # the network has changed since
        self._busy = False
        self.measure = QPushButton("Measure")
        self.measure.setToolTip("Several passes, each layer timed; takes a few seconds")
        self.measure.clicked.connect(lambda: self.cancelled.emit() if self._busy else self.wanted.emit())
        self.grouping = QComboBox()
        self.grouping.setAccessibleName("What times are added up by")
        self.grouping.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.grouping.activated.connect(lambda _: self._draw())
        self.colour = QToolButton()
        self.colour.setText("Colour the diagram")
        self.colour.setToolTip("Colour the cards of the diagram by their time")
        self.colour.setCheckable(True)
        self.colour.setProperty("role", "tab")
        self.colour.toggled.connect(self.colouring)
        self.words = QLabel(_NOTHING)
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        self.lesson = QLabel()
        self.lesson.setWordWrap(True)
        self.bars = ShareBars()
        self.bars.picked.connect(self.picked)
        self._area = QScrollArea()
        self._area.setWidget(self.bars)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.scatter = TimeScatter()
        self.scatter.picked.connect(self.picked)
        self._selected: frozenset[str] = frozenset()
        self._beside = captioned(self.scatter, QLabel(_POINTS))
        self._body = Parts([self._area, self._beside])
        self._body.show_parts(self._area, self._beside)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(ToolRow([self.measure, self.grouping], [self.colour]))
        column.addWidget(self.lesson)
        column.addWidget(self.words)
        column.addWidget(self._body, 1)
        self.setMinimumWidth(300)
        self.show_found(None)

    def sizeHint(self) -> QSize:
        return QSize(560, 260)

    def show_found(self, found: Timing | None, why: str = "") -> None:
        self._timing, self._old = found, False
        for part in (self.grouping, self.colour, self.lesson, self._body):
            part.setVisible(found is not None)
        if found is None:
            self.words.setText(why or _NOTHING)
            return
        from explorer.present.timing import GROUPINGS

        if not self.grouping.count():
            for key, text in GROUPINGS.items():
                self.grouping.addItem(text, key)
        self.lesson.setText(found.lesson)
        self.lesson.setVisible(bool(found.lesson))
        self._draw()

    def show_old(self) -> None:
        """The network has changed since."""
        self._old = True
        self._draw()

    def select(self, names: frozenset[str]) -> None:
        """Mark the selected card: the nodes that are on it."""
        if names != self._selected:
            self._selected = names
            self._draw()

    def show_colouring(self, on: bool) -> None:
        """Whether cards are coloured by their time; does not tell anyone."""
        with QSignalBlocker(self.colour):
            self.colour.setChecked(on)

    def show_progress(self, done: float | None) -> None:
        """A part from 0 to 1 while it is measured; None when it is over."""
        self._busy = done is not None
        self.measure.setText("Measure" if done is None else f"Cancel ({100 * done:.0f} %)")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._timing is not None:
            self._draw()

    def _draw(self) -> None:
        found = self._timing
        if found is None:
            return
        c = appearance.colours()
        time, macs = (f'<span style="color: {colour}">■</span>' for colour in (c.accent, c.ghost))
        old = "<b>Measured before the last change.</b> " if self._old else ""
        self.words.setText(f"{old}{found.headline}&nbsp; {time} share of time&nbsp; {macs} share of MACs")
        self.bars.show_shares(found.shares[self.grouping.currentData() or "kind"])
        rate = found.macs / found.total if found.total else 0.0
        self.scatter.show_points(found.points, rate, self._selected)
