"""The controls of the export dialog that say what a page shows, how large it is and what stands around the picture."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QTabWidget,
    QWidget,
)

from explorer.base.languages import tr
from explorer.export.page import DEFAULT_SCALE, DOCUMENT_SUFFIXES, PAGED_SUFFIXES, Page, PictureKind
from explorer.ui.export import choices
from explorer.ui.export.jobs import ExportSource
from explorer.ui.widgets.combo_boxes import build_combo_box, fill_combo_box, select_data, set_item_enabled
from explorer.ui.widgets.number_boxes import DecimalBox
from explorer.viewmodels.card_parts import CARD_PART_NAMES, CardPart
from explorer.viewmodels.diagram import COLOUR_MODES, Level

_MAX_POINTS = 96.0


class PageForm(QTabWidget):
    """Three tabs of controls that together are one `Page`."""

    changed = Signal()
    kind_changed = Signal()

    def __init__(self, source: ExportSource) -> None:
        super().__init__()
        self._source, self._suffix = source, ".png"
        self._create_controls()
        self._kind: PictureKind = self.kind.currentData()
        self._levels: dict[PictureKind, Level | None] = {}  # each kind keeps its own
        self.addTab(self._build_content_tab(), tr("Content"))
        self.addTab(self._build_page_tab(), tr("Page"))
        self.addTab(self._build_text_tab(), tr("Texts"))
        self._connect()

    # what it is made of

    def _create_controls(self) -> None:
        source = self._source
        own = {source.by: source.by} if source.by not in COLOUR_MODES else {}
        self.kind, self.level = build_combo_box(choices.KIND_CHOICES), build_combo_box(choices.LEVEL_CHOICES)
        self.scope, self.direction = build_combo_box(choices.SCOPES), build_combo_box(choices.DIRECTION_CHOICES)
        self.by = build_combo_box({words: key for key, words in COLOUR_MODES.items()} | own)
        self.theme, self.paper = build_combo_box(choices.THEME_CHOICES), build_combo_box(choices.PAPER_CHOICES)
        self.slides = build_combo_box(choices.SLIDES)
        self.unit, self.size_box, self.text_size = build_combo_box(choices.SIZES), DecimalBox(), DecimalBox()
        self.text_size.setRange(0.0, _MAX_POINTS)
        self.text_size.setSingleStep(0.5)
        self.text_size.setDecimals(1)
        self.text_size.setSuffix(" pt")
        self.text_size.setSpecialValueText(tr("As large as fits"))
        self.text_size.setToolTip(tr("Size of the lines on cards, on paper"))
        self.checkboxes = {name: QCheckBox(tr(text)) for name, text in choices.CHECKBOXES.items()}
        self.parts: dict[CardPart, QCheckBox] = {part: QCheckBox(tr(text)) for part, text in CARD_PART_NAMES.items()}
        self.texts = {name: QLineEdit() for name in choices.TEXTS}
        for name, box in self.texts.items():
            box.setPlaceholderText(tr(choices.TEXTS[name]))
            box.setClearButtonEnabled(True)

    def _build_content_tab(self) -> QWidget:
        form = QFormLayout()
        form.addRow(tr("Picture"), self.kind)
        form.addRow(tr("Level of detail"), self.level)
        form.addRow(tr("Show"), self.scope)
        form.addRow(tr("Direction"), self.direction)
        form.addRow(tr("Colours"), self.by)
        form.addRow("", self.checkboxes["deltas"])
        grid = QGridLayout()
        for number, box in enumerate(self.parts.values()):
            grid.addWidget(box, number // 2, number % 2)
        form.addRow(tr("Cards say"), grid)
        form.addRow(tr("Pages"), self.slides)
        return _as_widget(form)

    def _build_page_tab(self) -> QWidget:
        form = QFormLayout()
        form.addRow(tr("Page format"), self.paper)
        form.addRow(tr("Text on cards"), self.text_size)
        form.addRow(tr("Size"), side_by_side(self.size_box, self.unit))
        form.addRow(tr("Theme"), self.theme)
        form.addRow("", self.checkboxes["transparent"])
        return _as_widget(form)

    def _build_text_tab(self) -> QWidget:
        form = QFormLayout()
        form.addRow(self.checkboxes["title"], self.texts["title_text"])
        form.addRow(tr("Line below"), self.texts["subtitle"])
        form.addRow(self.checkboxes["caption"], self.texts["caption_text"])
        form.addRow(self.checkboxes["legend"])
        form.addRow(self.checkboxes["figures"])
        return _as_widget(form)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._kind_changed)
        for box in (self.level, self.scope, self.direction, self.by, self.theme, self.paper, self.slides):
            box.currentIndexChanged.connect(self._update)
        self.unit.currentIndexChanged.connect(self._unit_changed)
        for spin in (self.size_box, self.text_size):
            spin.valueChanged.connect(self._update)
        for part in (*self.checkboxes.values(), *self.parts.values()):
            part.toggled.connect(self._update)
        for line in self.texts.values():
            line.textChanged.connect(self._update)

    # from and to a page

    def show_page(self, page: Page) -> None:
        """Set the controls to the settings of a page."""
        select_data(self.kind, page.kind)
        self._kind_changed()
        select_data(self.level, page.level)
        select_data(self.scope, page.scope if page.scope != "selection" or self._source.selection else "all")
        select_data(self.direction, page.direction)
        select_data(self.by, page.by)
        select_data(self.theme, page.theme)
        select_data(self.paper, page.paper)
        select_data(self.slides, page.slides)
        given = [
            (field, getattr(page, field)) for field, _, _ in choices.SIZES.values() if getattr(page, field) is not None
        ]
        field, value = given[0] if given else ("scale", DEFAULT_SCALE)
        self.unit.setCurrentIndex([name for name, _, _ in choices.SIZES.values()].index(field))
        self._unit_changed()
        self.size_box.setValue(float(value))
        self.text_size.setValue(page.text_points or 0.0)
        for name, box in self.checkboxes.items():
            box.setChecked(bool(getattr(page, name)))
        for part, said in self.parts.items():
            said.setChecked(part in page.parts)
        for name, line in self.texts.items():
            line.setText(getattr(page, name))

    @property
    def page(self) -> Page:
        """The settings of the controls. Raises ExportError when they do not fit together."""
        field, _, decimals = self.unit.currentData()
        value = self.size_box.value()
        size: dict[str, Any] = {field: value if decimals or field == "dpi" else round(value)}
        included: dict[str, Any] = {name: box.isChecked() for name, box in self.checkboxes.items()}
        texts: dict[str, Any] = {name: line.text().strip() for name, line in self.texts.items()}
        return Page(
            kind=self.kind.currentData(),
            level=self.level.currentData(),
            scope=self.scope.currentData(),
            direction=self.direction.currentData(),
            by=self.by.currentData(),
            theme=self.theme.currentData(),
            paper=self.paper.currentData(),
            text_points=self.text_size.value() or None,
            parts=tuple(part for part, box in self.parts.items() if box.isChecked()),
            slides=self.slides.currentData(),
            **size,
            **included,
            **texts,
        )

    def set_suffix(self, suffix: str, is_text: bool) -> None:
        """Enable what a format has a use for; formats that are text have no page."""
        self._suffix = suffix
        kind, scope = self.kind.currentData(), self.scope.currentData()
        graph = kind == "graph"
        as_seen = graph and scope == "visible" and not is_text
        if as_seen:
            select_data(self.direction, self._source.direction)
            select_data(self.by, self._source.by)
        drawn = graph and not is_text
        for box in (self.direction, self.by, *self.parts.values(), self.checkboxes["deltas"]):
            box.setEnabled(drawn and not as_seen)
        self.scope.setEnabled(drawn)
        self.level.setEnabled(kind == "volumes" or (graph and not as_seen))
        self.slides.setEnabled(drawn and suffix in PAGED_SUFFIXES)
        self.setTabEnabled(1, not is_text)
        self.setTabEnabled(2, not is_text)
        for widget in (self.size_box, self.unit):
            widget.setEnabled(not is_text and suffix not in DOCUMENT_SUFFIXES)
        self.text_size.setEnabled(not is_text)
        self.checkboxes["legend"].setEnabled(drawn)
        set_item_enabled(self.scope, "selection", bool(self._source.selection))
        set_item_enabled(self.scope, "visible", self._source.picture is not None)

    def _kind_changed(self) -> None:
        kind, level = self.kind.currentData(), self.level.currentData()
        self._levels[self._kind], self._kind = level, kind
        fill_combo_box(self.level, choices.levels_of(kind))
        select_data(self.level, self._levels.get(kind, level))
        self.level.setEnabled(kind != "table")
        self.kind_changed.emit()
        self._update()

    def _unit_changed(self) -> None:
        _, begins, decimals = self.unit.currentData()
        self.size_box.blockSignals(True)
        self.size_box.setDecimals(decimals)
        self.size_box.setRange(0.05 if decimals else 16, 100 if decimals else 200_000)
        self.size_box.setSingleStep(0.5 if decimals else 50)
        self.size_box.setValue(begins)
        self.size_box.blockSignals(False)
        self._update()

    def _update(self) -> None:
        self.changed.emit()


def _as_widget(form: QFormLayout) -> QWidget:
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    made = QWidget()
    made.setLayout(form)
    return made


def side_by_side(first: QWidget, *others: QWidget) -> QHBoxLayout:
    """Return a row of widgets, the first of which takes what room there is."""
    row = QHBoxLayout()
    row.addWidget(first, 1)
    for widget in others:
        row.addWidget(widget)
    return row
