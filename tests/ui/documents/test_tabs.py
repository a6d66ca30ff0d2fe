"""Tabs: several networks open at once, each with its own history, selection and view; nothing of one in another."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QTabBar, QTextBrowser, QTreeWidget
from pytestqt.qtbot import QtBot

from explorer.document import Document
from explorer.edits import SwapActivation, ToggleShortcut
from explorer.network import Network
from explorer.project.files import write_edits
from explorer.ui.canvas.gestures import OWN_FORMATS
from explorer.ui.documents.memory import release_over_budget
from explorer.ui.documents.panel_result_cache import PanelResultCache
from explorer.ui.documents.tab_strip import TabStrip
from explorer.ui.shell.frame import FRAME_SIZE
from explorer.ui.shell.open_windows import open_windows
from explorer.ui.shell.window import Window

SLOW = 60_000
GELU = SwapActivation("*", "gelu")


def settled(qtbot: QtBot, window: Window) -> None:
    lanes = (*window._lanes, *window.tool_context.lanes)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=SLOW)


@pytest.fixture
def two(window: Window, qtbot: QtBot, opened: Callable[[str], Network]) -> Window:
    """AlexNet in the first tab, ResNet-18 in the second one, which is in sight."""
    window.start(opened("alexnet"), opened("resnet18"))
    settled(qtbot, window)
    return window


def titles(window: Window) -> list[str]:
    bar = window.tabs.strip.bar
    return [bar.tabText(index).split(" ")[0] for index in range(bar.count())]


def shown_key(window: Window) -> str:
    assert window.session.network is not None
    return window.session.network.architecture.key


# which tabs there are


def test_several_networks_are_open_at_once(two: Window) -> None:
    assert titles(two) == ["AlexNet", "ResNet-18"]
    assert two.tabs.strip.bar.currentIndex() == 1
    assert two.windowTitle().startswith("ResNet-18")


def test_a_preview_gives_its_tab_to_the_next_and_what_was_touched_stays(window: Window, qtbot: QtBot) -> None:
    window.open_network("alexnet")
    settled(qtbot, window)
    window.open_network("vgg11")
    settled(qtbot, window)
    assert titles(window) == ["VGG-11"]
    window.apply_edit(GELU)
    settled(qtbot, window)
    window.open_network("resnet18")
    settled(qtbot, window)
    assert titles(window) == ["VGG-11", "ResNet-18"]
    window.tabs.strip.keep_requested.emit(1)
    window.open_network("alexnet")
    settled(qtbot, window)
    assert titles(window) == ["VGG-11", "ResNet-18", "AlexNet"]


def test_what_is_open_comes_to_the_front(two: Window, qtbot: QtBot, tmp_path: Path) -> None:
    two.open_network("alexnet")
    settled(qtbot, two)
    assert (titles(two), shown_key(two)) == (["AlexNet", "ResNet-18"], "alexnet")
    path = tmp_path / "edits.json"
    write_edits(path, (GELU,), "resnet18")
    for _ in range(2):
        two.open_project(str(path))
        settled(qtbot, two)
        assert len(two.documents) == 3
        assert two.session.document.current_edits == (GELU,)
        two.documents.step(1)
    two.apply_edit(ToggleShortcut("layer2.1", on=False))  # no longer as it would be opened now
    settled(qtbot, two)


def test_only_the_last_of_the_previews_that_were_asked_for_is_opened(window: Window, qtbot: QtBot) -> None:
    for key in ("alexnet", "vgg11", "resnet18"):
        window.open_network(key)
    settled(qtbot, window)
    assert titles(window) == ["ResNet-18"]


def test_what_cannot_be_opened_leaves_no_tab(two: Window, qtbot: QtBot) -> None:
    two.open_network("resnet19")
    settled(qtbot, two)
    assert titles(two) == ["AlexNet", "ResNet-18"]
    assert "resnet18" in two.notice.text


def test_keys_of_the_tabs(two: Window, qtbot: QtBot) -> None:
    two.activateWindow()
    two.canvas.setFocus()
    qtbot.waitUntil(lambda: two.canvas.hasFocus())
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    for key, modifiers, expected in (
        (Qt.Key.Key_Tab, control, "alexnet"),
        (Qt.Key.Key_Backtab, control | shift, "resnet18"),
        (Qt.Key.Key_PageUp, control, "alexnet"),
        (Qt.Key.Key_PageDown, control, "resnet18"),
    ):
        QTest.keyClick(two.canvas, key, modifiers)
        assert shown_key(two) == expected
    QTest.keyClick(two.canvas, Qt.Key.Key_T, control)
    assert two.session.network is None
    assert titles(two) == ["AlexNet", "ResNet-18", "New"]
    QTest.keyClick(two.canvas, Qt.Key.Key_T, control)
    assert len(two.documents) == 3  # one start page is enough
    for _ in range(3):
        two.tabs.close_action.trigger()
    assert titles(two) == ["New"]
    two.tabs.close_action.trigger()  # nothing is left to close but the window
    assert not two.isVisible()


def test_middle_button_closes_and_dragging_moves(two: Window, qtbot: QtBot) -> None:
    two.tabs.strip.bar.moveTab(1, 0)
    assert two.documents[0].title == "ResNet-18"
    assert shown_key(two) == "resnet18"
    place = two.tabs.strip.bar.tabRect(1).center()
    qtbot.mouseClick(two.tabs.strip.bar, Qt.MouseButton.MiddleButton, pos=place)
    assert titles(two) == ["ResNet-18"]


def drag(qtbot: QtBot, bar: QTabBar, begin: QPoint, end: QPoint) -> None:
    """Press, move in small steps, let go."""
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=begin)
    for step in range(1, 21):
        qtbot.mouseMove(bar, begin + (end - begin) * step / 20)
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=end)


def test_a_tab_dragged_along_changes_places(two: Window, qtbot: QtBot) -> None:
    bar, document = two.tabs.strip.bar, two.session.document
    drag(qtbot, bar, bar.tabRect(1).center(), bar.tabRect(0).center() - QPoint(20, 0))
    qtbot.waitUntil(lambda: titles(two) == ["ResNet-18", "AlexNet"])
    assert [other.title.split(" ")[0] for other in two.documents] == ["ResNet-18", "AlexNet"]
    assert two.session.document is document
    qtbot.waitUntil(lambda: bar.currentIndex() == 0)
    drag(qtbot, bar, bar.tabRect(0).center(), bar.tabRect(1).center() + QPoint(20, 0))
    qtbot.waitUntil(lambda: titles(two) == ["AlexNet", "ResNet-18"])
    assert two.session.document is document
    assert open_windows() == []


def test_what_is_dragged_beside_the_tabs_moves_none(two: Window, qtbot: QtBot) -> None:
    bar = two.tabs.strip.bar
    bar.setFixedWidth(bar.width() + 100)
    beside = QPoint(bar.width() - 10, bar.height() // 2)
    assert bar.tabAt(beside) < 0
    drag(qtbot, bar, beside, beside + QPoint(0, 200))
    assert (titles(two), open_windows()) == (["AlexNet", "ResNet-18"], [])


def test_the_tab_key_changes_documents_wherever_the_focus_is(two: Window, qtbot: QtBot) -> None:
    two.activateWindow()
    two.history.show()
    two.docks.history.show()
    two.docks.history.raise_()
    for widget in (two.history.python_text, two.library.findChild(QLineEdit), two.tabs.strip.bar):
        assert widget is not None
        widget.setFocus()
        qtbot.waitUntil(widget.hasFocus)
        before = shown_key(two)
        QTest.keyClick(widget, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
        assert shown_key(two) != before, type(widget).__name__


def test_a_tab_dragged_out_is_a_window(two: Window, qtbot: QtBot) -> None:
    document, bar = two.session.document, two.tabs.strip.bar
    two.apply_edit(GELU)
    settled(qtbot, two)
    two.session.select("layer1.0")
    start = bar.tabRect(1).center()
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(bar, start + QPoint(0, 30))
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=start + QPoint(500, 600))
    assert titles(two) == ["AlexNet"]
    (other,) = open_windows()
    assert isinstance(other, Window)
    settled(qtbot, other)
    room, place = other.screen().availableGeometry(), other.geometry()
    assert place.bottom() <= room.bottom()  # however near the edge it was let go
    assert place.right() <= room.right() or place.left() < room.left() + FRAME_SIZE.width()  # too wide
    assert other.session.document is document
    assert document.is_open
    assert other.session.selection == ("layer1.0",)
    assert titles(other) == ["ResNet-18"]
    other.actions_.undo.trigger()
    settled(qtbot, other)
    assert document.current_edits == ()
    assert other.close()
    qtbot.waitUntil(lambda: not open_windows())


def test_the_only_tab_stays_in_its_window(window: Window, qtbot: QtBot, opened: Callable[[str], Network]) -> None:
    window.start(opened("alexnet"))
    settled(qtbot, window)
    window.tabs.detach(window.session.document)
    assert (titles(window), open_windows()) == (["AlexNet"], [])


def test_a_duplicate_has_a_history_of_its_own(two: Window, qtbot: QtBot) -> None:
    two.apply_edit(GELU)
    settled(qtbot, two)
    first = two.session.document
    two.tabs.duplicate_action.trigger()
    settled(qtbot, two)
    assert two.session.document.current_edits == (GELU,)
    two.actions_.undo.trigger()
    settled(qtbot, two)
    assert (two.session.document.current_edits, first.current_edits) == ((), (GELU,))


# what belongs to a tab


def test_each_tab_is_as_it_was_left(two: Window, qtbot: QtBot) -> None:
    session, canvas = two.session, two.canvas
    two.apply_edit(ToggleShortcut("layer2.1", on=False))
    settled(qtbot, two)
    two.navigator.set_level("units")
    settled(qtbot, two)
    session.select("layer1.0")
    session.toggle_bookmark("layer1.0")
    session.colour_by("macs")
    settled(qtbot, two)
    canvas.zoom(1.7, QPointF(40, 60))
    canvas._pan(QPointF(-33, 21))
    left = (session.expanded, session.selection, session.bookmarks, session.colour_mode, canvas.view_state)
    inspected = two.inspector.inspection
    two.documents.step(-1)
    settled(qtbot, two)
    assert (session.selection, session.bookmarks, session.colour_mode) == ((), (), "kind")
    assert not two.actions_.undo.isEnabled()
    assert two.actions_.levels["blocks"].isChecked()
    two.resize(two.width() - 100, two.height() - 60)
    two.resize(two.width() + 100, two.height() + 60)
    two.documents.step(1)
    assert canvas.picture is not None  # at once: nothing is drawn again
    settled(qtbot, two)
    now = (session.expanded, session.selection, session.bookmarks, session.colour_mode)
    assert now == left[:4]
    scale, offset = canvas.view_state
    assert scale == pytest.approx(left[4][0])
    assert (offset - left[4][1]).manhattanLength() < 2
    assert two.inspector.inspection is inspected
    assert two.actions_.levels["units"].isChecked()
    assert "Shortcut" in two.actions_.undo.text()


def test_undo_undoes_what_was_done_in_this_tab(two: Window, qtbot: QtBot) -> None:
    first, second = two.documents
    for document in (second, first):
        two.documents.activate(document)
        two.apply_edit(GELU)
        settled(qtbot, two)
    two.documents.activate(second)
    two.actions_.undo.trigger()
    settled(qtbot, two)
    assert (first.current_edits, second.current_edits) == ((GELU,), ())


def test_back_and_forward_are_of_the_tab(two: Window, qtbot: QtBot) -> None:
    from explorer.ui.navigation.tool import NavigationTool

    navigation = next(tool for tool in two.tools if isinstance(tool, NavigationTool))
    for id in ("layer1.0", "layer2.0"):
        two.session.select(id)
    two.documents.step(1)
    assert not navigation.back_action.isEnabled()
    two.documents.step(1)
    assert navigation.back_action.isEnabled()
    navigation.back_action.trigger()
    assert two.session.selection == ("layer1.0",)


# late results


def test_an_edit_reaches_its_own_tab_when_another_is_in_sight(two: Window, qtbot: QtBot) -> None:
    first, second = two.documents
    two.apply_edit(GELU)
    two.documents.activate(first)
    settled(qtbot, two)
    assert (first.current_edits, second.current_edits) == ((), (GELU,))
    assert two.history.model.rowCount() == 1
    assert titles(two)[1] == "ResNet-18"
    assert two.tabs.strip.bar.tabText(1).endswith("•")
    two.documents.activate(second)
    settled(qtbot, two)
    assert two.history.model.rowCount() == 2


def test_an_error_is_said_in_its_own_tab(two: Window, qtbot: QtBot) -> None:
    two.apply_edit(ToggleShortcut("nowhere", on=False))
    two.documents.step(1)
    settled(qtbot, two)
    assert not two.notice.isVisible()
    two.documents.step(1)
    assert "nowhere" in two.notice.text
    assert two.notice.isVisible()


@pytest.mark.parametrize("target", ["other", "empty"])
def test_no_result_of_one_tab_is_shown_in_another(two: Window, qtbot: QtBot, target: str) -> None:
    """Every panel is shown, everything is computed, and in the middle of it another tab comes into sight."""
    for dock in two.tool_context.docks:
        dock.show()
    two.session.select("layer1.0")
    two.apply_edit(GELU)
    qtbot.wait(50)
    former = two.session.document
    if target == "other":
        two.documents.step(1)
    else:
        two.tabs.new()
    assert two.inspector.inspection is None
    assert two.output._output is None
    settled(qtbot, two)
    qtbot.wait(50)
    words = visible_words(two)
    assert "layer1" not in words
    assert "layer4" not in words
    if target == "empty":
        assert two.canvas.picture is None
        assert "ResNet" not in words.replace("ResNet-18 ✕", "").replace(former.title, "", 1)
    else:
        assert two.canvas.picture is not None
        assert not two.canvas.picture.rect("layer1")


def visible_words(window: Window) -> str:
    """What the panels say."""
    docks = [*window.docks.all[1:], *window.tool_context.docks]  # all but the list of networks
    found = []
    for dock in docks:
        for label in dock.findChildren(QLabel):
            found.append(label.text() if label.isVisibleTo(dock) else "")
        for text in dock.findChildren(QPlainTextEdit):
            found.append(text.toPlainText() if text.isVisibleTo(dock) else "")
        for page in dock.findChildren(QTextBrowser):
            found.append(page.toPlainText() if page.isVisibleTo(dock) else "")
        for tree in dock.findChildren(QTreeWidget):
            found += [tree.topLevelItem(row).text(0) for row in range(tree.topLevelItemCount())]
    return "\n".join(found)


# memory


def test_closed_tabs_leave_nothing_alive(window: Window, qtbot: QtBot, opened: Callable[[str], Network]) -> None:
    base = opened("resnet18")
    documents: list[weakref.ref[Document]] = []
    networks: list[weakref.ref[Network]] = []
    for number in range(50):
        network = base.edit(ToggleShortcut("layer2.1", on=False)) if number % 2 else base.baseline
        document = Document(network, frozenset({"layer1"}))
        documents.append(weakref.ref(document))
        networks.append(weakref.ref(network))
        window.documents.add(document)
        if number % 10 == 0:
            settled(qtbot, window)
        del document, network
    assert len(window.documents) == 51
    while len(window.documents) > 1:
        window.tabs.close(window.documents[1])
    settled(qtbot, window)
    window.tabs.close_active()
    settled(qtbot, window)
    QApplication.processEvents()
    gc.collect()
    assert [found for found in documents if found() is not None] == []
    assert [found for found in networks if found() is not None] == []


def test_kept_results_are_of_the_same_causes_and_of_few_documents(opened: Callable[[str], Network]) -> None:
    kept, network = PanelResultCache(max_documents=2), opened("resnet18")
    documents = [Document(network) for _ in range(3)]
    causes = (network, frozenset({"layer1"}), "kind")
    for number, document in enumerate(documents):
        kept.put(document, "drawing", causes, number)
    assert kept.get(documents[0], "drawing", causes) is None
    assert kept.get(documents[2], "drawing", (network, frozenset({"layer1"}), "kind")) == 2
    assert kept.get(documents[2], "drawing", (network.baseline, frozenset({"layer1"}), "kind")) is None
    assert kept.get(documents[2], "drawing", (network, frozenset(), "kind")) is None
    documents[0].is_open = False
    kept.put(documents[0], "drawing", causes, 0)
    kept.drop(documents[2])
    assert len(kept) == 1


def test_one_budget_for_the_maps_of_all_tabs(opened: Callable[[str], Network]) -> None:
    from explorer.network import open_network

    networks = [open_network(key, input_shape=(1, 3, 64, 64)) for key in ("resnet18", "resnet34", "mobilenet_v2")]
    outputs = [network.run("cat").result.main_output for network in networks]
    sizes = [n.context.forward.cached_bytes + n.context.forward.weight_bytes for n in networks]
    assert all(sizes)
    contexts = [network.context for network in networks]
    assert release_over_budget(contexts, sum(sizes)) == 0
    assert release_over_budget([*contexts, networks[0].with_weights(None).context], sizes[0] + sizes[2]) == 1
    assert contexts[1].forward.cached_bytes == contexts[1].forward.weight_bytes == 0
    assert contexts[2].forward.cached_bytes
    with contexts[2].lock:  # it runs
        assert release_over_budget(contexts, 0) == 1
    assert contexts[2].forward.cached_bytes
    assert contexts[0].forward.cached_bytes  # that in sight
    again = networks[1].run("cat").result.main_output
    assert again.equal(outputs[1])


def test_a_tab_that_something_of_ours_is_dragged_over_comes_into_sight_and_files_are_left_to_the_window(
    qtbot: QtBot,
) -> None:
    strip = TabStrip()
    qtbot.addWidget(strip)
    strip.show_documents([Document(), Document()], 0)
    strip.show()
    chosen: list[int] = []
    strip.activated.connect(chosen.append)
    for format, is_ours in (("text/uri-list", False), (f"{OWN_FORMATS}block", True)):
        data = QMimeData()
        data.setData(format, b"")
        keys = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        event = QDragEnterEvent(strip.bar.tabRect(1).center(), *keys)
        event.ignore()
        assert strip.bar.event(event) == is_ours
        assert event.isAccepted() == is_ours
        strip.bar.event(QDragMoveEvent(strip.bar.tabRect(1).center(), *keys))
        assert not chosen  # it takes a moment: what only passes by changes nothing
    qtbot.waitUntil(lambda: chosen == [1])


def test_a_tab_dragged_out_has_the_selection_in_front(two: Window, qtbot: QtBot) -> None:
    two.tabs.detach(two.session.document)
    (other,) = open_windows()
    assert isinstance(other, Window)
    settled(qtbot, other)
    qtbot.wait(50)  # a panel that is made when it is first seen comes to its tabs then
    assert not other.docks.inspector.visibleRegion().isEmpty()
    assert other.close()
    qtbot.waitUntil(lambda: not open_windows())
