"""Tours in the window: steps, questions, the document, leaving and coming back."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation
from explorer.tours.listing import list_lineage_tours, list_tours
from explorer.tours.tour import load_tour
from explorer.ui.base.guess_score import load_score
from explorer.ui.language.tool import LanguageTool
from explorer.ui.plugin.menu_entries import menu_entries
from explorer.ui.shell.window import Window
from explorer.ui.tours.progress import load_progress
from explorer.ui.tours.tool import ToursTool
from tests.ui.conftest import settled

SLOW = 60_000


def tool(window: Window, kind: type) -> Any:
    return next(found for found in window.tools if isinstance(found, kind))


@pytest.fixture
def tours(window: Window, qtbot: QtBot) -> ToursTool:
    found: ToursTool = tool(window, ToursTool)
    return found


def arrive(tours: ToursTool, window: Window, qtbot: QtBot, number: int) -> None:
    qtbot.waitUntil(lambda: tours.player.scene is not None and tours.player.scene.number == number, timeout=SLOW)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in window.tool_context.lanes if lane.name == "tour"))
    settled(qtbot, window)


def play(tours: ToursTool, window: Window, qtbot: QtBot, id: str, number: int) -> None:
    tours.play(id, number)
    arrive(tours, window, qtbot, number)


def press(tours: ToursTool, key: Qt.Key) -> None:
    event = QKeyEvent(QKeyEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(tours.card, event)


def position(window: Window) -> int:
    assert window.session.network is not None
    return window.session.network.history.position


def test_a_step_opens_its_network_and_lights_its_cards(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "convolution", 0)
    assert window.session.network is not None
    assert window.session.network.title == "VGG-11"
    assert tours.card.isVisible()
    assert "3×224×224" in tours.card.say.text()
    qtbot.waitUntil(lambda: window.canvas._lit == {"input"})
    picture = window.canvas.picture
    assert picture is not None
    shown = window.canvas._viewport
    rect = picture.rect("input")
    assert rect is not None
    qtbot.waitUntil(lambda: any(room.contains(shown.to_widget_rect(rect)) for room in tours.card.free_rooms()))


def test_the_level_button_says_what_the_step_shows(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    tour = load_tour("convolution")
    other = next(number for number, step in enumerate(tour.steps) if step.level != tour.steps[0].level)
    for number in (0, other):
        play(tours, window, qtbot, "convolution", number)
        level = tour.steps[number].level
        qtbot.waitUntil(lambda level=level: window.actions_.levels[level].isChecked())  # type: ignore[misc]
    assert window.session.default_level == "blocks", "what is opened later is as the user wants it"


def test_keys_go_on_and_back_and_leave(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "convolution", 0)
    press(tours, Qt.Key.Key_Right)
    arrive(tours, window, qtbot, 1)
    press(tours, Qt.Key.Key_Left)
    arrive(tours, window, qtbot, 0)
    press(tours, Qt.Key.Key_Right)
    arrive(tours, window, qtbot, 1)
    press(tours, Qt.Key.Key_Escape)
    assert not tours.card.isVisible()
    assert not window.canvas._lit
    assert load_progress("convolution").step == 1
    tours.play("convolution")
    arrive(tours, window, qtbot, 1)


def test_a_question_comes_before_the_edit(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "convolution", 4)
    card = tours.card
    assert card.is_asking
    assert card.next_button.text() == "Skip"
    assert card.then.isHidden()
    assert position(window) == 0
    press(tours, Qt.Key.Key_3)  # more
    qtbot.waitUntil(lambda: position(window) == 1, timeout=SLOW)
    assert card.question is not None
    assert "Not so" in card.question.answer_text
    assert "multiply-adds" in card.question.answer_text
    assert "Still 133 M" in card.then.text()
    assert card.then.isVisible()
    assert (load_score().right, load_score().asked) == (0, 1)
    assert card.next_button.text() == "Next →"
    press(tours, Qt.Key.Key_Right)
    arrive(tours, window, qtbot, 5)
    assert position(window) == 0


def test_a_number_and_a_skip(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "convolution", 2)
    question = tours.card.question
    assert question is not None
    assert question._line is not None
    assert QApplication.focusWidget() is question._line or not window.isActiveWindow()
    question._line.setText("lots")
    qtbot.keyPress(question._line, Qt.Key.Key_Return)
    assert not question.is_answered
    question._line.setText("3*3*3*64 + 64")
    qtbot.keyPress(question._line, Qt.Key.Key_Return)
    assert "Right" in question.answer_text
    assert tours.player.number == 2  # the answer is seen: the Enter that gave it does not go on
    assert load_score().right == 1
    play(tours, window, qtbot, "convolution", 7)
    tours.card.next_button.click()
    assert tours.card.question is not None
    assert tours.card.question.is_answered
    assert tours.card.question.verdict is None
    assert load_score().asked == 1


def test_a_guess_on_the_scale(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "mobilenet", 3)
    question = tours.card.question
    assert question is not None
    scale = question._scale
    assert scale is not None
    qtbot.mouseClick(scale, Qt.MouseButton.LeftButton, pos=QPoint(scale.width() - 20, 30))
    assert scale.guess > 8
    scale.set_guess(9)
    qtbot.keyPress(scale, Qt.Key.Key_Return)  # goes up to the card
    qtbot.waitUntil(lambda: position(window) == 1, timeout=SLOW)
    assert "Right" in question.answer_text


def test_a_digit_belongs_to_the_open_question(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "mobilenet", 3)
    question, canvas = tours.card.question, window.canvas
    assert question is not None
    scale = question._scale
    assert scale is not None
    scene_scale = canvas.scale
    qtbot.keyPress(scale, Qt.Key.Key_4)
    assert scale.guess == 4
    qtbot.keyPress(scale, Qt.Key.Key_Slash)
    qtbot.keyPress(scale, Qt.Key.Key_2)
    assert scale.guess == 0.5
    for key in (Qt.Key.Key_0, Qt.Key.Key_1):  # where the canvas has the keys, they would zoom it
        qtbot.keyPress(canvas, key)
    assert scale.guess == 1
    assert canvas.scale == scene_scale
    assert not question.is_answered
    play(tours, window, qtbot, "convolution", 2)
    question = tours.card.question
    assert question is not None
    assert question._line is not None
    qtbot.keyPress(canvas, Qt.Key.Key_7)
    assert question._line.text() == "7"


def test_the_number_of_a_step_is_never_cut(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "searched", 10)
    where = tours.card._where
    where.resize(140, where.height())
    assert where.text().endswith("… · 11 / 11")
    where.resize(900, where.height())
    assert where.text() == "MobileNet v3 and EfficientNet: searched and scaled · 11 / 11"


def test_the_spotlight_follows_the_room(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "convolution", 11)
    canvas, stages = window.canvas, {f"stage:{number}" for number in range(1, 6)}
    qtbot.waitUntil(lambda: canvas._lit == stages)

    def is_free(stage: str) -> bool:
        rect = canvas.picture.rect(stage) if canvas.picture is not None else None
        return rect is not None and any(
            room.contains(canvas._viewport.to_widget_rect(rect)) for room in tours.card.free_rooms()
        )

    for size in ((1500, 950), (900, 560)):
        window.resize(*size)
        settled(qtbot, window)
        qtbot.waitUntil(lambda: all(map(is_free, stages)))


def test_nobody_is_asked_about_saving(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "resnet", 3)
    tours.card.reveal()
    qtbot.waitUntil(lambda: position(window) == 1, timeout=SLOW)
    document = tours.player.document
    assert document is not None
    assert not document.is_modified
    tours.leave()
    assert not document.is_modified


def test_a_network_takes_the_place_of_the_one_before(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "mobilenet", 0)
    count = len(window.documents)
    play(tours, window, qtbot, "mobilenet", 6)
    assert window.session.network is not None
    assert window.session.network.title == "MobileNet v2"
    assert len(window.documents) == count


def test_the_next_tour_takes_the_tab_of_the_last(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "mobilenet", 0)
    count = len(window.documents)
    tours.leave()
    play(tours, window, qtbot, "resnet", 0)
    assert len(window.documents) == count
    assert window.session.network is not None
    assert window.session.network.title == "Plain-34"
    document = tours.player.document
    assert document is not None
    assert not document.is_preview


def test_what_the_user_made_stays(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "mobilenet", 0)
    theirs = window.session.document
    window.apply_edit(SwapActivation("*", "gelu"))
    qtbot.waitUntil(lambda: position(window) == 1, timeout=SLOW)
    press(tours, Qt.Key.Key_Right)
    arrive(tours, window, qtbot, 1)
    assert window.session.document is not theirs
    assert theirs.is_open
    assert theirs.network is not None
    assert theirs.network.history.position == 1
    assert position(window) == 0


def test_a_panel_shows_what_its_step_is_about_and_goes_with_it(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    number = next(i for i, step in enumerate(load_tour("convolution").steps) if step.panel == "feature_maps")
    play(tours, window, qtbot, "convolution", number)
    dock, networks = window.findChild(QDockWidget, "Feature maps"), window.docks.library
    assert dock is not None
    assert not dock.isHidden()
    assert networks.isHidden()  # the diagram has its room
    qtbot.waitUntil(lambda: window.session.selection == ("features.0",), timeout=SLOW)
    press(tours, Qt.Key.Key_Right)
    arrive(tours, window, qtbot, number + 1)
    assert dock.isHidden()
    tours.leave()
    assert not networks.isHidden()
    settled(qtbot, window)


def test_a_panel_that_comes_with_the_answer_is_alone(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    QSettings().setValue("one_side_in_small_windows", True)
    window.room.arrange_first()
    steps = load_tour("convolution").steps
    number = next(i for i, step in enumerate(steps) if step.panel == "how_it_computes" and step.ask is not None)
    play(tours, window, qtbot, "convolution", number)
    assert window.room._standing() == []
    tours.card.reveal()
    qtbot.waitUntil(lambda: bool(window.session.selection), timeout=SLOW)
    qtbot.wait(60)
    assert [dock.objectName() for dock in window.room._standing()] == ["How it computes"]
    settled(qtbot, window)


def test_a_sum_that_is_said_is_not_said_twice(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "convolution", 2)
    tours.card.reveal()
    question = tours.card.question
    assert question is not None
    assert question.prediction.lines[0] in tours.card.then.text()
    assert question.sums.isHidden()


def test_the_card_stays_with_its_document(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "convolution", 1)
    document = window.session.document
    window.open_network("resnet18", is_preview=False)
    qtbot.waitUntil(lambda: window.session.document is not document, timeout=SLOW)
    assert not tours.card.isVisible()
    assert not window.canvas._lit
    window.documents.activate(document)
    settled(qtbot, window)
    assert tours.card.isVisible()
    qtbot.waitUntil(lambda: bool(window.canvas._lit))
    window.tabs.close(document)
    assert tours.player.tour is None
    assert not tours.card.isVisible()


def test_another_language_at_the_same_step(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "convolution", 1)
    languages: LanguageTool = tool(window, LanguageTool)
    languages.actions["zh"].trigger()
    qtbot.waitUntil(lambda: "窗口" in tours.card.say.text(), timeout=SLOW)
    assert tours.card.next_button.text() == "下一步 →"
    languages.actions["en"].trigger()


def test_the_end(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    last = len(load_tour("convolution").steps) - 1
    play(tours, window, qtbot, "convolution", last)
    assert tours.card.next_button.text() == "Finish"
    tours.card.next_button.click()
    assert tours.player.tour is None
    tours.show_chooser()
    assert "done" in tours.chooser.rows[0].state_text
    assert tours.chooser.rows[1].state_text == "10 min"
    qtbot.keyPress(tours.chooser, Qt.Key.Key_Escape)
    assert tours.chooser.isHidden()
    tours.play("convolution")
    arrive(tours, window, qtbot, 0)  # a tour that was finished begins anew


def test_every_tour_is_in_help(tours: ToursTool, window: Window) -> None:
    titles = [entry.title for entry in menu_entries(window.menuBar()) if "Tours" in entry.path]
    entries = (*list_tours(), *list_lineage_tours())
    assert titles == [*(entry.title["en"] for entry in entries), "Record a tour…", "Open a tour…"]


def test_a_lineage_is_played(tours: ToursTool, window: Window, qtbot: QtBot) -> None:
    play(tours, window, qtbot, "lineage-resnet_to_resnext", 1)
    assert tours.card.is_asking
    press(tours, Qt.Key.Key_3)  # more
    qtbot.waitUntil(lambda: position(window) == 1, timeout=SLOW)
    assert "25.6 M became" in tours.card.then.text()
    tours.leave()
