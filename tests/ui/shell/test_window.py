"""The whole loop in a real window: open, look, change, watch, undo, export."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from pytestqt.qtbot import QtBot
from torch import nn

from explorer.edits import SetBottleneckActivation, SwapActivation, ToggleShortcut
from explorer.network import open_network
from explorer.ui.base import appearance
from explorer.ui.base.opening_jobs import open_at_level_job
from explorer.ui.library.delegate import IS_OPEN
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled

SLOW = 60_000


@pytest.fixture
def mobilenet(window: Window, qtbot: QtBot) -> Window:
    window.start("mobilenet_v2")
    settled(qtbot, window)
    return window


def test_the_window_needs_neither_torch_nor_networkx() -> None:
    code = (
        "import sys, explorer.ui.shell.window, explorer.ui.shell.app; "
        "assert not {'torch', 'networkx'} & sys.modules.keys(), 'imported too early'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_opening_shows_graph_figures_and_output(mobilenet: Window) -> None:
    assert mobilenet.canvas.picture is not None
    assert mobilenet.canvas.picture.card("features.3") is not None
    assert "MobileNet v2" in mobilenet.windowTitle()
    assert mobilenet.output.divergence.text.startswith("Compared with baseline: identical")
    assert not mobilenet.actions_.undo.isEnabled()


def test_a_click_selects_and_the_inspector_says_what_it_is(mobilenet: Window, qtbot: QtBot) -> None:
    picture = mobilenet.canvas.picture
    assert picture is not None
    rect = picture.rect("features.3")
    assert rect is not None
    place = mobilenet.canvas._offset + rect.center() * mobilenet.canvas.scale
    qtbot.mouseClick(mobilenet.canvas, Qt.MouseButton.LeftButton, pos=place.toPoint())
    settled(qtbot, mobilenet)
    assert mobilenet.session.selection == ("features.3",)
    shown = mobilenet.inspector.inspection
    assert shown is not None
    assert shown.title == "Inverted residual"
    assert ("Class", "InvertedResidual") in shown.rows


def test_an_edit_changes_figures_and_output_and_undo_brings_both_back(mobilenet: Window, qtbot: QtBot) -> None:
    before = mobilenet.session.network
    assert before is not None
    mobilenet.apply_edit(ToggleShortcut("*", on=False))
    settled(qtbot, mobilenet)
    edited = mobilenet.session.network
    assert edited is not None
    assert edited.figures.total.all_ops < before.figures.total.all_ops
    assert "identical" not in mobilenet.output.divergence.text
    assert mobilenet.actions_.undo.text() == "Undo Shortcut removed everywhere"
    mobilenet.actions_.undo.trigger()
    settled(qtbot, mobilenet)
    assert mobilenet.session.network.architecture is before.architecture
    assert "identical" in mobilenet.output.divergence.text
    assert mobilenet.actions_.redo.text() == "Redo Shortcut removed everywhere"
    mobilenet.actions_.redo.trigger()
    settled(qtbot, mobilenet)
    assert mobilenet.session.network.architecture is edited.architecture


def test_edits_made_faster_than_they_are_shown_all_count(mobilenet: Window, qtbot: QtBot) -> None:
    mobilenet.apply_edit(SwapActivation("features.0.2", "gelu"))
    mobilenet.apply_edit(SwapActivation("features.3", "silu"))
    mobilenet.apply_edit(SetBottleneckActivation("features.3", "relu"))
    settled(qtbot, mobilenet)
    assert mobilenet.session.network is not None
    assert len(mobilenet.session.network.history.applied_edits) == 3
    mobilenet.actions_.reset.trigger()
    settled(qtbot, mobilenet)
    assert mobilenet.session.network.history.applied_edits == ()


def test_unfolding_keeps_the_group_in_its_place(mobilenet: Window, qtbot: QtBot) -> None:
    canvas = mobilenet.canvas
    assert canvas.picture is not None
    rect = canvas.picture.rect("features.7")
    assert rect is not None
    before = canvas._offset + rect.topLeft() * canvas.scale
    mobilenet.navigator.toggle_expansion("features.7")
    settled(qtbot, mobilenet)
    assert canvas.picture.is_frame("features.7")
    after = canvas._offset + canvas.picture.rect("features.7").topLeft() * canvas.scale
    assert (after - before).manhattanLength() < 0.01


@pytest.mark.parametrize(("level", "cards"), [("stages", 9), ("blocks", 20), ("units", 68), ("ops", 155)])
def test_levels(mobilenet: Window, qtbot: QtBot, level: str, cards: int) -> None:
    mobilenet.actions_.levels[level].trigger()  # type: ignore[index]
    settled(qtbot, mobilenet)
    picture = mobilenet.canvas.picture
    assert picture is not None
    assert len(picture.diagram.cards.keys() - picture.diagram.children.keys()) == cards


def test_an_unknown_network_is_said_and_the_open_one_stays(mobilenet: Window, qtbot: QtBot) -> None:
    mobilenet.open_network("mobilenet_v9")
    settled(qtbot, mobilenet)
    assert mobilenet.notice.isVisible()
    assert "mobilenet_v9" in mobilenet.notice.text
    assert mobilenet.session.network is not None
    assert mobilenet.session.network.architecture.key == "mobilenet_v2"


def test_a_refused_edit_is_said_and_nothing_changes(mobilenet: Window, qtbot: QtBot) -> None:
    mobilenet.apply_edit(ToggleShortcut("features.2", on=False))
    settled(qtbot, mobilenet)
    assert "no shortcut in features.2" in mobilenet.notice.text
    assert mobilenet.session.network is not None
    assert mobilenet.session.network.history.applied_edits == ()


def test_a_file_that_is_no_image_is_said_and_the_sample_stays(mobilenet: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("no image")
    before = mobilenet.session.sample
    mobilenet.output.image_dropped.emit(str(path))
    settled(qtbot, mobilenet)
    assert "notes.png" in mobilenet.notice.text
    assert mobilenet.session.sample is before


def test_an_image_of_ones_own(mobilenet: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "own.png"
    image = QImage(60, 40, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.red)
    assert image.save(str(path))
    mobilenet.output.image_dropped.emit(str(path))
    settled(qtbot, mobilenet)
    assert mobilenet.session.sample is not None
    assert mobilenet.session.sample.name == "own.png"
    mobilenet.output.image_pasted.emit(image)
    settled(qtbot, mobilenet)
    assert mobilenet.session.sample.name == "the pasted image"


def test_an_image_dropped_anywhere(mobilenet: Window, qtbot: QtBot, tmp_path: Path) -> None:
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.blue)
    assert image.save(str(tmp_path / "dropped.png"))
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(tmp_path / "dropped.png"))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    mobilenet.dropEvent(QDropEvent(QPointF(700, 300), copy, content, left, none))
    settled(qtbot, mobilenet)
    assert mobilenet.session.sample is not None
    assert mobilenet.session.sample.name == "dropped.png"


def test_options_of_a_network(mobilenet: Window, qtbot: QtBot) -> None:
    mobilenet.library.options_changed.emit("mobilenet_v2", {"width_mult": 0.5})
    settled(qtbot, mobilenet)
    assert mobilenet.session.network is not None
    assert mobilenet.session.network.figures.total.params == 1_968_680


def test_only_the_network_that_is_open_is_marked(mobilenet: Window, qtbot: QtBot) -> None:
    """Also where that is none of the list: a module of the user's own, a model file."""

    def marked() -> list[str]:
        return [item.text() for item in mobilenet.library._items() if item.data(IS_OPEN)]

    assert marked() == ["MobileNet v2"]
    assert mobilenet.library._options.rowCount() == 1
    own = open_network(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), input_shape=(1, 3, 32, 32))
    mobilenet.opener.open(open_at_level_job(own, "blocks"))
    qtbot.waitUntil(lambda: mobilenet.session.network is own, timeout=SLOW)
    assert marked() == []
    assert mobilenet.library._options.rowCount() == 0
    mobilenet.open_network("mobilenet_v2")
    qtbot.waitUntil(lambda: mobilenet.session.network is not own, timeout=SLOW)
    assert marked() == ["MobileNet v2"]
    settled(qtbot, mobilenet)


