"""From a network to its diagram as a file: what the command line and the Python API use."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from explorer import numbers
from explorer.diagram import LEVELS, Level
from explorer.network import Network
from explorer.present import at_level, diagram

if TYPE_CHECKING:
    from PySide6.QtGui import QGuiApplication

_application: QGuiApplication | None = None  # fonts need one; kept for the life of the process


def save_diagram(
    network: Network, path: str | Path, *, level: Level = "blocks", scale: float = 2.0, theme: str = "light"
) -> None:
    """Write the diagram of a network as PNG, SVG or PDF, by the suffix of `path`.

    Args:
        level: how far groups are unfolded: "stages", "blocks", "units" or "ops".
        scale: pixels for each unit of the drawing; at 1, type is 11 to 13 pixels high.
        theme: "light", "dark" or "print" (black on white).

    Raises:
        ExportError: the file cannot be written as asked; nothing is written then.
        ValueError: an unknown level or theme.
    """
    if level not in LEVELS:
        raise ValueError(f"there is no level {level!r}; there are {', '.join(LEVELS)}")
    _need_fonts()
    from explorer.drawing import compose, named
    from explorer.export.image import export_image

    try:
        chosen = named(theme)
    except KeyError:
        raise ValueError(f"there is no theme {theme!r}; there are light, dark and print") from None
    study = network.study
    picture = compose(diagram(study, at_level(study, level), network.history.baseline))
    export_image(picture, path, scale=scale, theme=chosen, title=network.title, caption=caption(network))


def caption(network: Network) -> str:
    """The exact figures and their convention, for below a diagram."""
    total = network.figures.total
    shape = "×".join(map(str, network.architecture.input_shape[1:]))
    edits = len(network.history.in_force)
    edited = f" · {edits} edit{'s' if edits != 1 else ''}" if edits else ""
    return (
        f"{numbers.exact(total.params)} parameters · {numbers.exact(total.macs)} MACs "
        f"({numbers.short(total.flops)} FLOPs = 2 × MACs) · input {shape}{edited}"
    )


def _need_fonts() -> None:
    """Make sure there is an application, without a screen if there is none."""
    global _application
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    if QGuiApplication.instance() is None:
        _application = QGuiApplication(["cnn-explorer"])
