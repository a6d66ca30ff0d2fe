"""Everything that is pointed at has a menu: cards, networks, edits, photos, each chart and picture of each panel."""

from __future__ import annotations

from pathlib import Path

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QMenu,
    QPlainTextEdit,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer.ui.inspector.option_menu import OptionMenu
from explorer.ui.plugin.menu_entries import menu_entries
from explorer.ui.shell import diagram_navigator
from explorer.ui.shell.window import Window
from explorer.ui.widgets.picture_menu import build_picture_menu, picture_of, save_picture
from tests.ui.conftest import settled

_CONTROLS = (QAbstractButton, QComboBox, QSlider, QPlainTextEdit)
_NO_PICTURES = (
    *("minimap.minimap.Minimap", "widgets.elided_text.ElidedText", "output.result_widgets.DivergenceMeter"),
    "code.editor._Margin",
)
_LEAST = 60 * 40  # pixels of a picture that is one: smaller ones are signs


@pytest.fixture
def full(window: Window, qtbot: QtBot) -> Window:
    """A window with a network and every panel."""
    window.start("resnet18")
    settled(qtbot, window)
    window.session.select("layer1.0.conv1")
    for dock in window.tool_context.docks:
        dock.show()
    settled(qtbot, window)
    return window


def _paints_itself(widget: QWidget) -> bool:
    kind = type(widget)
    own = kind.paintEvent is not QWidget.paintEvent and kind.__module__.startswith("explorer.")
    return own and "paintEvent" in {
        name for c in kind.__mro__ if c.__module__.startswith("explorer.") for name in vars(c)
    }


def _has_menu(widget: QWidget) -> bool:
    own = any("contextMenuEvent" in vars(c) for c in type(widget).__mro__ if c.__module__.startswith("explorer."))
    policy = Qt.ContextMenuPolicy
    at: QWidget | None = widget
    while at is not None and at.contextMenuPolicy() == policy.NoContextMenu:  # it leaves the menu to what it is in
        at = at.parentWidget()
    return own or (at is not None and at.contextMenuPolicy() == policy.CustomContextMenu)


def test_every_chart_and_picture_has_a_menu(full: Window) -> None:
    lacking = set()
    for widget in full.findChildren(QWidget):
        is_overlay = widget.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        is_control = isinstance(widget, _CONTROLS) or widget.width() * widget.height() < _LEAST
        is_picture = isinstance(widget, pg.PlotWidget) or _paints_itself(widget)
        if is_picture and not (is_overlay or is_control) and not _has_menu(widget):
            lacking.add(f"{type(widget).__module__}.{type(widget).__name__}")
    assert lacking <= {f"explorer.ui.{name}" for name in _NO_PICTURES}, lacking


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_chart_is_copied_and_saved_as_it_is_seen(full: Window, tmp_path: Path, suffix: str) -> None:
    chart = next(w for w in full.figures.findChildren(pg.PlotWidget))
    made = picture_of(chart)
    assert made.image.size() == chart.size() * 2
    seen = chart.grab().toImage()
    step = 7
    alike = sum(
        _is_near(made.image, 2 * x, 2 * y, seen, x, y)
        for x in range(2, chart.width() - 2, step)
        for y in range(2, chart.height() - 2, step)
    )
    assert alike > 0.9 * len(range(2, chart.width() - 2, step)) * len(range(2, chart.height() - 2, step))
    path = tmp_path / f"chart{suffix}"
    save_picture(chart, path)
    if suffix == ".png":
        assert QImage(str(path)) == made.image.convertToFormat(QImage(str(path)).format())
    elif suffix == ".svg":
        assert QSvgRenderer(str(path)).isValid()
        assert b"<text" in path.read_bytes()  # words stay words
    else:
        assert path.read_bytes().startswith(b"%PDF")


def _is_near(one: QImage, x: int, y: int, other: QImage, u: int, v: int) -> bool:
    a, b = one.pixelColor(x, y), other.pixelColor(u, v)
    return max(abs(a.red() - b.red()), abs(a.green() - b.green()), abs(a.blue() - b.blue())) < 40


