"""Cards are selected together, and copied as a picture, as SVG and as text."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from explorer.ui.card_clipboard.tool import CardClipboardTool
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


@pytest.fixture
def tool(window: Window, qtbot: QtBot) -> CardClipboardTool:
    window.start("resnet18")
    settled(qtbot, window)
    return next(tool for tool in window.tools if isinstance(tool, CardClipboardTool))


def _copy(tool: CardClipboardTool, qtbot: QtBot) -> tuple[QImage, QSvgRenderer, str]:
    QGuiApplication.clipboard().setText("")
    tool.copy_action.trigger()
    qtbot.waitUntil(lambda: bool(QGuiApplication.clipboard().text()))
    held = QGuiApplication.clipboard().mimeData()
    return QImage(held.imageData()), QSvgRenderer(held.data("image/svg+xml")), held.text()


def test_selected_cards_are_copied_in_three_forms(window: Window, tool: CardClipboardTool, qtbot: QtBot) -> None:
    whole, whole_svg, whole_text = _copy(tool, qtbot)
    assert whole_svg.isValid()
    assert "Stage 1" in whole_text
    window.session.select_cards(("layer1", "layer2"))
    image, svg, text = _copy(tool, qtbot)
    assert svg.isValid()
    assert 0 < image.width() < whole.width()
    assert len(text.splitlines()) == 2
    colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
    assert len(colours) > 5  # something is on it


def test_all_stages_are_selected(window: Window, tool: CardClipboardTool) -> None:
    tool.select_action.trigger()
    picture = window.canvas.picture
    assert picture is not None
    assert len(window.session.selection) == len(picture.diagram.children[picture.diagram.root])


def test_a_drag_with_shift_selects_what_is_in_the_rectangle(
    window: Window, tool: CardClipboardTool, qtbot: QtBot
) -> None:
    canvas, before = window.canvas, window.canvas.view_state
    assert canvas.picture is not None
    rect = canvas.picture.rect("layer2")
    assert rect is not None
    area = canvas._viewport.to_widget_rect(rect).toAlignedRect().adjusted(-3, -3, 3, 3)
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, shift, area.topLeft())
    for point in (area.center(), area.bottomRight()):
        _move(canvas, point)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, shift, area.bottomRight())
    assert "layer2" in window.session.selection or {"layer2.0", "layer2.1"} <= {*window.session.selection}
    assert canvas.view_state == before  # nothing was dragged along
    assert canvas._band is None


def _move(canvas: object, point: QPoint) -> None:
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    from explorer.ui.canvas.canvas import Canvas

    assert isinstance(canvas, Canvas)
    at, left = QPointF(point), Qt.MouseButton.LeftButton
    where = canvas.mapToGlobal(at)
    canvas.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, at, where, left, left, Qt.KeyboardModifier.ShiftModifier))
