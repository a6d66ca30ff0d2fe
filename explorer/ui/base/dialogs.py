"""Modal dialogs. Those that ask for a file return its path, or None when the user cancels."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from explorer.base.atomic_write import MODEL_SUFFIXES, PROJECT_SUFFIX, is_project
from explorer.base.languages import tr, tr_noop

IMAGE_FILTER = tr_noop("Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff);;All files (*)")


def ask_network_export_path(parent: QWidget, name: str) -> str | None:
    """Ask where to export a network: as .py, .safetensors or .onnx."""
    kinds = {
        tr("Python (*.py)"): ".py",
        tr("Weights (*.safetensors)"): ".safetensors",
        tr("ONNX (*.onnx)"): ".onnx",
    }
    path, kind = QFileDialog.getSaveFileName(parent, tr("Export network"), f"{name}.py", ";;".join(kinds))
    if not path or Path(path).suffix.lower() in kinds.values():
        return path or None
    return path + kinds.get(kind, ".py")


def ask_animation_path(parent: QWidget, name: str) -> str | None:
    """Ask where to save an animation: as .gif or .webp."""
    kinds = {tr("Animated GIF (*.gif)"): ".gif", tr("Animated WebP (*.webp)"): ".webp"}
    path, kind = QFileDialog.getSaveFileName(parent, tr("Save animation"), f"{name}.gif", ";;".join(kinds))
    if not path or Path(path).suffix.lower() in kinds.values():
        return path or None
    return path + kinds.get(kind, ".gif")


def ask_picture_path(parent: QWidget, name: str) -> str | None:
    """Ask where to save a picture: as .png, .svg or .pdf."""
    kinds = {tr("PNG (*.png)"): ".png", tr("SVG (*.svg)"): ".svg", tr("PDF (*.pdf)"): ".pdf"}
    path, kind = QFileDialog.getSaveFileName(parent, tr("Save picture"), f"{name}.png", ";;".join(kinds))
    if not path or Path(path).suffix.lower() in kinds.values():
        return path or None
    return path + kinds.get(kind, ".png")


def say_failure(parent: QWidget, text: str) -> None:
    """Say that something could not be done."""
    QMessageBox.warning(parent, tr("Not saved"), text)


def ask_project_save_path(parent: QWidget, suggested: str) -> str | None:
    """Ask where to save a project; the path always has the suffix of projects."""
    kinds = tr("Projects (*{suffix})", suffix=PROJECT_SUFFIX)
    path, _ = QFileDialog.getSaveFileName(parent, tr("Save project"), suggested, kinds)
    if not path or is_project(path):
        return path or None
    path += PROJECT_SUFFIX  # always: "resnet.v2" has a suffix of another kind
    # The dialog has only asked about the name without it.
    return path if not Path(path).exists() or confirm_replace(parent, path) else None


def ask_project_open_path(parent: QWidget, folder: str) -> str | None:
    """Ask for a project, a model or a file of edits to open, starting in `folder`."""
    models = " ".join(f"*{suffix}" for suffix in MODEL_SUFFIXES)
    kinds = ";;".join(
        (
            tr("Projects and models (*{suffix} *.json *.py {models})", suffix=PROJECT_SUFFIX, models=models),
            tr("Projects and edits (*{suffix} *.json)", suffix=PROJECT_SUFFIX),
            tr("Models (*.py {models})", models=models),
            tr("All files (*)"),
        )
    )
    return QFileDialog.getOpenFileName(parent, tr("Open"), folder, kinds)[0] or None


def ask_unsaved_changes(parent: QWidget, name: str) -> Literal["save", "discard", "cancel"]:
    """Ask what to do with unsaved edits of `name` before they are lost."""
    buttons = QMessageBox.StandardButton
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Unsaved changes"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("Save changes to {name}?", name=name))
    box.setInformativeText(tr("Your changes will be lost if you do not save them."))
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    box.setEscapeButton(buttons.Cancel)
    answer = box.exec()
    box.deleteLater()
    return "save" if answer == buttons.Save else "discard" if answer == buttons.Discard else "cancel"


def ask_changed_by_others(parent: QWidget, name: str) -> Literal["overwrite", "save_as", "cancel"]:
    """Ask what to do with the edits of `name`, a file that another program has changed since it was read."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(tr("Changed by another program"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("{name} was changed by another program since it was opened or saved here.", name=name))
    box.setInformativeText(
        tr("Overwriting it replaces those changes by yours. The file as it is now is kept as {name}~.", name=name)
    )
    elsewhere = box.addButton(tr("Save as…"), QMessageBox.ButtonRole.AcceptRole)
    over = box.addButton(tr("Overwrite"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(elsewhere)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    return "overwrite" if clicked is over else "save_as" if clicked is elsewhere else "cancel"


def confirm_replace(parent: QWidget, path: str | Path) -> bool:
    """Ask whether an existing file may be overwritten."""
    question = tr("{file} already exists. Do you want to replace it?", file=Path(path).name)
    return QMessageBox.question(parent, tr("Replace file"), question) == QMessageBox.StandardButton.Yes


def ask_image_path(parent: QWidget) -> str | None:
    """Ask for an image file to open."""
    return QFileDialog.getOpenFileName(parent, tr("Open image"), "", tr(IMAGE_FILTER))[0] or None


def ask_handout_path(parent: QWidget, name: str) -> str | None:
    """Ask where to save a handout, as a web page or as slides; return its path with a suffix."""
    kinds = {tr("Web page (*.html)"): ".html", tr("PowerPoint slides (*.pptx)"): ".pptx"}
    suggested = "".join(sign if sign.isalnum() or sign in "-." else "_" for sign in name)
    path, kind = QFileDialog.getSaveFileName(parent, tr("Save handout"), f"{suggested}.html", ";;".join(kinds))
    if not path or Path(path).suffix.lower() in kinds.values():
        return path or None
    return path + kinds.get(kind, ".html")
