"""A folder of images shown to the network before and after: how often the likeliest class changes, and where."""

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

from explorer.ui.desk import Desk
from explorer.ui.output import OutputPanel
from explorer.ui.output_progress import Progress
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.batch import Batch


class FolderPanel(QWidget):
    """The sentence that sums it up, and a line for each image, those that changed first."""

    def __init__(self) -> None:
        super().__init__()
        self.choose = QPushButton("Choose a folder…")
        self.again = QPushButton("Again")
        self.again.setToolTip("The same folder with the network as it is now")
        self.again.setEnabled(False)
        self.said = QLabel("A folder of images as a batch: how often do your edits change the likeliest class?")
        self.said.setWordWrap(True)
        self.progress = Progress()
        self.table = QTreeWidget()
        self.table.setRootIsDecorated(False)
        self.table.setHeaderLabels(["Image", "Before", "Now", "Bits apart"])
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setToolTip("Double-click an image to show it to the network")
        head = QHBoxLayout()
        head.addWidget(self.said, 1)
        head.addWidget(self.again)
        head.addWidget(self.choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.addLayout(head)
        column.addWidget(self.progress)
        column.addWidget(self.table, 1)

    def show_batch(self, batch: Batch) -> None:
        self.said.setText(batch.sentence)
        self.table.clear()
        for seen in sorted(batch.seen, key=lambda seen: (not seen.changed, -(seen.divergence or 0.0))):
            apart = "–" if seen.divergence is None else f"{seen.divergence:.3f}"
            row = QTreeWidgetItem(
                self.table, [seen.path.name, seen.before, seen.now if seen.changed else "same", apart]
            )
            row.setData(0, Qt.ItemDataRole.UserRole, str(seen.path))
        for name, why in batch.unreadable:
            QTreeWidgetItem(self.table, [name, "not read", why, ""])


class FolderTool:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.folder = ""
        self.panel: FolderPanel | None = None
        self.lane = desk.lane("folder", newest=True)
        self.dock = desk.dock("Folder of images", self._make, "bottom")
        desk.action("Tools", "Try on a folder of images…", self.ask, tip="How often do the edits change the top class?")

    def _make(self) -> QWidget:
        self.panel = FolderPanel()
        self.panel.choose.clicked.connect(self.ask)
        self.panel.again.clicked.connect(lambda: self.run(self.folder))
        self.panel.table.itemDoubleClicked.connect(self._show_image)
        self.lane.progressed.connect(self.panel.progress.show_done)
        self.lane.busy_changed.connect(lambda busy: None if busy or self.panel is None else self.panel.progress.end())
        return self.panel

    def ask(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._desk.window, "Folder of images", self.folder)
        if folder:
            self.run(folder)

    def run(self, folder: str) -> None:
        """Show every image of the folder to the network, and to the one it was."""
        network = self._desk.session.network
        if network is None:
            self._desk.intent.complain(ValueError("Open a network first."))
            return
        self.folder = folder
        self.dock.show()
        self.dock.raise_()
        panel = self.panel
        assert panel is not None
        panel.again.setEnabled(True)
        panel.progress.begin(f"{Path(folder).name}:", self._stop)

        def work(wanted: Wanted) -> Batch:
            from explorer.batch import across

            return across(network, folder, wanted)

        self.lane.submit(work, panel.show_batch, self._desk.intent.complain)

    def _stop(self) -> None:
        self.lane.cancel()
        if self.panel is not None:
            self.panel.progress.end()

    def _show_image(self, row: QTreeWidgetItem) -> None:
        path = row.data(0, Qt.ItemDataRole.UserRole)
        output = self._desk.window.findChild(OutputPanel)
        if path and isinstance(output, OutputPanel):
            output.image_dropped.emit(path)
