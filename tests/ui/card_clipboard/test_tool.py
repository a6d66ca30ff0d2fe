"""Cards are selected together, and copied as a picture, as SVG and as text."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QImage, QMouseEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from explorer.ui.canvas.canvas import Canvas
from explorer.ui.card_clipboard import tool as tool_module
from explorer.ui.card_clipboard.card_picture import paint_cards
from explorer.ui.card_clipboard.tool import CardClipboardTool
from explorer.ui.export.tool import ExportTool
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
    qtbot.waitUntil(lambda: bool(QGuiApplication.clipboard().text()), timeout=60_000)
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


def _move(canvas: Canvas, point: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.ShiftModifier) -> None:
    at, left = QPointF(point), Qt.MouseButton.LeftButton
    where = canvas.mapToGlobal(at)
    canvas.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, at, where, left, left, keys))


_CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.mark.parametrize("keys", [_CTRL_SHIFT, Qt.KeyboardModifier.AltModifier])
def test_a_card_is_dragged_out_as_a_picture(
    window: Window,
    tool: CardClipboardTool,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    keys: Qt.KeyboardModifier,
) -> None:
    """The keys and a drag take the card out of the window; nothing pans, and the window itself does not take it in."""
    canvas, before = window.canvas, window.canvas.view_state
    begun: list[QDrag] = []
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    monkeypatch.setattr(tool_module, "start_drag", begun.append)
    start = canvas.area_of("layer2").center().toPoint()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, keys, start)
    _move(canvas, start + QPoint(30, 0), keys)
    qtbot.waitUntil(lambda: bool(begun), timeout=60_000)
    held = begun[0].mimeData()
    assert held.hasImage()
    assert QSvgRenderer(held.data("image/svg+xml")).isValid()
    assert "layer2.0" in held.text()
    assert not begun[0].pixmap().isNull()
    assert canvas.view_state == before
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, keys, start)
    assert window.session.selection == ()  # it was no click


def test_a_picture_of_cards_has_no_signs_of_folding(window: Window, tool: CardClipboardTool) -> None:
    picture, theme = window.canvas.picture, window.canvas.theme
    assert picture is not None
    assert any(card.is_expandable for card in picture.diagram.cards.values())
    bare = picture.without_fold_signs()
    assert not any(card.is_expandable for card in bare.diagram.cards.values())
    for ids in (("layer2.0",), ("layer2", "layer3"), ()):
        assert paint_cards(picture, theme, ids).image == paint_cards(bare, theme, ids).image


def test_space_and_a_drag_pan_and_space_alone_selects(window: Window, tool: CardClipboardTool, qtbot: QtBot) -> None:
    canvas = window.canvas
    start = canvas.area_of("layer2").center().toPoint()
    _move(canvas, start, Qt.KeyboardModifier.NoModifier)  # the pointer rests on a card
    canvas.setFocus()
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    before = canvas.view_state
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    _move(canvas, start + QPoint(40, 25), Qt.KeyboardModifier.NoModifier)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(40, 25))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view_state[1] - before[1] == QPointF(40, 25)
    assert window.session.selection == ()
    assert canvas.cursor().shape() != Qt.CursorShape.OpenHandCursor
    _move(canvas, canvas.area_of("layer2").center().toPoint(), Qt.KeyboardModifier.NoModifier)
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert window.session.selection == ("layer2.0",)


def test_the_menu_of_the_canvas_exports_too(window: Window, tool: CardClipboardTool, qtbot: QtBot) -> None:
    tool._show_menu(QPoint(0, 0))
    (menu,) = window.canvas.findChildren(QMenu)
    entries = {action.text(): action for action in menu.actions()}
    assert list(entries) == ["Fit", "Select all", "Copy as picture", "Export diagram…"]
    entries["Export diagram…"].trigger()
    menu.close()
    export = next(tool for tool in window.tools if isinstance(tool, ExportTool))
    qtbot.waitUntil(lambda: export.dialog is not None and export.dialog.isVisible())
    assert export.dialog is not None
    export.dialog.reject()
