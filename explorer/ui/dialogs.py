"""Asking for files. Each function gives a path, or None when the user thought better of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from explorer.ui.images import FILTER

if TYPE_CHECKING:
    from explorer.network import Network

_EDITS = "Edits (*.json)"


def diagram_to_write(parent: QWidget, network: Network) -> str | None:
    kinds = "PNG (*.png);;SVG (*.svg);;PDF (*.pdf)"
    path, _ = QFileDialog.getSaveFileName(parent, "Export diagram", f"{_name(network)}.png", kinds)
    return _with_suffix(path, ".png")


def edits_to_write(parent: QWidget, network: Network) -> str | None:
    path, _ = QFileDialog.getSaveFileName(parent, "Save edits", f"{_name(network)}.json", _EDITS)
    return _with_suffix(path, ".json")


def edits_to_read(parent: QWidget) -> str | None:
    return QFileDialog.getOpenFileName(parent, "Load edits", "", _EDITS)[0] or None


def image_to_read(parent: QWidget) -> str | None:
    return QFileDialog.getOpenFileName(parent, "Open image", "", FILTER)[0] or None


def _name(network: Network) -> str:
    return network.architecture.key or network.title


def _with_suffix(path: str, suffix: str) -> str | None:
    if not path:
        return None
    return path if Path(path).suffix else path + suffix
