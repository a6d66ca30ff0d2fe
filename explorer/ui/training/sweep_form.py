"""Form of a sweep: what is varied, how the points are chosen, and where they are trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer.base.full_width import to_half_width
from explorer.base.languages import tr, tr_n, tr_noop
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.training.recipe_form import CHOICES, FIELD_TITLES, NUMBER_RANGES
from explorer.ui.training.varied_row import ChoicesRow, RangeRow, VariedRow
from explorer.ui.widgets.combo_boxes import translate_items
from explorer.ui.widgets.number_boxes import IntegerBox

if TYPE_CHECKING:
    from explorer.training.data_spec import DataSpec
    from explorer.training.recipe import Recipe
    from explorer.training.sweep_choices import VariedOption
    from explorer.training.sweep_spec import Sweep

_SEARCHES = {
    "grid": tr_noop("Grid: every combination"),
    "random": tr_noop("Random points"),
    "halving": tr_noop("Halving: all briefly, the best longer"),
}
_LOGARITHMIC = ("learning_rate", "weight_decay")
#: What a range begins as.
_FIRST_RANGES: dict[str, tuple[float, float]] = {
    "learning_rate": (3e-4, 1e-2),
    "weight_decay": (1e-4, 1e-1),
    "batch_size": (16, 128),
    "epochs": (2, 8),
}


class SweepForm(QWidget):
    """Controls of a sweep beside the data, the epochs, the seeds and the recipe, which a single training has too."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[VariedRow] = []
        self._options: tuple[VariedOption, ...] = ()
        self._networks: Mapping[str, str] = {}
        self._network = ""
        self.vary_button = live_text(QPushButton(), QPushButton.setText, "Vary…")
        live_text(
            self.vary_button,
            QWidget.setToolTip,
            "Choose a switch or slider of the inspector for what is selected, a field of the recipe, or networks",
        )
        self.menu = QMenu(self.vary_button)
        self.menu.aboutToShow.connect(self.fill_menu)
        self.vary_button.setMenu(self.menu)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        self.count_label = QLabel()
        self.count_label.setProperty("role", "muted")
        self.count_label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.vary_button)
        column.addLayout(self._rows)
        column.addLayout(self._build_search())
        column.addWidget(self.count_label)
        follow_language(self, SweepForm._show_count)

    @property
    def cluster(self) -> str:
        """Address of the cluster that was typed; "" for this computer."""
        return to_half_width(self.address.text()).strip()

    def _build_search(self) -> QFormLayout:
        self.search_box: QComboBox = QComboBox()
        self.search_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.search_box.setMinimumContentsLength(10)
        for key, title in _SEARCHES.items():
            self.search_box.addItem(title, key)
        follow_language(self.search_box, translate_items)
        self.points, self.steps, self.workers = _spin(8, 2, 1000), _spin(3, 2, 50), _spin(1, 1, 64)
        self.address = QLineEdit()
        follow_language(self.address, lambda edit: edit.setPlaceholderText(tr("this computer")))
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for title, tip, widget in (
            (tr_noop("Search"), tr_noop("How the points are chosen"), self.search_box),
            (tr_noop("Points"), tr_noop("So many are drawn"), self.points),
            (tr_noop("Steps"), tr_noop("Values of each range"), self.steps),
            (tr_noop("At a time"), tr_noop("Points that are trained side by side, each in a process"), self.workers),
            (
                tr_noop("Cluster"),
                tr_noop("Address of a Ray cluster: ray://host:10001, host:6379, auto. Empty for this computer"),
                self.address,
            ),
        ):
            live_text(widget, QWidget.setAccessibleName, title)
            live_text(widget, QWidget.setToolTip, tip)
            form.addRow(live_text(QLabel(), QLabel.setText, title), widget)
        self._search_form = form
        self.search_box.currentIndexChanged.connect(self._show_search)
        for spin in (self.points, self.steps):
            spin.valueChanged.connect(self._notify)
        self.address.textChanged.connect(lambda text: form.setRowVisible(self.workers, not text.strip()))
        form.setRowVisible(self.points, False)
        return form

    def _show_search(self) -> None:
        is_grid = self.search_box.currentData() == "grid"
        self._search_form.setRowVisible(self.points, not is_grid)
        self._show_steps()
        self._notify()

    def _show_steps(self) -> None:
        has_range = any(isinstance(row, RangeRow) for row in self.rows)
        self._search_form.setRowVisible(self.steps, has_range and self.search_box.currentData() == "grid")

    def _notify(self) -> None:
        self._show_count()
        self.changed.emit()

    # what can be varied

    def show_network(self, name: str, networks: Mapping[str, str], options: tuple[VariedOption, ...]) -> None:
        """Offer what can be varied: options of the open network, which a plan calls `name`, and networks, titles by
        key. What is varied of another network's edits goes."""
        if name != self._network:
            for row in [row for row in self.rows if row.name == "edits"]:
                self._remove(row)
        self._network, self._networks, self._options = name, networks, options

    def fill_menu(self) -> None:
        """Offer what is not varied yet."""
        self.menu.clear()
        taken = {row.title for row in self.rows}
        edits = self.menu.addMenu(tr("Network: switches and sliders"))
        for option in self._options:
            if option.title not in taken:
                edits.addAction(option.title, partial(self.add_option, option))
        edits.setEnabled(not edits.isEmpty())
        recipe = self.menu.addMenu(tr("Recipe"))
        for field in ("epochs", *FIELD_TITLES):
            title = _field_title(field)
            if title not in taken:
                recipe.addAction(title, partial(self.add_field, field))
        if self._networks and tr("Networks") not in taken:
            self.menu.addAction(tr("Networks…"), self.add_networks)

    def add_option(self, option: VariedOption) -> None:
        """Vary a control of the inspector, over all its values."""
        self._add(ChoicesRow("edits", option.title, option.labels, option.edits))

    def add_field(self, field: str) -> None:
        """Vary a field of the recipe."""
        name, title = f"recipe.{field}", _field_title(field)
        if field in CHOICES:
            self._add(ChoicesRow(name, title, [tr(text) for text in CHOICES[field].values()], tuple(CHOICES[field])))
        elif field in ("crop", "flip"):
            self._add(ChoicesRow(name, title, [tr("off"), tr("on")], (False, True)))
        else:
            low, high, decimals = NUMBER_RANGES.get(field, (1 if field == "epochs" else 2, 4096, 0))
            first = _FIRST_RANGES.get(field, (low, min(high, 0.5)))
            self._add(RangeRow(name, title, (low, high), first, decimals, is_log=field in _LOGARITHMIC))

    def add_networks(self) -> None:
        """Vary the network: the open one, and others of the catalogue."""
        keys = tuple(self._networks)
        checked = [number for number, key in enumerate(keys) if key == self._network]
        self._add(ChoicesRow("network", tr("Networks"), list(self._networks.values()), keys, checked))

    def _add(self, row: VariedRow) -> None:
        self.rows.append(row)
        self._rows.addWidget(row)
        row.changed.connect(self._notify)
        row.remove_requested.connect(partial(self._remove, row))
        self._show_steps()
        self._notify()

    def _remove(self, row: VariedRow) -> None:
        self.rows.remove(row)
        self._rows.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._show_steps()
        self._notify()

    # what is said

    def plan(self, data: DataSpec, recipe: Recipe, seeds: int) -> Sweep:
        """Return the sweep that the controls say. Raises SweepError where nothing is varied."""
        from explorer.training.sweep_spec import Sweep

        names, edits = [], 0
        for row in self.rows:
            names.append(f"edits.{edits}" if row.name == "edits" else row.name)
            edits += row.name == "edits"
        return Sweep(
            self._network,
            data.as_json(),
            dataclasses.asdict(recipe),
            (None,) * edits,
            {name: row.values() for name, row in zip(names, self.rows, strict=True)},
            {name: row.title for name, row in zip(names, self.rows, strict=True)},
            {name: row.labels() for name, row in zip(names, self.rows, strict=True) if row.labels()},
            self.search_box.currentData(),
            trials=self.points.value(),
            steps=self.steps.value(),
            seeds=seeds,
        )

    def _show_count(self) -> None:
        counts = [row.count(self.steps.value()) for row in self.rows]
        if not counts:
            self.count_label.setText(tr("Choose what is varied."))
            return
        number = 1
        for count in counts:
            number *= count
        has_range = any(isinstance(row, RangeRow) for row in self.rows)
        if self.search_box.currentData() != "grid":
            number = self.points.value() if has_range else min(number, self.points.value())
        self.count_label.setText(tr_n("{n} point, with each seed", "{n} points, each with each seed", number))


def _field_title(field: str) -> str:
    return tr("Epochs") if field == "epochs" else tr(FIELD_TITLES[field])


def _spin(value: int, least: int, most: int) -> QSpinBox:
    spin = IntegerBox()
    spin.setRange(least, most)
    spin.setValue(value)
    return spin
