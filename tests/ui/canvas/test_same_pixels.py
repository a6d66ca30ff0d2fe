"""What is exported of a view is, pixel for pixel, what the screen shows of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from explorer.drawing import compose_picture, get_theme
from explorer.export.page import Page, ThemeName
from explorer.export.sheet import CroppedPicture, Sheet
from explorer.export.sheet_files import export_image
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.ui.canvas.canvas import Canvas


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.array(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scale", [0.15, 0.21, 0.5, 1.0, 1.7])
@pytest.mark.parametrize("key", ["mobilenet_v2", "googlenet_2014"])
def test_the_screen_and_the_file_show_the_same(
    qtbot: QtBot, opened: Callable[[str], Network], tmp_path: Path, key: str, scale: float, theme: ThemeName
) -> None:
    study = opened(key).analysis
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(640, 420)
    canvas.set_theme(get_theme(theme))
    canvas.show_picture(compose_picture(build_diagram(study, expanded_at_level(study, "units"))))
    canvas.show_legend(False)
    canvas.set_view_state(scale, QPointF(-900 * scale, -130.4 * scale))
    assert canvas.picture is not None
    page = Page(theme=theme, scale=scale, title=False, caption=False, legend=False, margin=0)
    export_image(Sheet(CroppedPicture(canvas.picture, canvas.visible_rect), page), tmp_path / "view.png")
    screen, file = pixels(canvas.grab().toImage()), pixels(QImage(str(tmp_path / "view.png")))
    buttons = canvas._zoom_controls.geometry()
    for image in (screen, file):
        image[buttons.top() : buttons.bottom() + 1, buttons.left() : buttons.right() + 1] = 0
    assert screen.shape == file.shape
    assert len(np.unique(screen.reshape(-1, 3), axis=0)) > 20  # something is to be seen
    assert np.array_equal(screen, file)