def test_the_menu_of_a_chart_copies(full: Window) -> None:
    chart = next(w for w in full.figures.findChildren(pg.PlotWidget))
    QGuiApplication.clipboard().setText("")
    menu = build_picture_menu(chart, [])
    menu.actions()[0].trigger()
    held = QGuiApplication.clipboard().mimeData()
    assert held.hasImage()
    assert QSvgRenderer(held.data("image/svg+xml")).isValid()
    assert held.text() == chart.accessibleName()
    menu.deleteLater()


def test_the_menu_of_a_card_has_its_switches(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    settled(qtbot, window)
    window.navigator.set_level("units")
    settled(qtbot, window)
    picture = window.canvas.picture
    assert picture is not None
    card = next(id for id in picture.diagram.cards if "layer1.0.conv1" in id)
    window.canvas.menu_requested.emit(card, QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = {action.text() for action in menu.actions()}
    assert {"Show code", "Export this part…", "Copy as picture", "Copy name"} <= texts
    assert any("ookmark" in text for text in texts)
    switches = menu.findChild(QMenu)
    assert isinstance(switches, OptionMenu)
    qtbot.waitUntil(lambda: any(action.text() == "Activation" for action in switches.actions()), timeout=60_000)
    choices = next(action for action in switches.actions() if action.text() == "Activation").menu()
    assert isinstance(choices, QMenu)
    next(action for action in choices.actions() if not action.isChecked()).trigger()
    menu.close()
    settled(qtbot, window)
    assert window.session.network is not None
    assert len(window.session.network.history.edits) == 1


def test_networks_and_edits_have_menus(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    settled(qtbot, window)
    model = window.library.model
    menu = window.library.build_menu(model.item(0).child(0).index())
    assert menu is not None
    assert window.library.build_menu(model.item(0).index()) is None
    menu.actions()[3].trigger()
    code = QGuiApplication.clipboard().text()
    assert code.startswith("import explorer")
    with qtbot.waitSignal(window.library.tab_requested):
        menu.actions()[1].trigger()
    settled(qtbot, window)
    assert len(window.documents) == 2
    steps = window.history.build_menu(window.history.model.index(0, 0))
    steps.actions()[2].trigger()
    assert QGuiApplication.clipboard().text() == window.history.python_text.toPlainText()


def test_own_photos_are_removed_and_built_in_ones_stay(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    QImage(64, 64, QImage.Format.Format_RGB32).save(str(path))
    window.start("resnet18")
    settled(qtbot, window)
    window.open_file(str(path))
    settled(qtbot, window)
    strip = window.output.samples
    own = strip.find_item(str(path))
    assert own is not None
    remove = strip.build_menu(own).actions()[1]
    assert remove.isEnabled()
    built_in = strip.find_item("cat")
    assert built_in is not None
    assert not strip.build_menu(built_in).actions()[1].isEnabled()
    remove.trigger()
    assert not strip.selectedItems()  # the network goes on with it: no other one is lit
    assert strip.find_item(str(path)) is None
    assert path.exists()
    from explorer.ui.output.sample_images import recent_images

    assert str(path) not in recent_images()
    before = strip.count()
    strip.setCurrentItem(built_in)
    qtbot.keyClick(strip, Qt.Key.Key_Delete)
    assert strip.count() == before


def test_the_menu_of_a_card_is_in_groups_and_shows_the_keys_of_its_entries(
    full: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[QMenu] = []
    monkeypatch.setattr(diagram_navigator, "show_menu", lambda menu, _: shown.append(menu))
    picture = full.canvas.picture
    card = picture.visible_card("layer1.0") if picture is not None else None
    assert card is not None
    full._show_card_menu(card, QPoint(0, 0))
    groups: list[list[str]] = [[]]
    for action in shown[0].actions():
        if action.isSeparator():
            groups.append([])
        else:
            groups[-1].append(action.text())
    assert all(0 < len(group) <= 6 for group in groups), groups
    texts = {text for group in groups for text in group}
    in_window = {entry.title: entry.keys for entry in menu_entries(full.menuBar()) if entry.path[0] in ("Edit", "Go")}
    assert len(texts & {f"{title}\t{keys}" for title, keys in in_window.items()}) >= 7
    assert not texts & {title for title, keys in in_window.items() if keys}
    shown[0].deleteLater()
