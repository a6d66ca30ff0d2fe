"""What to export, how it should look, and where it goes: with a preview, and the size it will have."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from explorer.diagram import COLOURS, DIRECTIONS, LEVELS, Level
from explorer.export.page import DEFAULT_SCALE, SUFFIXES, ExportError, Kind, Page, Scope, ThemeName, size_words
from explorer.ui import dialogs, exporting
from explorer.ui.appearance import colours
from explorer.ui.work import Lane

_KINDS: dict[str, Kind] = {"Diagram": "graph", "Feature maps as boxes": "volumes", "Table of stages": "table"}
_LEVELS: dict[str, Level | None] = {"As in the window": None, **{level.capitalize(): level for level in LEVELS}}
_VOLUMES: dict[str, Level | None] = {"Stages": "stages", "Blocks": "blocks", "Layers": "units"}
_SCOPES: dict[str, Scope] = {"Everything": "all", "What is in sight": "visible", "The selection": "selection"}
_DIRECTIONS = {words: direction for direction, words in DIRECTIONS.items()}
_THEMES: dict[str, ThemeName] = {"Light": "light", "Dark": "dark", "Print (black on white)": "print"}
_PARTS = {
    "title": "Title",
    "caption": "Caption with exact figures",
    "legend": "Legend",
    "figures": "Table of figures",
    "transparent": "Transparent ground",
}
#: Unit of the size, the field of the page, what it begins with, its decimals.
_SIZES = {
    "× scale": ("scale", DEFAULT_SCALE, 2),
    "pixels wide": ("width", 2000.0, 0),
    "dots per inch": ("dpi", 300.0, 0),
}
_TEXTS = {"LaTeX": ".tex", "Markdown": ".md", "CSV": ".csv"}
_TEXT_WORDS = {
    ".tex": "A tabular with brackets; needs the packages amsmath, amssymb and booktabs.",
    ".md": "A table for READMEs and notes.",
    ".csv": "For spreadsheets and programs: counts in full.",
}


class ExportDialog(QDialog):
    """`lane` is for previews, newest first; `files` for what is written, in order."""

    def __init__(
        self,
        parent: QWidget,
        shown: exporting.Shown,
        lane: Lane,
        files: Lane,
        said: Callable[[str], object],
        page: Page | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export")
        self._shown, self._lane, self._files, self._said = shown, lane, files, said
        self._preview: exporting.Preview | None = None
        self._settled = QTimer(self, singleShot=True, interval=60)  # a spin box that turns is not followed step by step
        self._settled.timeout.connect(self._look)
        self._build()
        self._show(page or remembered(), str(QSettings().value("export/folder", str(Path.home()))))
        self._changed()

    # what it is made of

    def _build(self) -> None:
        self._kind, self._level = _choice(_KINDS), _choice(_LEVELS)
        self._scope, self._theme = _choice(_SCOPES), _choice(_THEMES)
        own = {self._shown.by: self._shown.by} if self._shown.by not in COLOURS else {}
        self._direction, self._by = _choice(_DIRECTIONS), _choice({words: key for key, words in COLOURS.items()} | own)
        self._unit, self._size = _choice(_SIZES), QDoubleSpinBox()
        self._parts = {name: QCheckBox(words) for name, words in _PARTS.items()}
        form = QFormLayout()
        form.addRow("Picture", self._kind)
        form.addRow("Unfolded to", self._level)
        form.addRow("Show", self._scope)
        form.addRow("Direction", self._direction)
        form.addRow("Colours", self._by)
        form.addRow("Theme", self._theme)
        form.addRow("Size", _beside(self._size, self._unit))
        for name, box in self._parts.items():
            form.addRow("With" if name == "title" else "", box)
        self._name, self._format = QLineEdit(), QComboBox()
        self._folder = QPushButton()
        self._folder.setToolTip("Choose another folder")
        form.addRow("File", _beside(self._name, self._format))
        form.addRow("Folder", self._folder)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setMinimumHeight(54)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._buttons = QDialogButtonBox()
        self._save = self._buttons.addButton("Save", QDialogButtonBox.ButtonRole.AcceptRole)
        self._copy = self._buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self._copy.setToolTip("To the clipboard, as an image and as SVG")
        self._buttons.addButton(QDialogButtonBox.StandardButton.Close)
        left = QVBoxLayout()
        left.addLayout(form)
        left.addWidget(self._words)
        left.addStretch(1)
        left.addWidget(self._buttons)
        self._picture = QLabel()
        self._picture.setAccessibleName("Preview")
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setMinimumSize(360, 320)
        self._picture.setStyleSheet(f"border: 1px solid {colours().border}; border-radius: 4px;")
        row = QHBoxLayout(self)
        row.addLayout(left)
        row.addWidget(self._picture, 1)
        self.resize(QSize(980, 620))
        self._connect()

    def _connect(self) -> None:
        self._kind.currentIndexChanged.connect(self._kind_changed)
        for box in (self._level, self._scope, self._direction, self._by, self._theme, self._format):
            box.currentIndexChanged.connect(self._changed)
        self._unit.currentIndexChanged.connect(self._unit_changed)
        self._size.valueChanged.connect(self._changed)
        for part in self._parts.values():
            part.toggled.connect(self._changed)
        self._name.textChanged.connect(self._changed)
        self._folder.clicked.connect(self._choose_folder)
        self._save.clicked.connect(self.save)
        self._copy.clicked.connect(self.copy)
        self._buttons.rejected.connect(self.reject)

    def _show(self, page: Page, folder: str) -> None:
        """Put a page into the controls."""
        _set(self._kind, page.kind)
        self._kind_changed()
        _set(self._level, page.level)
        _set(self._scope, page.scope if page.scope != "selection" or self._shown.selection else "all")
        _set(self._direction, page.direction)
        _set(self._by, page.by)
        _set(self._theme, page.theme)
        given = [(field, getattr(page, field)) for field, _, _ in _SIZES.values() if getattr(page, field) is not None]
        field, value = given[0] if given else ("scale", DEFAULT_SCALE)
        self._unit.setCurrentIndex([name for name, _, _ in _SIZES.values()].index(field))
        self._unit_changed()
        self._size.setValue(float(value))
        for name, box in self._parts.items():
            box.setChecked(bool(getattr(page, name)))
        architecture = self._shown.network.architecture
        self._name.setText(architecture.key or architecture.title)
        _set(self._format, str(QSettings().value("export/format", ".png")))
        self._show_folder(folder)

    def _show_folder(self, folder: str) -> None:
        self._path = Path(folder) if Path(folder).is_dir() else Path.home()
        shown = self._folder.fontMetrics().elidedText(str(self._path), Qt.TextElideMode.ElideLeft, 230)
        self._folder.setText(shown)

    # what is asked for

    @property
    def page(self) -> Page:
        """What the controls say. Raises ExportError."""
        field, _, decimals = self._unit.currentData()
        value = self._size.value()
        size: dict[str, Any] = {field: value if decimals or field == "dpi" else round(value)}
        parts: dict[str, Any] = {name: box.isChecked() for name, box in self._parts.items()}
        return Page(
            kind=self._kind.currentData(),
            level=self._level.currentData(),
            scope=self._scope.currentData(),
            direction=self._direction.currentData(),
            by=self._by.currentData(),
            theme=self._theme.currentData(),
            **size,
            **parts,
        )

    @property
    def path(self) -> Path:
        name, suffix = self._name.text().strip(), str(self._format.currentData())
        return self._path / (name if name.lower().endswith(suffix) else name + suffix)

    @property
    def _is_text(self) -> bool:
        return self._format.currentData() in _TEXTS.values()

    def _kind_changed(self) -> None:
        kind, level, suffix = self._kind.currentData(), self._level.currentData(), self._format.currentData()
        _fill(self._level, _VOLUMES if kind == "volumes" else _LEVELS)
        _set(self._level, level)
        self._level.setEnabled(kind != "table")
        formats = {name.removeprefix(".").upper(): name for name in SUFFIXES}
        _fill(self._format, formats | (_TEXTS if kind == "table" else {}))
        _set(self._format, suffix)
        self._changed()

    def _unit_changed(self) -> None:
        _, begins, decimals = self._unit.currentData()
        self._size.blockSignals(True)
        self._size.setDecimals(decimals)
        self._size.setRange(0.05 if decimals else 16, 100 if decimals else 200_000)
        self._size.setSingleStep(0.5 if decimals else 50)
        self._size.setValue(begins)
        self._size.blockSignals(False)
        self._changed()

    def _changed(self) -> None:
        kind, scope = self._kind.currentData(), self._scope.currentData()
        graph = kind == "graph"
        as_seen = graph and scope == "visible"
        if as_seen:
            _set(self._direction, self._shown.direction)
            _set(self._by, self._shown.by)
        self._direction.setEnabled(graph and not as_seen)
        self._by.setEnabled(graph and not as_seen)
        self._scope.setEnabled(graph)
        self._level.setEnabled(kind == "volumes" or (graph and not as_seen))
        self._parts["legend"].setEnabled(graph)
        for box in (self._size, self._unit, self._theme, *self._parts.values()):
            box.setEnabled(not self._is_text and (graph or box is not self._parts["legend"]))
        _allow(self._scope, "selection", bool(self._shown.selection))
        _allow(self._scope, "visible", self._shown.picture is not None)
        self._settled.start()

    # the preview

    def _look(self) -> None:
        try:
            page = self.page
        except ExportError as failure:
            self._complain(failure)
            return
        room = self._picture.size() - QSize(16, 16)
        work = exporting.preview(self._shown, page, (room.width(), room.height()), self.devicePixelRatioF())
        self._lane.submit(work, self._show_preview, self._complain)

    def _show_preview(self, found: exporting.Preview) -> None:
        self._preview = found
        self._picture.setPixmap(QPixmap.fromImage(found.image))
        self._say_size()

    def _say_size(self) -> None:
        found = self._preview
        if found is None:
            return
        if not self._name.text().strip():
            self._complain(ExportError("the file needs a name"))
            return
        try:
            suffix = self._format.currentData()
            text = _TEXT_WORDS.get(suffix) or size_words(self.page, suffix, found.width, found.height)
        except ExportError as failure:
            self._complain(failure)
            return
        self._save.setEnabled(True)
        self._copy.setEnabled(not self._is_text)
        self._words.setStyleSheet(f"color: {colours().muted};")
        self._words.setText(text)

    def _complain(self, failure: Exception) -> None:
        self._save.setEnabled(False)
        self._copy.setEnabled(False)
        self._words.setStyleSheet(f"color: {colours().more};")
        self._words.setText(f"{str(failure)[:1].upper()}{str(failure)[1:]}.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settled.start()

    # what happens

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Export to", str(self._path))
        if folder:
            self._show_folder(folder)

    def save(self) -> None:
        path = self.path
        if path.exists() and not dialogs.may_replace(self, path):
            return
        page = self.page
        remember(page, path)
        work = exporting.write_table(self._shown, path) if self._is_text else exporting.write(self._shown, page, path)
        self._begin(f"Writing {path.name}…")
        self._files.submit(work, lambda _: self._saved(path), self._not_done)

    def copy(self) -> None:
        self._begin("Copying…")
        self._files.submit(exporting.copied(self._shown, self.page), self._copied, self._not_done)

    def reject(self) -> None:
        if self.isEnabled():  # what is being written is waited for
            super().reject()

    def _begin(self, words: str) -> None:
        self._settled.stop()
        self._lane.cancel()  # a preview that came now would speak over what is said of the file
        self._said(words)
        self._words.setText(words)
        self.setEnabled(False)

    def _saved(self, path: Path) -> None:
        self.setEnabled(True)
        self._said(f"Wrote {path}")
        self.accept()

    def _copied(self, found: tuple[QImage, bytes]) -> None:
        from explorer.export.image import for_clipboard

        QGuiApplication.clipboard().setMimeData(for_clipboard(*found))
        self.setEnabled(True)
        self._said("Copied to the clipboard")
        self._words.setText("Copied to the clipboard.")

    def _not_done(self, failure: Exception) -> None:
        self.setEnabled(True)
        self._complain(failure)


def remembered() -> Page:
    """The page of the last export; where there is none, or one that is no more understood, the usual one."""
    try:
        held = json.loads(str(QSettings().value("export/page", "{}")))
        return replace(Page(level=None), **held)
    except (ValueError, TypeError, AttributeError):
        return Page(level=None)


def remember(page: Page, path: Path) -> None:
    settings = QSettings()
    settings.setValue("export/page", json.dumps(asdict(page)))
    settings.setValue("export/folder", str(path.parent))
    settings.setValue("export/format", path.suffix)


def _choice(entries: dict[str, Any]) -> QComboBox:
    box = QComboBox()
    _fill(box, entries)
    return box


def _fill(box: QComboBox, entries: dict[str, Any]) -> None:
    box.blockSignals(True)
    box.clear()
    for words, value in entries.items():
        box.addItem(words, value)
    box.blockSignals(False)


def _set(box: QComboBox, value: Any) -> None:
    for index in range(box.count()):
        if box.itemData(index) == value:
            box.setCurrentIndex(index)
            return


def _allow(box: QComboBox, value: Any, allowed: bool) -> None:
    for index in range(box.count()):
        if box.itemData(index) == value:
            item = box.model().item(index)  # type: ignore[attr-defined]
            item.setEnabled(allowed)


def _beside(first: QWidget, second: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(first, 1)
    row.addWidget(second)
    return row
