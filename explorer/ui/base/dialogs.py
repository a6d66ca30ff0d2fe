"""Modal dialogs. Those that ask for a file return its path, or None when the user cancels."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from explorer.base.atomic_write import PROJECT_SUFFIX, is_project

IMAGE_FILTER = "Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff);;All files (*)"


def ask_network_export_path(parent: QWidget, name: str) -> str | None:
    """Ask where to export a network: as .py, .safetensors or .onnx."""
    kinds = {"Python (*.py)": ".py", "Weights (*.safetensors)": ".safetensors", "ONNX (*.onnx)": ".onnx"}
    path, kind = QFileDialog.getSaveFileName(parent, "Export network", f"{name}.py", ";;".join(kinds))
    if not path or Path(path).suffix.lower() in kinds.values():
        return path or None
    return path + kinds.get(kind, ".py")


def ask_project_save_path(parent: QWidget, suggested: str) -> str | None:
    """Ask where to save a project; the path always has the suffix of projects."""
    path, _ = QFileDialog.getSaveFileName(parent, "Save project", suggested, f"Projects (*{PROJECT_SUFFIX})")
    if not path or is_project(path):
        return path or None
    path += PROJECT_SUFFIX  # always: "resnet.v2" has a suffix of another kind
    # The dialog has only asked about the name without it.
    return path if not Path(path).exists() or confirm_replace(parent, path) else None


def ask_project_open_path(parent: QWidget, folder: str) -> str | None:
    """Ask for a project or a file of edits to open, starting in `folder`."""
    kinds = f"Projects and edits (*{PROJECT_SUFFIX} *.json);;All files (*)"
    return QFileDialog.getOpenFileName(parent, "Open project", folder, kinds)[0] or None


def ask_unsaved_changes(parent: QWidget, name: str) -> Literal["save", "discard", "cancel"]:
    """Ask what to do with unsaved edits of `name` before they are lost."""
    buttons = QMessageBox.StandardButton
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Unsaved changes")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Save the changes to {name}?")
    box.setInformativeText("Without saving, they are lost.")
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    box.setEscapeButton(buttons.Cancel)
    answer = box.exec()
    box.deleteLater()
    return "save" if answer == buttons.Save else "discard" if answer == buttons.Discard else "cancel"


def show_about(parent: QWidget, networks: int) -> None:
    """Show the About box."""
    QMessageBox.about(
        parent,
        "About CNN Explorer",
        f"<h3>CNN Explorer</h3><p>{networks} networks, live: open one, change it, watch what happens.</p>",
    )


def confirm_replace(parent: QWidget, path: str | Path) -> bool:
    """Ask whether an existing file may be overwritten."""
    question = f"{Path(path).name} exists already. Replace it?"
    return QMessageBox.question(parent, "Replace a file", question) == QMessageBox.StandardButton.Yes


def ask_image_path(parent: QWidget) -> str | None:
    """Ask for an image file to open."""
    return QFileDialog.getOpenFileName(parent, "Open image", "", IMAGE_FILTER)[0] or None