def test_closing_while_busy_is_clean(qtbot: QtBot) -> None:
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.start("vgg11")
    qtbot.wait(50)
    window.apply_edit(SwapActivation("*", "gelu"))
    assert window.close()
    assert not any(lane._pool.activeThreadCount() for lane in window._lanes)


def test_cancel_leaves_the_network_open(mobilenet: Window, qtbot: QtBot) -> None:
    mobilenet.apply_edit(SwapActivation("*", "gelu"))
    assert mobilenet.edit_queue.lane._pool.waitForDone(SLOW)  # done, and not yet shown
    mobilenet._cancel_all()
    settled(qtbot, mobilenet)
    after = SwapActivation("features.0.2", "relu")
    mobilenet.apply_edit(after)  # what follows a cancelled edit still works, and builds on what was seen
    settled(qtbot, mobilenet)
    assert mobilenet.session.network is not None
    assert mobilenet.session.network.history.applied_edits == (after,)


def test_a_failed_opening_changes_nothing(mobilenet: Window, qtbot: QtBot) -> None:
    mobilenet.apply_edit(SwapActivation("*", "gelu"))
    assert mobilenet.edit_queue.lane._pool.waitForDone(SLOW)
    mobilenet.open_network("mobilenet_v9")
    settled(qtbot, mobilenet)
    mobilenet.apply_edit(ToggleShortcut("features.3", on=False))
    settled(qtbot, mobilenet)
    assert mobilenet.session.network is not None
    assert mobilenet.session.network.history.applied_edits == (
        SwapActivation("*", "gelu"),
        ToggleShortcut("features.3", on=False),
    )
    assert len(mobilenet.documents) == 1


def test_dark_and_light(mobilenet: Window) -> None:
    appearance.choose_scheme("dark")
    assert mobilenet.canvas.theme.name == "dark"
    appearance.choose_scheme("light")
    assert mobilenet.canvas.theme.name == "light"


def test_a_photo_at_a_start_is_what_the_network_looks_at(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    QImage(64, 64, QImage.Format.Format_RGB32).save(str(path))
    window.start("resnet18", str(path))
    settled(qtbot, window)
    assert window.output.samples.find_item(str(path)) is not None
    assert window.session.sample is not None
    assert window.session.sample.name == "mine.png"
    assert len(window.documents) == 1


def test_edits_that_are_dropped_are_opened_as_those_at_a_start(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "edits.json"
    path.write_text("[1, 2", encoding="utf-8")
    window.open_file(str(path))
    settled(qtbot, window)
    assert "is not JSON" in window.notice.text
