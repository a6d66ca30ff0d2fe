"""The export dialog: kind, appearance, size and target file of an export, with a preview."""

from __future__ import annotations

from collections.abc import Callable
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

from explorer.base.languages import tr
from explorer.export.page import DEFAULT_SCALE, ExportError, Page, size_text
from explorer.ui.base import dialogs
from explorer.ui.base.appearance import current_colours
from explorer.ui.base.lanes import Lane
from explorer.ui.export import choices, jobs
from explorer.ui.export.last_page import load_last_page, save_last_page
from explorer.ui.widgets.combo_boxes import build_combo_box, fill_combo_box, select_data, set_item_enabled
from explorer.viewmodels.diagram import COLOUR_MODES


class ExportDialog(QDialog):
    """Exports the open network as a diagram, feature maps or table.

    `lane` computes previews, latest only; `files` writes files, in order.
    """

    def __init__(
        self,
        parent: QWidget,
        source: jobs.ExportSource,
        lane: Lane,
        files: Lane,
        show_status: Callable[[str], object],
        page: Page | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Export"))
        self._source, self._lane, self._files, self._show_status = source, lane, files, show_status
        self._preview: jobs.PagePreview | None = None
        # Not after every step of a spin box.
        self._preview_timer = QTimer(self, singleShot=True, interval=60)
        self._preview_timer.timeout.connect(self._update_preview)
        self._build()
        self._show_page(page or load_last_page(), str(QSettings().value("export/folder", str(Path.home()))))
        self._update_enabled()

    # what it is made of

    def _build(self) -> None:
        self._kind, self._level = build_combo_box(choices.KINDS), build_combo_box(choices.LEVELS)
        self._scope, self._theme = build_combo_box(choices.SCOPES), build_combo_box(choices.THEMES)
        own = {self._source.by: self._source.by} if self._source.by not in COLOUR_MODES else {}
        self._direction, self._by = (
            build_combo_box(choices.DIRECTION_CHOICES),
            build_combo_box({words: key for key, words in COLOUR_MODES.items()} | own),
        )
        self._unit, self._size = build_combo_box(choices.SIZES), QDoubleSpinBox()
        self._checkboxes = {name: QCheckBox(tr(text)) for name, text in choices.CHECKBOXES.items()}
        form = QFormLayout()
        form.addRow(tr("Picture"), self._kind)
        form.addRow(tr("Level of detail"), self._level)
        form.addRow(tr("Show"), self._scope)
        form.addRow(tr("Direction"), self._direction)
        form.addRow(tr("Colours"), self._by)
        form.addRow(tr("Theme"), self._theme)
        form.addRow(tr("Size"), _side_by_side(self._size, self._unit))
        for name, box in self._checkboxes.items():
            form.addRow(tr("Include") if name == "title" else "", box)
        self._name, self._format = QLineEdit(), QComboBox()
        self._folder = QPushButton()
        self._folder.setToolTip(tr("Choose another folder"))
        form.addRow(tr("File"), _side_by_side(self._name, self._format))
        form.addRow(tr("Folder"), self._folder)
        self._message = QLabel()
        self._message.setWordWrap(True)
        self._message.setMinimumHeight(54)
        self._message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._buttons = QDialogButtonBox()
        self._save = self._buttons.addButton(tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._copy = self._buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self._copy.setToolTip(tr("Copy to the clipboard, as an image and as SVG"))
        self._buttons.addButton(QDialogButtonBox.StandardButton.Close)
        left = QVBoxLayout()
        left.addLayout(form)
        left.addWidget(self._message)
        left.addStretch(1)
        left.addWidget(self._buttons)
        self._picture = QLabel()
        self._picture.setAccessibleName(tr("Preview"))
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setMinimumSize(360, 320)
        self._picture.setStyleSheet(f"border: 1px solid {current_colours().border}; border-radius: 4px;")
        row = QHBoxLayout(self)
        row.addLayout(left)
        row.addWidget(self._picture, 1)
        self.resize(QSize(980, 620))
        self._connect()

    def _connect(self) -> None:
        self._kind.currentIndexChanged.connect(self._kind_changed)
        for box in (self._level, self._scope, self._direction, self._by, self._theme, self._format):
            box.currentIndexChanged.connect(self._update_enabled)
        self._unit.currentIndexChanged.connect(self._unit_changed)
        self._size.valueChanged.connect(self._update_enabled)
        for part in self._checkboxes.values():
            part.toggled.connect(self._update_enabled)
        self._name.textChanged.connect(self._update_enabled)
        self._folder.clicked.connect(self._choose_folder)
        self._save.clicked.connect(self.save)
        self._copy.clicked.connect(self.copy)
        self._buttons.rejected.connect(self.reject)

    def _show_page(self, page: Page, folder: str) -> None:
        """Set the controls to the settings of a page."""
        select_data(self._kind, page.kind)
        self._kind_changed()
        select_data(self._level, page.level)
        select_data(self._scope, page.scope if page.scope != "selection" or self._source.selection else "all")
        select_data(self._direction, page.direction)
        select_data(self._by, page.by)
        select_data(self._theme, page.theme)
        given = [
            (field, getattr(page, field)) for field, _, _ in choices.SIZES.values() if getattr(page, field) is not None
        ]
        field, value = given[0] if given else ("scale", DEFAULT_SCALE)
        self._unit.setCurrentIndex([name for name, _, _ in choices.SIZES.values()].index(field))
        self._unit_changed()
        self._size.setValue(float(value))
        for name, box in self._checkboxes.items():
            box.setChecked(bool(getattr(page, name)))
        architecture = self._source.network.architecture
        self._name.setText(architecture.key or architecture.title)
        select_data(self._format, str(QSettings().value("export/format", ".png")))
        self._show_folder(folder)

    def _show_folder(self, folder: str) -> None:
        self._path = Path(folder) if Path(folder).is_dir() else Path.home()
        shown = self._folder.fontMetrics().elidedText(str(self._path), Qt.TextElideMode.ElideLeft, 230)
        self._folder.setText(shown)

    # what is asked for

    @property
    def page(self) -> Page:
        """The settings of the controls. Raises ExportError when they do not fit together."""
        field, _, decimals = self._unit.currentData()
        value = self._size.value()
        size: dict[str, Any] = {field: value if decimals or field == "dpi" else round(value)}
        parts: dict[str, Any] = {name: box.isChecked() for name, box in self._checkboxes.items()}
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
        """The file to write."""
        name, suffix = self._name.text().strip(), str(self._format.currentData())
        return self._path / (name if name.lower().endswith(suffix) else name + suffix)

    @property
    def _is_text(self) -> bool:
        return self._format.currentData() in choices.TEXT_DESCRIPTIONS

    def _kind_changed(self) -> None:
        kind, level, suffix = self._kind.currentData(), self._level.currentData(), self._format.currentData()
        fill_combo_box(self._level, choices.levels_of(kind))
        select_data(self._level, level)
        self._level.setEnabled(kind != "table")
        fill_combo_box(self._format, choices.formats_of(kind))
        select_data(self._format, suffix)
        self._update_enabled()

    def _unit_changed(self) -> None:
        _, begins, decimals = self._unit.currentData()
        self._size.blockSignals(True)
        self._size.setDecimals(decimals)
        self._size.setRange(0.05 if decimals else 16, 100 if decimals else 200_000)
        self._size.setSingleStep(0.5 if decimals else 50)
        self._size.setValue(begins)
        self._size.blockSignals(False)
        self._update_enabled()

    def _update_enabled(self) -> None:
        kind, scope = self._kind.currentData(), self._scope.currentData()
        graph, text = kind == "graph", self._is_text
        as_seen = graph and scope == "visible" and not text
        if as_seen:
            select_data(self._direction, self._source.direction)
            select_data(self._by, self._source.by)
        self._direction.setEnabled(graph and not as_seen and not text)
        self._by.setEnabled(graph and not as_seen and not text)
        self._scope.setEnabled(graph and not text)
        self._level.setEnabled(kind == "volumes" or (graph and not as_seen))
        for box in (self._size, self._unit, self._theme, *self._checkboxes.values()):
            box.setEnabled(not text and (graph or box is not self._checkboxes["legend"]))
        set_item_enabled(self._scope, "selection", bool(self._source.selection))
        set_item_enabled(self._scope, "visible", self._source.picture is not None)
        self._preview_timer.start()

    # the preview

    def _update_preview(self) -> None:
        try:
            page = self.page
        except ExportError as failure:
            self._show_error(failure)
            return
        room = self._picture.size() - QSize(16, 16)
        work = jobs.page_preview_job(self._source, page, (room.width(), room.height()), self.devicePixelRatioF())
        self._lane.submit(work, self._show_preview, self._show_error)

    def _show_preview(self, found: jobs.PagePreview) -> None:
        self._preview = found
        self._picture.setPixmap(QPixmap.fromImage(found.image))
        self._show_size()

    def _show_size(self) -> None:
        found = self._preview
        if found is None:
            return
        if not self._name.text().strip():
            self._show_error(ExportError(tr("the file needs a name")))
            return
        try:
            suffix = self._format.currentData()
            described = choices.TEXT_DESCRIPTIONS.get(suffix)
            text = tr(described) if described else size_text(self.page, suffix, found.width, found.height)
        except ExportError as failure:
            self._show_error(failure)
            return
        self._save.setEnabled(True)
        self._copy.setEnabled(not self._is_text)
        self._message.setStyleSheet(f"color: {current_colours().muted};")
        self._message.setText(text)

    def _show_error(self, failure: Exception) -> None:
        self._save.setEnabled(False)
        self._copy.setEnabled(False)
        self._message.setStyleSheet(f"color: {current_colours().increase};")
        self._message.setText(f"{str(failure)[:1].upper()}{str(failure)[1:]}.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._preview_timer.start()

    # what happens

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Export to"), str(self._path))
        if folder:
            self._show_folder(folder)

    def save(self) -> None:
        """Write the file, asking before one is overwritten."""
        path = self.path
        if path.exists() and not dialogs.confirm_replace(self, path):
            return
        page = self.page
        save_last_page(page, path)
        if not self._is_text:
            work = jobs.write_page_job(self._source, page, path)
        elif page.kind == "graph":
            work = jobs.write_graph_job(self._source, page.level, path)
        else:
            work = jobs.write_table_job(self._source, path)
        self._start_writing(tr("Writing {file}…", file=path.name))
        self._files.submit(work, lambda _: self._on_saved(path), self._on_failed)

    def copy(self) -> None:
        """Copy the page to the clipboard, as an image and as SVG."""
        self._start_writing(tr("Copying…"))
        self._files.submit(jobs.copy_page_job(self._source, self.page), self._on_copied, self._on_failed)

    def reject(self) -> None:
        if self.isEnabled():  # what is being written is waited for
            super().reject()

    def _start_writing(self, message: str) -> None:
        self._preview_timer.stop()
        self._lane.cancel()  # a preview that came now would speak over what is said of the file
        self._show_status(message)
        self._message.setText(message)
        self.setEnabled(False)

    def _on_saved(self, path: Path) -> None:
        self.setEnabled(True)
        self._show_status(tr("Wrote {path}", path=path))
        self.accept()

    def _on_copied(self, found: tuple[QImage, bytes]) -> None:
        from explorer.export.sheet_files import clipboard_data

        QGuiApplication.clipboard().setMimeData(clipboard_data(*found))
        self.setEnabled(True)
        self._show_status(tr("Copied to the clipboard."))
        self._message.setText(tr("Copied to the clipboard."))

    def _on_failed(self, failure: Exception) -> None:
        self.setEnabled(True)
        self._show_error(failure)


def _side_by_side(first: QWidget, second: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(first, 1)
    row.addWidget(second)
    return row
