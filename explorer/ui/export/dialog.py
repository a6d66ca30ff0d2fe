"""The export dialog: settings of a page, presets and target file, with a preview. It stays open after an export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import as_sentence, join_sentences, tr
from explorer.export.network_sheet import page_for_suffix
from explorer.export.page import ExportError, Page, size_text
from explorer.ui.base import dialogs
from explorer.ui.base.appearance import current_colours
from explorer.ui.base.lanes import Lane
from explorer.ui.base.settings import read_text
from explorer.ui.export import choices, jobs
from explorer.ui.export.last_page import has_last_page, load_last_page, save_last_page
from explorer.ui.export.page_form import PageForm, side_by_side
from explorer.ui.export.presets import BUILT_IN, load_presets, remove_preset, save_preset
from explorer.ui.export.preview import PagePreview, page_preview_job
from explorer.ui.widgets.combo_boxes import fill_combo_box, select_data
from explorer.viewmodels.diagram import LEVEL_NAMES


class ExportDialog(QDialog):
    """Exports the open network as a diagram, feature maps or table, as often as one likes.

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
        self._preview: PagePreview | None = None
        # Not after every step of a spin box.
        self._preview_timer = QTimer(self, singleShot=True, interval=60)
        self._preview_timer.timeout.connect(self._update_preview)
        self.form = PageForm(source)
        self._build()
        self._connect()
        architecture = source.network.architecture
        self._name.setText(architecture.key or architecture.title)
        self.form.show_page(page or load_last_page())
        select_data(self._format, read_text("export/format", ".png"))
        self._show_folder(read_text("export/folder", str(Path.home())))
        self._update_enabled()

    # what it is made of

    def _build(self) -> None:
        self._presets, self._format, self._name = QComboBox(), QComboBox(), QLineEdit()
        self._presets.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._presets.setToolTip(
            tr("A slide, a figure of a paper, a handout, a page for browsers, or settings of your own")
        )
        self._keep, self._forget = QToolButton(), QToolButton()
        self._keep.setText("+")
        self._forget.setText("−")
        self._keep.setToolTip(tr("Keep these settings under a name"))
        self._forget.setToolTip(tr("Forget these settings"))
        for button in (self._keep, self._forget):
            button.setAccessibleName(button.toolTip())
        self._folder = QPushButton()
        self._folder.setToolTip(tr("Choose another folder"))
        self._folder.setAutoDefault(False)  # Enter is for "Save"
        rows = QFormLayout()
        rows.addRow(tr("Purpose"), side_by_side(self._presets, self._keep, self._forget))
        files = QFormLayout()
        files.addRow(tr("File"), side_by_side(self._name, self._format))
        files.addRow(tr("Folder"), self._folder)
        self._message = QLabel()
        self._message.setWordWrap(True)
        # As wide as the controls, however long it is: else the preview gives way.
        self._message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._message.setMinimumHeight(54)
        self._message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._coarser, self._several = QPushButton(), QPushButton(tr("Over several pages"))
        self._coarser.setToolTip(tr("The finest level of detail at which one page can be read"))
        for way_out in (self._coarser, self._several):
            way_out.setAutoDefault(False)
            way_out.hide()
        self._buttons = QDialogButtonBox()
        self._save = self._buttons.addButton(tr("Save"), QDialogButtonBox.ButtonRole.ActionRole)
        self._save.setDefault(True)
        self._copy = self._buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self._copy.setToolTip(tr("Copy to the clipboard, as an image and as SVG"))
        self._buttons.addButton(QDialogButtonBox.StandardButton.Close)
        left = QVBoxLayout()
        left.addLayout(rows)
        left.addWidget(self.form)
        left.addLayout(files)
        left.addWidget(self._message)
        left.addWidget(self._coarser)
        left.addWidget(self._several)
        left.addStretch(1)
        left.addWidget(self._buttons)
        self._picture = QLabel()
        self._picture.setAccessibleName(tr("Preview"))
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setMinimumSize(320, 320)
        self._picture.setStyleSheet(f"border: 1px solid {current_colours().border}; border-radius: 4px;")
        row = QHBoxLayout(self)
        row.addLayout(left)
        row.addWidget(self._picture, 1)
        self.resize(QSize(980, 620))
        self._show_presets("")

    def _connect(self) -> None:
        self.form.kind_changed.connect(self._kind_changed)
        self.form.changed.connect(self._update_enabled)
        self._format.currentIndexChanged.connect(self._update_enabled)
        self._name.textChanged.connect(self._update_enabled)
        self._presets.activated.connect(self._apply_preset)
        self._keep.clicked.connect(self._keep_preset)
        self._forget.clicked.connect(self._forget_preset)
        self._folder.clicked.connect(self._choose_folder)
        self._save.clicked.connect(self.save)
        self._copy.clicked.connect(self.copy)
        self._coarser.clicked.connect(self._show_coarser_level)
        self._several.clicked.connect(lambda: select_data(self.form.slides, "fit"))
        self._buttons.rejected.connect(self.reject)

    def _show_folder(self, folder: str) -> None:
        self._path = Path(folder) if Path(folder).is_dir() else Path.home()
        shown = self._folder.fontMetrics().elidedText(str(self._path), Qt.TextElideMode.ElideLeft, 230)
        self._folder.setText(shown)

    # named settings

    def _show_presets(self, name: str) -> None:
        """List them, with this one chosen; "" for none."""
        self._presets.clear()
        self._presets.addItem(tr("As last time") if has_last_page() else tr("Default settings"), "")
        for own in load_presets():
            self._presets.addItem(own, own)
        for known in BUILT_IN:
            self._presets.addItem(tr(known), known)
        select_data(self._presets, name)
        self._forget.setEnabled(name in load_presets())

    def _apply_preset(self) -> None:
        name = self._presets.currentData()
        self._forget.setEnabled(name in load_presets())
        found = load_presets().get(name) or BUILT_IN.get(name)
        if found is None:
            return
        page, suffix = found
        texts: dict[str, Any] = {field: line.text() for field, line in self.form.texts.items()}
        self.form.show_page(replace(page, **texts))
        select_data(self._format, suffix)

    def _keep_preset(self) -> None:
        name, is_given = QInputDialog.getText(self, tr("Settings"), tr("Name of these settings"))
        if is_given and name.strip():
            self.keep_preset(name.strip())

    def keep_preset(self, name: str) -> None:
        """Keep the settings of the controls under a name."""
        try:
            save_preset(name, self.page, str(self._format.currentData()))
        except ExportError as failure:
            self._show_error(failure)
            return
        self._show_presets(name)

    def _forget_preset(self) -> None:
        remove_preset(self._presets.currentData())
        self._show_presets("")

    # what is asked for

    @property
    def page(self) -> Page:
        """The settings of the controls. Raises ExportError when they do not fit together."""
        return self.form.page

    @property
    def path(self) -> Path:
        """The file to write."""
        name, suffix = self._name.text().strip(), str(self._format.currentData())
        return self._path / (name if name.lower().endswith(suffix) else name + suffix)

    @property
    def _text_description(self) -> str | None:
        """What is said of a format without a page; None for those with one."""
        return choices.text_description(self.form.kind.currentData(), str(self._format.currentData()))

    def _kind_changed(self) -> None:
        suffix = self._format.currentData()
        fill_combo_box(self._format, choices.formats_of(self.form.kind.currentData()))
        select_data(self._format, suffix)

    def _update_enabled(self) -> None:
        self.form.set_suffix(str(self._format.currentData()), self._text_description is not None)
        self._preview_timer.start()

    # the preview

    def _update_preview(self) -> None:
        try:
            page = page_for_suffix(self.page, str(self._format.currentData()))
        except ExportError as failure:
            self._show_error(failure)
            return
        room = self._picture.size() - QSize(16, 16)
        work = page_preview_job(self._source, page, (room.width(), room.height()), self.devicePixelRatioF())
        self._lane.submit(work, self._show_preview, self._show_error)

    def _show_preview(self, found: PagePreview) -> None:
        self._preview = found
        self._picture.setPixmap(QPixmap.fromImage(found.image))
        self._show_size()

    def _offer_ways_out(self, found: PagePreview | None) -> None:
        """Show the buttons for what helps where text is too small, or takes several pages."""
        coarser = found.coarser if found is not None else None
        self._coarser.setVisible(coarser is not None)
        if coarser is not None:
            name = tr(LEVEL_NAMES[coarser.level])
            self._coarser.setText(tr("On one page: {level}, text {points:.1f} pt", level=name, points=coarser.points))
        can_spread = self.form.slides.isEnabled() and self.form.slides.currentData() == "one"
        self._several.setVisible(found is not None and found.is_too_small and can_spread)

    def _show_coarser_level(self) -> None:
        if self._preview is not None and self._preview.coarser is not None:
            select_data(self.form.level, self._preview.coarser.level)

    def _show_size(self) -> None:
        found = self._preview
        if found is None:
            return
        if not self._name.text().strip():
            self._show_error(ExportError(tr("the file needs a name")))
            return
        try:
            suffix, described = str(self._format.currentData()), self._text_description
            page = page_for_suffix(self.page, suffix)
            size = found.width, found.height, found.zoom, found.pages
            text = tr(described) if described else size_text(page, suffix, *size)
        except ExportError as failure:
            self._show_error(failure)
            return
        if suffix in choices.DOCUMENT_DESCRIPTIONS and not described:
            sentence = "" if suffix in choices.WITHOUT_SIZE else as_sentence(text)
            text = join_sentences((tr(choices.DOCUMENT_DESCRIPTIONS[suffix]), sentence))
        self._offer_ways_out(None if described else found)
        self._save.setEnabled(True)
        self._copy.setEnabled(described is None)
        self._message.setStyleSheet(f"color: {current_colours().muted};")
        self._message.setText(text)

    def _show_error(self, failure: Exception) -> None:
        self._offer_ways_out(None)
        self._save.setEnabled(False)
        self._copy.setEnabled(False)
        self._message.setStyleSheet(f"color: {current_colours().increase};")
        self._message.setText(as_sentence(failure))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._preview_timer.start()

    # what happens

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Export to"), str(self._path))
        if folder:
            self._show_folder(folder)

    def save(self) -> None:
        """Write the file, asking before one is overwritten. The dialog stays, for the next one."""
        path = self.path
        if path.exists() and not dialogs.confirm_replace(self, path):
            return
        page = self.page
        save_last_page(page, path)
        if self._text_description is None:
            work = jobs.write_page_job(self._source, page, path)
        elif page.kind == "graph":
            work = jobs.write_graph_job(self._source, page.level, path)
        else:
            work = jobs.write_table_job(self._source, path)
        self._start_writing(tr("Writing {file}…", file=path.name))
        self._files.submit(work, lambda _: self._on_finished(tr("Wrote {path}", path=path)), self._on_failed)

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

    def _on_finished(self, message: str) -> None:
        self.setEnabled(True)
        self._show_status(message)
        self._message.setText(message)

    def _on_copied(self, found: tuple[QImage, bytes]) -> None:
        from explorer.export.sheet_files import clipboard_data

        QGuiApplication.clipboard().setMimeData(clipboard_data(*found))
        self._on_finished(tr("Copied to the clipboard."))

    def _on_failed(self, failure: Exception) -> None:
        self.setEnabled(True)
        self._show_error(failure)
