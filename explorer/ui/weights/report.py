"""The report on a loaded checkpoint, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import add_note, as_sentence, tr

if TYPE_CHECKING:
    from explorer.weights.checkpoint_matching import MatchReport


class WeightsReport(QDialog):
    """A dialog that lists tensors that were loaded, missing, of another shape, or not used."""

    def __init__(
        self, parent: QWidget, name: str, report: MatchReport, actions: Sequence[tuple[str, Callable[[], None]]]
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Weights from {file}", file=name))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        said = QLabel(as_sentence(report.summary))
        said.setProperty("role", "title")
        said.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([tr("Tensor"), tr("In the file"), tr("In the network")])
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)  # shapes are not cut
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._fill(report)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(10)
        column.addWidget(said)
        if report.prefix:
            column.addWidget(
                _muted_label(tr("The prefix “{prefix}” of the file's names was ignored.", prefix=report.prefix))
            )
        if not report.is_complete:
            column.addWidget(
                _muted_label(tr("Tensors that are missing or have another shape keep their random weights."))
            )
        column.addWidget(self.tree, 1)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.reject)
        for words, happens in actions:
            button = QPushButton(words)
            button.clicked.connect(happens)
            button.clicked.connect(self.accept)
            self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        column.addWidget(self.buttons)
        self.buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)

    def sizeHint(self) -> QSize:
        return QSize(620, 460)

    def _fill(self, report: MatchReport) -> None:
        shapes = [
            (name, _format_shape(found), _format_shape(wanted)) for name, found, wanted in report.mismatched_shapes
        ]
        for title, rows, opened in (
            (tr("Different shape"), shapes, True),
            (tr("Missing"), [(name, "–", "") for name in report.missing], True),
            (tr("Not used"), [(name, "", "–") for name in report.unexpected], True),
            (tr("Loaded"), [(name, "", "") for name in report.matched], report.is_complete and not report.unexpected),
        ):
            if not rows:
                continue
            group = QTreeWidgetItem(self.tree, [add_note(title, len(rows))])
            for row in rows:
                QTreeWidgetItem(group, list(row))
            group.setExpanded(opened)


def _format_shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "1"


def _muted_label(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label
