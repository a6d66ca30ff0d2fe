"""A tour is recorded in the window, written in its editor, saved, listed and played."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from explorer.edits import ToggleShortcut
from explorer.tours.tour import read_tour
from explorer.ui.experiments.tool import ExperimentsTool
from explorer.ui.shell.window import Window
from explorer.ui.tours.authoring import TourAuthoring
from explorer.ui.tours.editor import TourEditor
from explorer.ui.tours.tool import ToursTool
from explorer.viewmodels.panel_ids import PANEL_IDS
from tests.ui.conftest import settled
from tests.ui.tours.test_tool import SLOW, arrive, tool


@pytest.fixture
def tours(window: Window, qtbot: QtBot) -> ToursTool:
    window.open_network("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    settled(qtbot, window)
    found: ToursTool = tool(window, ToursTool)
    return found


def editor_of(authoring: TourAuthoring) -> TourEditor:
    assert authoring.editor is not None
    return authoring.editor


def test_what_is_done_becomes_a_tour_that_plays(tours: ToursTool, window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    authoring = tours.authoring
    authoring.record()
    editor = editor_of(authoring)
    window.go_to_card("layer1.0")
    window.apply_edit(ToggleShortcut("layer1.0", on=False))
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.network.history.position == 1)
    dock = window.findChild(QDockWidget, "Training")
    assert dock is not None
    dock.setVisible(True)
    dock.raise_()
    qtbot.waitUntil(lambda: editor.draft.steps[-1].panel == "training")
    window.session.open_experiment("signal_depth", {})
    steps = editor.draft.steps
    assert [len(step.own_edits) for step in steps] == [0, 1, 0]
    assert steps[1].show == ("layer1.0",)
    assert steps[2].experiment is not None
    authoring.set_recording(False)
    experiments = tool(window, ExperimentsTool)
    qtbot.waitUntil(lambda: experiments.window is not None, timeout=SLOW)
    experiments.window.close()

    editor.list.setCurrentRow(1)
    qtbot.keyClicks(editor.form.texts["say"], "Without {params} it is not.")
    editor.form.kind_box.setCurrentIndex(editor.form.kind_box.findData("moves"))
    editor.form.kind_box.activated.emit(editor.form.kind_box.currentIndex())
    assert "parameters" in editor.form.texts["question"].toPlainText()
    editor.set_language("zh")
    editor.form.texts["say"].setPlainText("没有捷径。")
    qtbot.keyClicks(editor.title, "My tour")
    editor.set_language("en")
    editor.list.setCurrentRow(2)
    qtbot.keyClick(editor.list, Qt.Key.Key_Delete)
    editor.move_step(-1)
    editor.move_step(1)

    path = tmp_path / "mine.tour"
    authoring.save(str(path))
    qtbot.waitUntil(path.exists, timeout=SLOW)
    tour = read_tour(path)
    assert len(tour.steps) == 2
    assert tour.title == {"zh": "My tour"}
    assert set(tour.steps[1].say) == {"en", "zh"}
    assert (tour.steps[1].panel, tour.steps[1].ask is not None) == ("training", True)

    qtbot.waitUntil(lambda: any(row.title == "My tour" for row in tours._rows()))
    row = next(row for row in tours._rows() if row.title == "My tour")
    tours.play(row.id, 1)
    arrive(tours, window, qtbot, 1)
    assert tours.card.is_asking
    assert "Without 11.7 M it is not." in tours.card.say.text()
    tours.leave()


def test_a_tour_that_is_played_is_not_recorded(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    authoring = tours.authoring
    authoring.record()
    editor = editor_of(authoring)
    count = len(editor.draft.steps)
    tours.play("vgg", 0)
    arrive(tours, window, qtbot, 0)
    assert len(editor.draft.steps) == count
    tours.leave()


def test_a_draft_outlives_the_window(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    tours.authoring.record()
    qtbot.keyClicks(editor_of(tours.authoring).title, "Kept")
    window.close()
    other = Window()
    qtbot.addWidget(other)
    again = tool(other, ToursTool).authoring
    again.dock.setVisible(True)
    qtbot.waitUntil(lambda: again.editor is not None and again.editor.draft.title == {"en": "Kept"}, timeout=SLOW)
    again.begin_new()
    other.close()


def test_steps_are_moved_by_dragging(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    tours.authoring.record()
    editor = editor_of(tours.authoring)
    for place in ("layer1.0", "layer2.0", "layer3.0"):
        window.go_to_card(place)
    shown = [step.show for step in editor.draft.steps]
    model, top = editor.list.model(), editor.list.rootIndex()
    assert model.moveRow(top, 1, top, 4)
    QApplication.processEvents()
    assert [step.show for step in editor.draft.steps] == [shown[0], shown[2], shown[3], shown[1]]
    assert editor.list.currentRow() == 3
    assert editor.list.item(3).text().startswith("4.")


def test_ids_of_panels_name_the_docks(window: Window) -> None:
    docks = {dock.objectName() for dock in window.findChildren(QDockWidget)}
    assert set(PANEL_IDS.values()) <= docks
    assert docks - set(PANEL_IDS.values()) == {"Tour editor"}, "a panel without an id that tours can name"
