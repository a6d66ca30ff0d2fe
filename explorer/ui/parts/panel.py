"""The panel of parts: find one, set it, see what it would cost at the chosen place, put it in."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from explorer.base.fuzzy_search import match_rank
from explorer.base.languages import tr, tr_noop
from explorer.drawing import Picture
from explorer.ui.base.live_texts import live_text
from explorer.ui.parts.effect import describe_effect
from explorer.ui.parts.effect_view import EffectView
from explorer.ui.parts.part_list import PART_ROLE, PartDelegate, PartModel, PartView
from explorer.ui.parts.part_picture import PartPicture
from explorer.ui.parts.settings_form import SettingsForm
from explorer.ui.widgets.combo_boxes import build_combo_box
from explorer.ui.widgets.labels import text_label
from explorer.ui.widgets.list_rows import build_list_view
from explorer.ui.widgets.tab_buttons import TabButtons
from explorer.ui.widgets.tab_order import order_tabs
from explorer.viewmodels.panels import EditPreview
from explorer.viewmodels.parts import PartRow

_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)

#: Where a part can be put: text and tip of the buttons.
_PLACES = {
    "before": (tr_noop("Before"), tr_noop("On the way into the selected card")),
    "behind": (tr_noop("Behind"), tr_noop("On the way out of the selected card")),
    "beside": (tr_noop("Beside"), tr_noop("As a branch beside the selected card, joined with it")),
    "replace": (tr_noop("Replace"), tr_noop("In the place of the selected card")),
}


class PartsPanel(QWidget):
    """Shows the parts and what the chosen one would change; emits what the user asks for."""

    part_chosen = Signal(object)  # a PartRow, or None
    source_chosen = Signal(object)  # a NetworkSource; None for the parts there are
    proposal_changed = Signal()  # part, settings or place
    insert_requested = Signal()
    edit_requested = Signal(object)  # a repair
    rename_requested = Signal(object)  # a part of the user's own
    removal_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[PartRow, ...] = ()
        self._sources: tuple[tuple[str, object], ...] = ()
        self.model = PartModel(self)
        self.source_box = self._build_source_box()
        self.filter = self._build_filter()
        self.setFocusProxy(self.filter)
        self.view = self._build_view()
        self.form = SettingsForm()
        self.form.changed.connect(self.proposal_changed)
        self.places = TabButtons(_PLACES)
        self._shown: PartRow | None = None  # in the lower half
        self._is_filling = False
        self._wanted_place = "behind"  # what the user chose, while a part that joins two ways goes beside
        self.places.tab_clicked.connect(self._on_place_clicked)
        self.join_box = build_combo_box(
            {tr_noop("joined by addition"): "add", tr_noop("joined by concatenation"): "concat"}
        )
        self.join_box.currentIndexChanged.connect(lambda _: self.proposal_changed.emit())
        self.effect = EffectView()
        self.effect.repair_chosen.connect(self.edit_requested)
        self.put_button = live_text(QPushButton(), QPushButton.setText, "Put in")
        self.put_button.clicked.connect(self.insert_requested)
        self.picture_view = PartPicture()
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self._build_top())
        split.addWidget(self._build_details())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        self._show_details(None)

    def sizeHint(self) -> QSize:
        return QSize(300, 700)

    def _build_top(self) -> QWidget:
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(8, 8, 8, 0)
        column.addWidget(self.source_box)
        column.addWidget(self.filter)
        column.addWidget(self.view, 1)
        return top

    def _build_source_box(self) -> QComboBox:
        made = QComboBox()
        live_text(made, QWidget.setAccessibleName, "Whose parts are listed")
        live_text(made, QWidget.setToolTip, "Blocks of any network can be put into this one")
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(12)
        made.setMaxVisibleItems(24)
        made.setStyleSheet("combobox-popup: 0")  # a list that scrolls, not one as high as the screen
        made.activated.connect(lambda index: self.source_chosen.emit(made.itemData(index)))
        return made

    def _build_details(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(10, 6, 10, 8)
        self.title = text_label("", "title")
        self.sentence = text_label("", "muted")
        self.source = text_label("", "muted", small=True)
        for widget in (self.title, self.sentence, self._build_own_buttons(), self.picture_view, self.form, self.source):
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        self.details = QWidget()
        outer = QVBoxLayout(self.details)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(10, 0, 10, 10)
        foot.addWidget(self.places)
        foot.addWidget(self.join_box)
        foot.addWidget(self.effect)
        foot.addWidget(self.put_button)
        outer.addLayout(foot)
        return self.details

    def _build_own_buttons(self) -> QWidget:
        """What can be done with a part of the user's own."""
        self.own_buttons = QWidget()
        row = QHBoxLayout(self.own_buttons)
        row.setContentsMargins(0, 0, 0, 0)
        for text, asked in (
            (tr_noop("Rename…"), self.rename_requested),
            (tr_noop("Remove from my parts"), self.removal_requested),
        ):
            button = live_text(QPushButton(), QPushButton.setText, text)
            button.clicked.connect(lambda _=False, asked=asked: asked.emit(self.part))
            row.addWidget(button)
        row.addStretch(1)
        return self.own_buttons

    def _build_filter(self) -> QLineEdit:
        made = QLineEdit()
        live_text(made, QLineEdit.setPlaceholderText, "Filter parts: bottleneck, 1×1, attention …")
        live_text(made, QWidget.setAccessibleName, "Filter parts")
        made.setClearButtonEnabled(True)
        made.textChanged.connect(lambda _: self._fill())
        made.installEventFilter(self)
        return made

    def _build_view(self) -> QListView:
        made = build_list_view(
            self.model,
            lambda _: None,
            tr_noop("Parts"),
            tr_noop("Layers and blocks to put into the network; Enter puts one in."),
            PartView,
        )
        made.setItemDelegate(PartDelegate(made))
        made.setDragEnabled(True)
        made.setDragDropMode(QListView.DragDropMode.DragOnly)
        made.doubleClicked.connect(lambda _: self.insert_requested.emit())
        made.installEventFilter(self)
        made.selectionModel().currentChanged.connect(self._on_current_changed)
        return made

    # what is shown

    def show_sources(self, entries: tuple[tuple[str, object], ...], chosen: object) -> None:
        """Offer these lists, by text and what stands for each."""
        if entries != self._sources:
            self._sources = entries
            self.source_box.clear()
            for text, source in entries:
                self.source_box.addItem(text, source)
        self.source_box.setCurrentIndex([source for _, source in entries].index(chosen))

    def show_rows(self, rows: tuple[PartRow, ...]) -> None:
        """List these parts; the one that was chosen stays so."""
        self._rows = rows
        self._fill()

    def _fill(self) -> None:
        """List what matches; the part that was chosen stays so. It is shown once, however the list changes."""
        chosen = self._shown.key if self._shown is not None else ""
        self._is_filling = True
        try:
            self.model.show_rows(self._rows, self.filter.text())
            index = self._find_best(chosen)
            if index is not None:
                self.view.setCurrentIndex(index)
        finally:
            self._is_filling = False
        if index is not None and self.part != self._shown:
            self._on_current_changed(index)

    def _find_best(self, chosen: str) -> QModelIndex | None:
        """The part whose title matches best what is looked for, the chosen one before equally good ones."""
        query = self.filter.text()

        def rank(found: tuple[QModelIndex, PartRow]) -> tuple[float, bool]:
            title = match_rank(query, found[1].title) if query else 0
            return math.inf if title is None else title, found[1].key != chosen

        return min(self.model.parts(), key=rank, default=(None, None))[0]

    @property
    def part(self) -> PartRow | None:
        """The part that is chosen."""
        row = self.view.currentIndex().data(PART_ROLE)
        return row if isinstance(row, PartRow) else None

    @property
    def place(self) -> str:
        """Where it goes: "before", "behind", "beside" or "replace"."""
        return self.places.current_key

    @property
    def join(self) -> str:
        """How a branch beside the selected card is joined with it."""
        return str(self.join_box.currentData())

    def choose_place(self, place: str) -> None:
        """Choose where it goes, and look for a part."""
        self._on_place_clicked(place)
        self.filter.setFocus()
        self.filter.selectAll()

    def show_picture(self, picture: Picture | None) -> None:
        """Show the diagram of the chosen part."""
        self.picture_view.show_picture(picture)

    def show_effect(self, preview: EditPreview | None, hint: str = "") -> None:
        """Show what putting it in would change, or why it cannot be; without a preview, a hint."""
        refused = preview is not None and bool(preview.refusal)
        if any(button.hasFocus() for button in self.effect.buttons):  # it goes; Qt would leave the panel
            self.places.buttons[self.place].setFocus()
        self.put_button.setEnabled(preview is not None and not refused)
        if preview is None:
            self.effect.show_text(hint)
        elif refused:
            self.effect.show_text(preview.refusal, preview.repairs)
        else:
            self.effect.show_text(describe_effect(preview))
        order_tabs(self)

    def _show_details(self, row: PartRow | None) -> None:
        self._shown = row
        self.title.setText(row.title if row is not None else "")
        self.sentence.setText(row.sentence if row is not None else "")
        self.source.setText(row.source if row is not None else "")
        self.source.setVisible(bool(row and row.source))
        self.own_buttons.setVisible(bool(row and row.is_own))
        self.form.show_part(row)
        self._show_places()
        order_tabs(self)

    def _show_places(self) -> None:
        row = self.part
        joins = row is not None and bool(row.join)
        reason = tr("It joins two ways, and goes beside something.")
        self.places.set_unavailable(dict.fromkeys(("before", "behind", "replace"), reason) if joins else {})
        if not joins:
            self.places.select(self._wanted_place)
        self.join_box.setVisible(self.place == "beside" and not joins)

    # what the user does

    def _on_current_changed(self, index: QModelIndex) -> None:
        row = index.data(PART_ROLE)
        if isinstance(row, PartRow) and not self._is_filling:
            self._show_details(row)
            self.part_chosen.emit(row)
            self.proposal_changed.emit()

    def _on_place_clicked(self, place: str) -> None:
        self._wanted_place = place
        self._show_places()
        self.proposal_changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if watched is self.filter and event.key() == Qt.Key.Key_Down:
                self.view.setFocus()
                return True
            if watched is self.filter and event.key() == Qt.Key.Key_Escape and self.filter.text():
                self.filter.clear()
                return True
            if event.key() in _ENTER_KEYS and self.put_button.isEnabled():
                self.insert_requested.emit()
                return True
        return super().eventFilter(watched, event)
