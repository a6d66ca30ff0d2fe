"""Panel of how an op computes: its controls, the stage, and the trail of numbers gone through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSlider, QSpinBox, QToolButton, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.arithmetic.canvas import ArithmeticCanvas
from explorer.ui.arithmetic.playback import SPEEDS, Playback
from explorer.ui.arithmetic.trail import Trail
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.number_boxes import IntegerBox
from explorer.ui.widgets.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import NumberPlace
    from explorer.presenters.arithmetic_views import ArithmeticView

_PLACEHOLDER = tr_noop("Select a card in the diagram to see how it computes its numbers on the sample image.")
_START_SPEED = 3  # of SPEEDS


class ArithmeticPanel(QWidget):
    """How the numbers of one op are computed."""

    op_chosen = Signal(str)  # another op of the card
    source_chosen = Signal(object)  # the place of a number: show what made it
    step_clicked = Signal(int)  # of the trail
    pixels_requested = Signal(object)  # from this place, back to the image
    export_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: ArithmeticView | None = None
        self.playback = Playback(self)
        self.canvas, self.trail = ArithmeticCanvas(), Trail()
        self.op_choice, self.channel_choice, self.scrubber = QComboBox(), IntegerBox(), _Scrubber()
        self.caption = QLabel()
        self.caption.setProperty("role", "muted")
        self.caption.setWordWrap(True)
        self._build_controls()
        self._connect()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(4)
        for widget in (self._tool_row, self.trail):
            column.addWidget(widget)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.caption)
        self.setMinimumWidth(300)
        self.show_result(None)

    def sizeHint(self) -> QSize:
        return QSize(1100, 440)

    def _build_controls(self) -> None:
        live_text(self.op_choice, QWidget.setToolTip, tr_noop("Op of the selected card"))
        live_text(self.op_choice, QWidget.setAccessibleName, tr_noop("Op of the selected card"))
        self.op_choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.op_choice.setMinimumContentsLength(22)
        live_text(self.channel_choice, QSpinBox.setPrefix, tr_noop("Channel "))
        live_text(self.channel_choice, QWidget.setToolTip, tr_noop("Channel of the output"))
        live_text(self.channel_choice, QWidget.setAccessibleName, tr_noop("Channel of the output"))
        self.play_button = _button("▶", tr_noop("Play (Space)"))
        self.back_step = _button("‹", tr_noop("One number back (←)"))
        self.next_step = _button("›", tr_noop("Next number (→)"))
        self.speed_choice = QComboBox()
        follow_language(self.speed_choice, self._fill_speeds)
        self.speed_choice.setCurrentIndex(_START_SPEED)
        live_text(self.speed_choice, QWidget.setToolTip, tr_noop("Speed: slowly, each number is computed step by step"))
        live_text(
            self.speed_choice, QWidget.setAccessibleName, tr_noop("Speed: slowly, each number is computed step by step")
        )
        self.pixels_button = live_text(QToolButton(), QToolButton.setText, tr_noop("Back to the pixels"))
        live_text(
            self.pixels_button,
            QWidget.setToolTip,
            tr_noop("Follow this number back through the layers, each time to what adds the most, down to a pixel"),
        )
        self.export_button = live_text(QToolButton(), QToolButton.setText, tr_noop("Animation…"))
        live_text(self.export_button, QWidget.setToolTip, tr_noop("Save as an animated GIF or WebP, for slides"))
        for button in (self.pixels_button, self.export_button):
            button.setProperty("role", "tab")
        self._tool_row = ToolRow(
            [self.op_choice, self.channel_choice],
            [self.pixels_button, self.export_button],
            [self.back_step, self.play_button, self.next_step, self.scrubber, self.speed_choice],
        )

    def _connect(self) -> None:
        self.op_choice.activated.connect(lambda at: self.op_chosen.emit(self.op_choice.itemData(at)))
        self.channel_choice.valueChanged.connect(self._show_channel)
        self.play_button.clicked.connect(self.playback.toggle)
        self.back_step.clicked.connect(lambda: self.playback.go_to(self.playback.step - 1))
        self.next_step.clicked.connect(lambda: self.playback.go_to(self.playback.step + 1))
        self.scrubber.sliderMoved.connect(self.playback.go_to)
        self.speed_choice.currentIndexChanged.connect(self._set_speed)
        self.playback.moved.connect(self._show_step)
        self.playback.running_changed.connect(self._show_running)
        self.canvas.unit_chosen.connect(self._show_unit)
        self.canvas.source_chosen.connect(self.source_chosen)
        self.canvas.hovered.connect(lambda text: self.caption.setText(text or self._default_caption))
        self.canvas.play_toggled.connect(self.playback.toggle)
        self.canvas.back_requested.connect(lambda: self.step_clicked.emit(-1))
        self.trail.step_clicked.connect(self.step_clicked)
        self.pixels_button.clicked.connect(self._request_pixels)
        self.export_button.clicked.connect(self.export_requested)

    def show_result(self, result: ArithmeticView | None, reason: str = "") -> None:
        """Show an op at its first number; without one, the reason for that."""
        self._view = result
        self.canvas.setVisible(result is not None)
        self._tool_row.setVisible(result is not None)
        if result is None:
            self.playback.pause()
            self.trail.hide()
            self.canvas.show_view(None, None)
            self.caption.setText(reason or tr(_PLACEHOLDER))
            return
        self._fill_choices(result)
        self._show_place(result.first.index)

    def show_trail(self, places: Sequence[NumberPlace]) -> None:
        """Show which numbers were gone through."""
        self.trail.show_steps(places)

    @property
    def view(self) -> ArithmeticView | None:
        """The op that is shown."""
        return self._view

    @property
    def place(self) -> NumberPlace | None:
        """The number that is shown."""
        return self.canvas.explanation.place if self.canvas.explanation is not None else None

    def _show_place(self, index: tuple[int, ...]) -> None:
        """Show a number, and the map it is on."""
        view = self._view
        if view is None:
            return
        plane = view.output_plane(index)
        self.playback.reset(plane.count, plane.step_of(index))
        self.scrubber.setMaximum(plane.count - 1)
        explanation = view.arithmetic.explain(index, view.first.part)
        self.canvas.show_view(view, explanation)
        self._show_position()

    def _show_unit(self, index: tuple[int, ...]) -> None:
        """Show another number of the same map: channels are chosen anew for it."""
        self._show_place(index)

    def _show_step(self, step: int, phase: float) -> None:
        view, place = self._view, self.place
        if view is None or place is None:
            return
        index = view.output_plane(place.index).index_at(step)
        uncovered = step + (1 if phase >= 1 else 0) if self.playback.is_running else None
        self.canvas.show_explanation(view.arithmetic.explain(index, view.first.part), phase, uncovered)
        self._show_position()

    def _show_position(self) -> None:
        self.scrubber.setValue(self.playback.step)
        if not self.playback.is_running:
            self.caption.setText(self._default_caption)

    @property
    def _default_caption(self) -> str:
        if self._view is None:
            return tr(_PLACEHOLDER)
        return tr("Click a number: of the output to see what made it, of the input to go one layer back.")

    def _show_channel(self, channel: int) -> None:
        place, view = self.place, self._view
        axis = self._channel_axis
        if place is not None and view is not None and axis is not None and place.index[axis] != channel:
            self._show_place((*place.index[:axis], channel, *place.index[axis + 1 :]))

    @property
    def _channel_axis(self) -> int | None:
        return self._view.axes.channel if self._view is not None else None

    def _fill_choices(self, view: ArithmeticView) -> None:
        self.op_choice.clear()
        for name, title in view.choices:
            self.op_choice.addItem(title, name)
        self.op_choice.setCurrentIndex(max(self.op_choice.findData(view.arithmetic.name), 0))
        axis = view.axes.channel
        self.channel_choice.setVisible(axis is not None)
        if axis is not None:
            shape = view.arithmetic.outputs[view.first.part].values.shape
            self.channel_choice.blockSignals(True)
            self.channel_choice.setRange(0, shape[axis] - 1)
            self.channel_choice.setSuffix(f" / {shape[axis] - 1}")
            self.channel_choice.setValue(view.first.index[axis])
            self.channel_choice.blockSignals(False)

    def _fill_speeds(self, box: QComboBox) -> None:
        chosen = box.currentIndex()
        box.clear()
        for speed in SPEEDS:
            box.addItem(tr("{speed:g} per second", speed=speed))
        box.setCurrentIndex(max(chosen, 0))

    def _set_speed(self, at: int) -> None:
        self.playback.speed = SPEEDS[max(at, 0)]

    def _show_running(self, running: bool) -> None:
        self.play_button.setText("⏸" if running else "▶")

    def _request_pixels(self) -> None:
        if self.place is not None:
            self.playback.pause()
            self.pixels_requested.emit(self.place)


class _Scrubber(QSlider):
    """Slider over the numbers of a map."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setMinimumWidth(70)
        live_text(self, QWidget.setAccessibleName, tr_noop("Number of the output"))


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setProperty("role", "tab")
    button.setMinimumWidth(28)
    live_text(button, QWidget.setToolTip, tip)
    live_text(button, QWidget.setAccessibleName, tip)
    return button
