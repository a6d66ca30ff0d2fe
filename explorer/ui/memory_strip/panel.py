"""Panel of the memory of a pass: the strip, a slider over its steps, and the peak at a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from explorer.base.languages import join_sentences, tr, tr_noop
from explorer.ui.base.live_texts import live_text
from explorer.ui.memory_strip.strip_view import StripView
from explorer.ui.widgets.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.presenters.memory_strip import MemoryStrip

_PLACEHOLDER = tr_noop("Open a network to see which maps are in memory while it runs.")


class MemoryStripPanel(QWidget):
    """What is alive while each op runs; emits the nodes whose maps are alive at the step chosen."""

    step_chosen = Signal(object)  # names of nodes, the one that runs at the end

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip: MemoryStrip | None = None
        self.view, self.slider, self.caption = StripView(), QSlider(Qt.Orientation.Horizontal), QLabel()
        live_text(self.slider, QWidget.setAccessibleName, tr_noop("Step of the pass"))
        self.peak_button = live_text(QToolButton(), QToolButton.setText, tr_noop("To the peak"))
        self.light_button = live_text(QToolButton(), QToolButton.setText, tr_noop("Show in the diagram"))
        live_text(self.light_button, QWidget.setToolTip, tr_noop("Light the cards whose maps are alive at this step"))
        for button in (self.peak_button, self.light_button):
            button.setProperty("role", "tab")
        self.caption.setProperty("role", "muted")
        self.caption.setWordWrap(True)
        self.slider.setMinimumWidth(180)
        self._tool_row = ToolRow([self.slider], [self.peak_button, self.light_button])
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(4)
        column.addWidget(self._tool_row)
        column.addWidget(self.view, 1)
        column.addWidget(self.caption)
        self.slider.valueChanged.connect(self.view.set_step)
        self.view.step_changed.connect(self.slider.setValue)
        self.view.step_chosen.connect(self._choose)
        self.peak_button.clicked.connect(lambda: self.view.set_step(self._strip.peak if self._strip else 0))
        self.light_button.clicked.connect(lambda: self._choose(self.view.step))
        self.setMinimumWidth(300)
        self.show_result(None)

    def sizeHint(self) -> QSize:
        return QSize(1000, 320)

    def show_result(self, result: MemoryStrip | None, reason: str = "") -> None:
        """Show the steps of a pass; without one, the reason for that."""
        self._strip = result
        self._tool_row.setVisible(result is not None)
        self.view.setVisible(result is not None)
        self.view.show_strip(result)
        if result is None:
            self.caption.setText(reason or tr(_PLACEHOLDER))
            return
        self.slider.setMaximum(len(result.steps) - 1)
        self.slider.setValue(result.peak)
        words = tr(
            "A column is an op that runs, a block a map that is alive: made by its op, freed after its last use."
        )
        baseline = tr("The dotted line is the baseline.") if result.baseline else ""
        self.caption.setText(join_sentences((words, baseline)))

    def _choose(self, step: int) -> None:
        if self._strip is not None:
            found = self._strip.steps[step]
            self.step_chosen.emit([name for name, _ in found.live if name != found.node] + [found.node])
