"""Panel of the budget lock: what is kept, what gives way, a slider for each axis, and the variants tried."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from explorer.base import number_format
from explorer.base.languages import tr, tr_noop
from explorer.ui.base.fonts import size_with_font
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.budget.scatter import TriedVariant, VariantScatter
from explorer.ui.widgets.combo_boxes import translate_items
from explorer.ui.widgets.labels import text_label

if TYPE_CHECKING:
    from explorer.edits.budget import Axis, BudgetFigure
    from explorer.edits.budget_search import BudgetResult

_AXES: dict[str, str] = {
    "depth": tr_noop("Depth"),
    "width": tr_noop("Width"),
    "resolution": tr_noop("Resolution"),
    "expansion": tr_noop("Expansion"),
}
_FIGURES: dict[str, str] = {
    "macs": "MACs",
    "params": tr_noop("Parameters"),
    "memory": tr_noop("Memory (weights and peak)"),
}
_STEPS = 100  # of a slider to each side
_WIDEST = 2.5  # factor at its end
_DELAY = 60  # milliseconds after a move


class BudgetPanel(QWidget):
    """Sliders that emit a wish; what became of it is shown when it is known."""

    scaling_wanted = Signal(object, str, str)  # Scaling, axis that gives way, figure that is kept
    restart_requested = Signal()
    variant_chosen = Signal(object)
    return_requested = Signal()  # to the variant that was left by choosing another

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self._timer = QTimer(self, singleShot=True, interval=_DELAY)
        self._timer.timeout.connect(self._send)
        self.figure_box = _build_box(_FIGURES, tr_noop("Keep"))
        self.axis_box = _build_box(_AXES, tr_noop("Gives way"))
        self.axis_box.setCurrentIndex(list(_AXES).index("width"))
        self.sliders: dict[str, QSlider] = {}
        self.value_labels = {axis: text_label("×1.00", wraps=False) for axis in _AXES}
        self.result_label, self.message_label = text_label(""), text_label("", "refusal")
        self.restart_button = live_text(QPushButton(), QPushButton.setText, "Begin anew from here")
        live_text(self.restart_button, QWidget.setToolTip, "The network in sight is the budget from now on")
        self.restart_button.clicked.connect(self.restart_requested)
        self.return_button = live_text(QPushButton(), QPushButton.setText, "Back to the former variant")
        live_text(self.return_button, QWidget.setToolTip, "Return to the network that was in sight before this point")
        self.return_button.clicked.connect(self.return_requested)
        self.return_button.hide()
        self.scatter = VariantScatter()
        self.scatter.variant_chosen.connect(self.variant_chosen)
        left = self._left = QWidget()
        size_with_font(left, QWidget.setMaximumWidth, 430)
        left.setLayout(self._build_left())
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(8, 6, 8, 6)
        self._parts.addWidget(left, 1)
        self._parts.addWidget(self.scatter, 1)
        for box in (self.figure_box, self.axis_box):
            box.currentIndexChanged.connect(self._on_choice)
        self._update_sliders()
        follow_language(self, BudgetPanel._show_hint)

    def _build_left(self) -> QVBoxLayout:
        top = QHBoxLayout()
        for title, box in (("Keep", self.figure_box), ("Gives way", self.axis_box)):
            top.addWidget(live_text(text_label("", wraps=False), QLabel.setText, title))
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(4)
            top.addWidget(box, 1)
        grid = QGridLayout()
        grid.setVerticalSpacing(3)
        for number, (axis, title) in enumerate(_AXES.items()):
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(-_STEPS, _STEPS)
            slider.setPageStep(10)
            live_text(slider, QWidget.setAccessibleName, title)
            slider.valueChanged.connect(self._on_moved)
            self.sliders[axis] = slider
            grid.addWidget(live_text(text_label("", wraps=False), QLabel.setText, title), number, 0)
            grid.addWidget(slider, number, 1)
            grid.addWidget(self.value_labels[axis], number, 2)
            self.value_labels[axis].setMinimumWidth(52)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addLayout(top)
        column.addLayout(grid)
        column.addWidget(self.result_label)
        column.addWidget(self.message_label)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.restart_button)
        buttons.addWidget(self.return_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        return column

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_upright = self.height() > self.width()
        direction = QBoxLayout.Direction.TopToBottom if is_upright else QBoxLayout.Direction.LeftToRight
        self._parts.setDirection(direction)
        self._parts.setStretch(0, 0 if is_upright else 1)  # upright, the points have what the sliders leave

    def minimumSizeHint(self) -> QSize:
        """As narrow as its sliders: the points stand below them where it is upright."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self._left.minimumSizeHint().width() + 16), hint.height())

    # chosen

    @property
    def gives_way(self) -> Axis:
        """The axis that gives way."""
        return cast("Axis", self.axis_box.currentData())

    @property
    def figure(self) -> BudgetFigure:
        """The figure that is kept."""
        return cast("BudgetFigure", self.figure_box.currentData())

    def factors(self) -> dict[str, float]:
        """Return the factor of each axis."""
        return {axis: _factor(slider.value()) for axis, slider in self.sliders.items()}

    # shown

    def show_result(self, variants: tuple[list[TriedVariant], TriedVariant | None] | None, reason: str = "") -> None:
        """Show the variants; None that there is no network."""
        self.setEnabled(variants is not None)
        if variants is not None:
            self.scatter.show_variants(*variants)
        if reason:
            self.message_label.setText(reason)

    def show_former(self, is_there: bool) -> None:
        """Offer the way back to the variant that was left."""
        self.return_button.setVisible(is_there)

    def show_scaling(self, result: BudgetResult | None, refusal: str, axes: tuple[str, ...]) -> None:
        """Show what became of the last wish; None that nothing was scaled yet."""
        self.message_label.setText(refusal)
        self._filling = True
        if result is None:
            for slider in self.sliders.values():
                slider.setValue(0)
            self._show_hint()
        elif not refusal:
            slider = self.sliders[self.gives_way]
            slider.setValue(_position(getattr(result.scaling, self.gives_way)))
            self.result_label.setText(self._result_text(result))
        self._filling = False
        self._update_sliders(axes)
        if result is not None and not refusal:
            self.value_labels[self.gives_way].setText(f"×{getattr(result.scaling, self.gives_way):.2f}")

    def _show_hint(self) -> None:
        """Say what to do, until something was scaled."""
        if not any(slider.value() for slider in self.sliders.values()):
            axis = tr(_AXES[self.gives_way])
            text = tr("Move a slider to try a variant. What gives way, so that the budget is kept: {axis}.", axis=axis)
            self.result_label.setText(text)

    def _result_text(self, result: BudgetResult) -> str:
        value, budget = number_format.format_short(result.value), number_format.format_short(result.budget)
        axis, factor = tr(_AXES[self.gives_way]), getattr(result.scaling, self.gives_way)
        text = tr(
            "{axis} gave way: ×{factor:.2f}. {figure} {value} of {budget}, {deviation}.",
            axis=axis,
            factor=factor,
            figure=tr(_FIGURES[self.figure]),
            value=value,
            budget=budget,
            deviation=number_format.format_percent_change(result.value, result.budget),
        )
        return text if result.is_met else f"{text} {_miss_text(result, axis)}"

    def _update_sliders(self, axes: tuple[str, ...] = tuple(_AXES)) -> None:
        for axis, slider in self.sliders.items():
            slider.setEnabled(axis != self.gives_way and axis in (axes or _AXES))
            self.value_labels[axis].setText(f"×{_factor(slider.value()):.2f}")

    def _on_choice(self) -> None:
        self._update_sliders()
        self._show_hint()
        if any(slider.value() for slider in self.sliders.values()):
            self._timer.start()

    def _on_moved(self) -> None:
        if not self._filling:
            self._update_sliders()
            self._timer.start()

    def _send(self) -> None:
        from explorer.edits.budget import Scaling

        found = self.factors()
        wanted = Scaling(found["depth"], found["width"], found["resolution"], found["expansion"])
        self.scaling_wanted.emit(wanted, self.gives_way, self.figure)


def _miss_text(result: BudgetResult, axis: str) -> str:
    """Why the budget is not met within the tolerance."""
    other = result.other_deviation
    if other is None:
        return tr("{axis} can give way no further.", axis=axis)
    if result.scaling.blocks:
        return tr("No number of blocks comes nearer.")
    further = number_format.format_percent_change(1 + other, 1)
    return tr("Rounding allows no nearer: one step further it is {deviation}.", deviation=further)


def _factor(position: int) -> float:
    return round(math.exp(position / _STEPS * math.log(_WIDEST)), 4)


def _position(factor: float) -> int:
    return max(-_STEPS, min(_STEPS, round(math.log(factor) / math.log(_WIDEST) * _STEPS)))


def _build_box(entries: dict[str, str], name: str) -> QComboBox:
    box = QComboBox()
    for key, title in entries.items():
        box.addItem(title, key)
    follow_language(box, translate_items)
    return live_text(box, QWidget.setAccessibleName, name)
