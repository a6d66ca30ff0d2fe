"""Tool of the folder evaluation: predictions on a folder of images, with and without the edits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.output.panel import OutputPanel
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.widgets.progress_row import ProgressRow

if TYPE_CHECKING:
    from explorer.project.folder_evaluation import FolderResult


_PLACEHOLDER = tr_noop("Evaluate a folder of images: how often do your edits change the predicted class?")


class FolderEvaluationPanel(QWidget):
    """Summary of an evaluation, and a row per image, changed predictions first."""

    def __init__(self) -> None:
        super().__init__()
        self.choose_button = live_text(QPushButton(), QPushButton.setText, "Choose folder…")
        self.rerun_button = live_text(QPushButton(), QPushButton.setText, "Run again")
        live_text(self.rerun_button, QWidget.setToolTip, "Evaluate the same folder with the current network")
        self.rerun_button.setEnabled(False)
        self._result: FolderResult | None = None
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.progress = ProgressRow()
        self.table = live_text(QTreeWidget(), QWidget.setAccessibleName, "Folder of images")
        self.table.setRootIsDecorated(False)
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        live_text(self.table, QWidget.setToolTip, "Double-click an image to use it as the sample image")
        head = QHBoxLayout()
        head.addWidget(self.summary, 1)
        head.addWidget(self.rerun_button)
        head.addWidget(self.choose_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.addLayout(head)
        column.addWidget(self.progress)
        column.addWidget(self.table, 1)
        follow_language(self, FolderEvaluationPanel._show_texts)

    def _show_texts(self) -> None:
        self.table.setHeaderLabels([tr("Image"), tr("Baseline"), tr("Edited"), tr("Divergence (bits)")])
        self.summary.setText(tr(_PLACEHOLDER))
        if self._result is not None:
            self.show_evaluation(self._result)

    def clear(self) -> None:
        """Take away the result of another network."""
        self._result = None
        self.summary.setText(tr(_PLACEHOLDER))
        self.table.clear()

    def show_evaluation(self, batch: FolderResult) -> None:
        """Show the result; images that could not be read come last, with the reason."""
        self._result = batch
        self.summary.setText(batch.summary)
        self.table.clear()
        for result in sorted(batch.results, key=lambda result: (not result.changed, -(result.divergence or 0.0))):
            divergence = "–" if result.divergence is None else f"{result.divergence:.3f}"
            row = QTreeWidgetItem(
                self.table,
                [
                    result.path.name,
                    result.baseline_class,
                    result.edited_class if result.changed else tr("same"),
                    divergence,
                ],
            )
            row.setData(0, Qt.ItemDataRole.UserRole, str(result.path))
        for name, reason in batch.unreadable:
            QTreeWidgetItem(self.table, [name, tr("not read"), reason, ""])


class FolderEvaluationTool:
    """Tools › Evaluate a folder of images…, with a panel of the predictions that changed."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self.folder = ""
        self.panel: FolderEvaluationPanel | None = None
        self.lane = context.add_lane("folder", latest_only=True, of_document=True)
        context.session.on("document", self._clear)
        self.dock = context.add_dock(tr_noop("Folder of images"), self._create_panel, "bottom")
        context.add_action(
            "Tools",
            tr_noop("Evaluate a folder of images…"),
            self.choose_folder,
            tip=tr_noop("Count how often the edits change the predicted class"),
            needs_network=True,
        )

    def _create_panel(self) -> QWidget:
        self.panel = FolderEvaluationPanel()
        self.panel.choose_button.clicked.connect(self.choose_folder)
        self.panel.rerun_button.clicked.connect(lambda: self.evaluate(self.folder))
        self.panel.table.itemDoubleClicked.connect(self._show_image)
        self.lane.progress_changed.connect(self.panel.progress.set_progress)
        self.lane.busy_changed.connect(
            lambda busy: None if busy or self.panel is None else self.panel.progress.finish()
        )
        return self.panel

    def choose_folder(self) -> None:
        """Ask for a folder and evaluate it."""
        folder = QFileDialog.getExistingDirectory(self._context.window, tr("Folder of images"), self.folder)
        if folder:
            self.evaluate(folder)

    def evaluate(self, folder: str) -> None:
        """Run every image of the folder through the network and its baseline."""
        network = self._context.session.network
        if network is None:
            self._context.commands.show_error(ValueError(tr("Open a network first.")))
            return
        self.folder = folder
        self.dock.show()
        self.dock.raise_()
        panel = self.panel
        assert panel is not None
        panel.rerun_button.setEnabled(True)
        panel.progress.start(f"{Path(folder).name}:", self._cancel)

        def job(keep_going: KeepGoing) -> FolderResult:
            from explorer.project.folder_evaluation import evaluate_folder

            return evaluate_folder(network, folder, keep_going)

        self.lane.submit(job, panel.show_evaluation, self._context.commands.show_error)

    def _clear(self) -> None:
        if self.panel is not None:
            self.panel.clear()

    def _cancel(self) -> None:
        self.lane.cancel()
        if self.panel is not None:
            self.panel.progress.finish()

    def _show_image(self, row: QTreeWidgetItem) -> None:
        path = row.data(0, Qt.ItemDataRole.UserRole)
        output = self._context.window.findChild(OutputPanel)
        if path and isinstance(output, OutputPanel):
            output.image_dropped.emit(path)
