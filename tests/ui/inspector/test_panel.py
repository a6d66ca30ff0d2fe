"""The inspector says what is selected, tells what is wanted, and stays where it is when that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from explorer.network import Network
from explorer.presenters.inspections import build_inspection
from explorer.ui.inspector.panel import InspectorPanel
from explorer.ui.widgets.slider import ChoiceSlider
from explorer.ui.widgets.switch import Switch
from explorer.viewmodels.panels import Choice, Inspection, Option


def switch(title: str, present: int, scope: str = "this block", reason: str = "") -> Option:
    choices = tuple(Choice(word, None if n == present else (title, word)) for n, word in enumerate(("off", "on")))
    return Option(title, scope, choices, present, "switch", reason)


def choice(title: str, present: int, scope: str = "whole network") -> Option:
    words = ("relu", "relu6", "silu")
    return Option(title, scope, tuple(Choice(w, None if n == present else w) for n, w in enumerate(words)), present)


BLOCK = Inspection(
    title="Inverted residual",
    path="features.3",
    kind="block",
    description="A narrow map is widened, filtered channel by channel, and narrowed again.",
    rows=(("Parameters", "8,832"), ("MACs", "25,740,288")),
    cost_breakdown="MACs = sum over 3 layers",
    options=(switch("Shortcut", 1), switch("Shuffle", 0, reason="Nothing to shuffle."), choice("Activation", 1)),
)


@pytest.fixture
def inspector(qtbot: QtBot) -> InspectorPanel:
    made = InspectorPanel()
    qtbot.addWidget(made)
    made.resize(320, 300)
    made.show()
    made.activateWindow()
    qtbot.waitActive(made)
    return made


def scroll_area(inspector: InspectorPanel) -> QScrollArea:
    assert inspector._page is not None
    return inspector._page.scroll_area


def texts(inspector: InspectorPanel) -> list[str]:
    return [label.text().replace("\u200b", "") for label in inspector.findChildren(QLabel) if label.isVisible()]


def test_nothing_selected_says_what_to_do(inspector: InspectorPanel) -> None:
    assert texts(inspector) == ["Open a network to see its layers and what can be changed."]
    inspector.show_inspection(BLOCK)
    inspector.show_inspection(None)
    assert len(texts(inspector)) == 1


def test_everything_is_said(inspector: InspectorPanel) -> None:
    inspector.show_inspection(BLOCK)
    said = texts(inspector)
    for text in (
        BLOCK.title,
        BLOCK.path,
        BLOCK.kind,
        BLOCK.description,
        BLOCK.cost_breakdown,
        "8,832",
    ):
        assert text in said
    assert "Nothing to shuffle." not in said  # what cannot be used is folded away
    inspector.reveal_control("Shuffle", "this block")
    assert "Nothing to shuffle." in texts(inspector)


def test_the_path_is_copied_as_it_is(inspector: InspectorPanel, qtbot: QtBot) -> None:
    inspector.show_inspection(BLOCK)
    assert inspector._page is not None
    qtbot.mouseClick(inspector._page._copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "features.3"


@pytest.mark.parametrize(("present", "wanted"), [(0, "on"), (1, "off"), (-1, "on")])
def test_a_switch_wants_the_other_state(inspector: InspectorPanel, qtbot: QtBot, present: int, wanted: str) -> None:
    inspector.show_inspection(replace(BLOCK, options=(switch("Shortcut", present),)))
    control = inspector.reveal_control("Shortcut", "this block")
    assert isinstance(control, Switch)
    assert control.accessibleName() == "Shortcut, this block"
    control.setFocus()
    with qtbot.waitSignal(inspector.edit_requested) as told:
        qtbot.keyClick(control, Qt.Key.Key_Space)
    assert told.args == [("Shortcut", wanted)]
    assert control.state is {0: False, 1: True, -1: None}[present]  # until the session says otherwise


def test_a_choice_wants_what_is_chosen_and_nothing_when_it_is_set(inspector: InspectorPanel, qtbot: QtBot) -> None:
    inspector.show_inspection(BLOCK)
    box = inspector.reveal_control("Activation", "whole network")
    assert isinstance(box, QComboBox)
    assert box.currentText() == "relu6"
    with qtbot.waitSignal(inspector.edit_requested) as told:
        box.activated.emit(2)
    assert told.args == ["silu"]
    with qtbot.assertNotEmitted(inspector.edit_requested):
        box.activated.emit(1)


def test_a_mixed_choice_says_so(inspector: InspectorPanel) -> None:
    inspector.show_inspection(replace(BLOCK, options=(choice("Activation", -1),)))
    box = inspector.reveal_control("Activation", "whole network")
    assert isinstance(box, QComboBox)
    assert box.currentIndex() == -1
    assert box.placeholderText() == "mixed"


def test_what_cannot_be_used_is_there_and_does_nothing(inspector: InspectorPanel, qtbot: QtBot) -> None:
    inspector.show_inspection(BLOCK)
    control = inspector.reveal_control("Shuffle", "this block")
    assert control.isVisible()
    assert not control.isEnabled()
    with qtbot.assertNotEmitted(inspector.edit_requested):
        qtbot.mouseClick(control, Qt.MouseButton.LeftButton)


def test_the_wheel_changes_no_choice(inspector: InspectorPanel) -> None:
    inspector.show_inspection(BLOCK)
    box = inspector.reveal_control("Activation", "whole network")
    assert isinstance(box, QComboBox)
    box.setFocus()
    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(box.mapToGlobal(QPoint(5, 5))),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        none,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, event)
    assert box.currentText() == "relu6"
    assert not event.isAccepted()


def test_an_edit_keeps_widgets_place_and_focus(inspector: InspectorPanel, qtbot: QtBot) -> None:
    inspector.resize(320, 200)
    inspector.show_inspection(BLOCK)
    qtbot.waitUntil(lambda: scroll_area(inspector).verticalScrollBar().maximum() > 0)
    control = inspector.reveal_control("Shortcut", "this block")
    control.setFocus()
    bar = scroll_area(inspector).verticalScrollBar()
    bar.setValue(bar.maximum() - 3)
    place = bar.value()
    inspector.show_inspection(
        replace(
            BLOCK,
            rows=(("Parameters", "1"), ("MACs", "2")),
            options=(
                switch("Shortcut", 0),
                switch("Shuffle", 0, reason="Nothing to shuffle."),
                choice("Activation", 2),
            ),
        )
    )
    assert inspector.reveal_control("Shortcut", "this block") is control
    assert control.state is False  # type: ignore[attr-defined]
    assert control.hasFocus()
    assert bar.value() == place
    assert "8,832" not in texts(inspector)


def test_an_edit_that_changes_the_options_keeps_place_and_focus_too(inspector: InspectorPanel, qtbot: QtBot) -> None:
    long = replace(BLOCK, rows=tuple((f"Figure {n}", str(n)) for n in range(12)))
    inspector.show_inspection(long)
    qtbot.waitUntil(lambda: scroll_area(inspector).verticalScrollBar().maximum() > 10)
    inspector.reveal_control("Shortcut", "this block").setFocus()
    scroll_area(inspector).verticalScrollBar().setValue(10)
    inspector.show_inspection(replace(long, options=(*BLOCK.options, choice("Width", 0))))
    assert inspector.reveal_control("Shortcut", "this block").hasFocus()
    QApplication.processEvents()
    assert scroll_area(inspector).verticalScrollBar().value() == 10
    inspector.show_inspection(replace(BLOCK, path="features.4"))
    QApplication.processEvents()
    assert scroll_area(inspector).verticalScrollBar().value() == 0


def test_a_page_set_aside_comes_back_as_it_was(inspector: InspectorPanel) -> None:
    inspector.show_inspection(BLOCK)
    page, other = inspector._page, replace(BLOCK, path="features.4")
    inspector.set_page_aside()
    inspector.show_inspection(other)
    assert BLOCK.path not in texts(inspector)
    inspector.set_page_aside()
    inspector.show_inspection(BLOCK)
    assert inspector._page is page
    assert BLOCK.path in texts(inspector)
    inspector.set_page_aside()
    inspector.show_inspection(replace(BLOCK, title="Changed meanwhile"))  # of the same card
    assert inspector._page is not page
    assert "Changed meanwhile" in texts(inspector)


def test_few_pages_are_set_aside(inspector: InspectorPanel, qtbot: QtBot) -> None:
    for number in range(9):
        inspector.show_inspection(replace(BLOCK, path=f"features.{number}"))
        inspector.set_page_aside()
    inspector.show_inspection(None)
    qtbot.waitUntil(lambda: len(inspector.findChildren(QScrollArea)) < 6)
    assert len(texts(inspector)) == 1


@pytest.mark.parametrize("width", [240, 320, 500])
def test_the_page_is_as_wide_as_the_panel_and_as_high_as_what_it_says(
    inspector: InspectorPanel, qtbot: QtBot, width: int
) -> None:
    path = "features.denseblock3.denselayer24.a_module_with_a_rather_long_name.conv"
    inspector.show_inspection(replace(BLOCK, path=path))
    inspector.resize(width, 300)
    page = inspector._page
    assert page is not None
    qtbot.waitUntil(lambda: page.width() == scroll_area(inspector).viewport().width())
    last = inspector.reveal_control("Activation", "whole network")

    def spare() -> int:
        return page.height() - last.mapTo(page, QPoint(0, last.height())).y()

    qtbot.waitUntil(lambda: spare() < 40 or page.height() == scroll_area(inspector).viewport().height())
    for label in page.findChildren(QLabel):
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width())


def slider(present: int, scope: str = "this block") -> Option:
    choices = tuple(Choice(f"×{n}", None if n == present else n) for n in range(7))
    return Option("Expansion", scope, choices, present, "slider")


def test_a_slider_shows_while_it_moves_and_says_it_once_when_let_go(inspector: InspectorPanel, qtbot: QtBot) -> None:
    inspector.show_inspection(replace(BLOCK, options=(slider(6),)))
    control = inspector.reveal_control("Expansion", "this block")
    assert isinstance(control, ChoiceSlider)
    considered: list[object] = []
    wanted: list[object] = []
    inspector.edit_hovered.connect(considered.append)
    inspector.edit_requested.connect(wanted.append)
    control._slider.setSliderDown(True)
    for at in (5, 4, 3):
        control._slider.setValue(at)
    assert considered == [5, 4, 3]
    assert wanted == []
    control._slider.setSliderDown(False)
    assert wanted == [3]
    assert control.text == "×3"


def test_what_was_typed_keeps_the_focus_when_the_options_change(inspector: InspectorPanel, qtbot: QtBot) -> None:
    block = replace(BLOCK, options=(slider(6), switch("Shortcut", 1)))
    inspector.show_inspection(block)
    control = inspector.reveal_control("Expansion", "this block")
    assert isinstance(control, ChoiceSlider)
    control._value.setFocus()
    control._value.selectAll()
    qtbot.keyClicks(control._value, "3")
    with qtbot.waitSignal(inspector.edit_requested):
        qtbot.keyClick(control._value, Qt.Key.Key_Return)
    inspector.show_inspection(replace(block, options=(slider(3), choice("Width", 0))))
    again = inspector.reveal_control("Expansion", "this block")
    assert again is not control
    assert again.hasFocus()


def test_a_slider_back_where_it_was_wants_nothing(inspector: InspectorPanel, qtbot: QtBot) -> None:
    inspector.show_inspection(replace(BLOCK, options=(slider(6),)))
    control = inspector.reveal_control("Expansion", "this block")
    assert isinstance(control, ChoiceSlider)
    considered: list[object] = []
    inspector.edit_hovered.connect(considered.append)
    with qtbot.assertNotEmitted(inspector.edit_requested):
        control._slider.setSliderDown(True)
        control._slider.setValue(2)
        control._slider.setValue(6)
        control._slider.setSliderDown(False)
    assert considered[-1] is None


def test_a_slider_moved_by_keys_counts_when_they_rest(inspector: InspectorPanel, qtbot: QtBot) -> None:
    inspector.show_inspection(replace(BLOCK, options=(slider(3),)))
    control = inspector.reveal_control("Expansion", "this block")
    assert isinstance(control, ChoiceSlider)
    control.setFocus()
    wanted: list[object] = []
    inspector.edit_requested.connect(wanted.append)
    for _ in range(2):
        qtbot.keyClick(control._slider, Qt.Key.Key_Right)
    assert wanted == []
    qtbot.keyClick(control._slider, Qt.Key.Key_Return)
    assert wanted == [5]
    qtbot.keyClick(control._slider, Qt.Key.Key_Left)
    qtbot.keyClick(control._slider, Qt.Key.Key_Escape)
    assert wanted == [5]
    assert control.text == "×5"
    qtbot.keyClick(control._slider, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: wanted == [5, 4])


def test_actions_are_buttons_that_show_and_do(inspector: InspectorPanel, qtbot: QtBot) -> None:
    option = Option("Depth", "this block", (Choice("repeat", "twice"), Choice("remove", "gone")), -1, "actions")
    inspector.show_inspection(replace(BLOCK, options=(option,)))
    first, second = inspector.reveal_control("Depth", "this block").findChildren(QPushButton)
    with qtbot.waitSignal(inspector.edit_hovered) as told:
        second.setFocus()
    assert told.args == ["gone"]
    with qtbot.waitSignal(inspector.edit_requested) as told:
        qtbot.keyClick(second, Qt.Key.Key_Space)
    assert told.args == ["gone"]
    assert first.accessibleName() == "Depth: repeat, this block"


def test_another_card_starts_with_its_narrowest_scope(inspector: InspectorPanel) -> None:
    inspector.show_inspection(BLOCK)
    assert inspector._page is not None
    assert inspector._page.scopes.scope == "this block"
    inspector._page.scopes.show_scope("whole network")
    inspector.show_inspection(replace(BLOCK, options=BLOCK.options[1:]))  # the same card after an edit
    assert inspector._page.scopes.scope == "whole network"
    inspector.show_inspection(replace(BLOCK, path="features.4"))
    assert inspector._page.scopes.scope == "this block"


@pytest.mark.parametrize("rebuilt", [False, True])
def test_the_reverse_of_a_click_is_previewed_only_when_the_pointer_comes_back(
    inspector: InspectorPanel, qtbot: QtBot, rebuilt: bool
) -> None:
    """Also where the edit changes which rows there are, and the control under the pointer is another widget."""

    def enter() -> list[object]:
        hovered: list[object] = []
        inspector.edit_hovered.connect(hovered.append)
        QApplication.sendEvent(inspector.reveal_control("Shortcut", "this block"), QEvent(QEvent.Type.Enter))
        inspector.edit_hovered.disconnect(hovered.append)
        return hovered

    options = (switch("Shortcut", 1), choice("Activation", 0))
    inspector.show_inspection(replace(BLOCK, options=options))
    assert enter() == [("Shortcut", "off")]
    qtbot.mouseClick(inspector.reveal_control("Shortcut", "this block"), Qt.MouseButton.LeftButton)
    options = (switch("Shortcut", 0), *(() if rebuilt else options[1:]))
    inspector.show_inspection(replace(BLOCK, options=options))
    assert enter() == []
    QApplication.sendEvent(inspector.reveal_control("Shortcut", "this block"), QEvent(QEvent.Type.Leave))
    assert enter() == [("Shortcut", "on")]


@pytest.mark.parametrize(
    ("key", "card"),
    [
        ("mobilenet_v1", "features.1"),
        ("vgg16", "features.0"),
        ("mobilenet_v2", "features.3"),
        ("resnet50", "layer2.1"),
        ("densenet121", "features.denseblock1"),
    ],
)
def test_no_button_is_cut(key: str, card: str, inspector: InspectorPanel, opened: Callable[[str], Network]) -> None:
    inspector.resize(330, 800)
    inspector.show_inspection(build_inspection(opened(key).analysis, (card,) if card else ()))
    assert inspector._page is not None
    for scope in {option.scope for option in inspector.inspection.options}:
        inspector._page.scopes.show_scope(scope)
        QApplication.processEvents()
        for button in inspector._page.scopes.findChildren(QPushButton):
            assert not button.isVisible() or button.width() >= button.sizeHint().width(), button.text()
    assert inspector._page.scopes.findChildren(QPushButton)


def test_only_what_is_seen_is_built(inspector: InspectorPanel, opened: Callable[[str], Network]) -> None:
    """Building the controls of all scopes took most of a click's time."""
    inspection = build_inspection(opened("mobilenet_v2").analysis, ("features.3",))
    assert inspection is not None
    inspector.show_inspection(inspection)
    assert inspector._page is not None
    built = inspector._page.options
    assert {scope for _, scope in built} == {inspector._page.scopes.scope}
    assert len(built) < len(inspection.options) / 2
    title, scope = next((o.title, o.scope) for o in inspection.options if o.scope == "whole network" and not o.reason)
    inspector.show_inspection(replace(inspection, options=tuple(replace(o, tip="new") for o in inspection.options)))
    assert inspector.reveal_control(title, scope).toolTip() == "new"  # as it is at present, whenever it is built


def test_behind_another_panel_nothing_is_considered(inspector: InspectorPanel, qtbot: QtBot) -> None:
    inspector.show_inspection(BLOCK)
    with qtbot.waitSignal(inspector.edit_hovered) as told:
        inspector.reveal_control("Shortcut", "this block").setFocus()
    assert told.args != [None]
    told_last: list[object] = []
    inspector.edit_hovered.connect(told_last.append)
    inspector.hide()
    assert told_last[-1] is None


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [("8", 3), ("×8", 3), ("7.6", 3), ("1/4", 0), ("0.3", 0), ("many", None), ("", None), ("1/0", None), ("6", None)],
)
def test_a_value_can_be_typed(qtbot: QtBot, typed: str, chosen: int | None) -> None:
    """The nearest choice counts; what is no number, or what is set already, changes nothing."""
    slider = ChoiceSlider()
    qtbot.addWidget(slider)
    slider.show_choices(["×1/4", "×1", "×6", "×8"], 2)
    committed: list[int] = []
    slider.value_committed.connect(committed.append)
    slider._value.selectAll()
    qtbot.keyClicks(slider._value, typed) if typed else qtbot.keyClick(slider._value, Qt.Key.Key_Delete)
    qtbot.keyClick(slider._value, Qt.Key.Key_Return)
    assert committed == ([] if chosen is None else [chosen])
    assert slider.text == ("×6" if chosen is None else slider._labels[chosen])


def test_escape_takes_back_what_was_typed(qtbot: QtBot) -> None:
    slider = ChoiceSlider()
    qtbot.addWidget(slider)
    slider.show_choices(["1", "2"], 0)
    qtbot.keyClicks(slider._value, "2")
    qtbot.keyClick(slider._value, Qt.Key.Key_Escape)
    assert slider.text == "1"


def test_enter_commits_at_once_and_the_next_state_is_shown(qtbot: QtBot) -> None:
    slider = ChoiceSlider()
    qtbot.addWidget(slider)
    slider.show_choices(["1", "2", "3"], 0)
    committed: list[int] = []
    slider.value_committed.connect(committed.append)
    slider._slider.setValue(1)  # as by a key: it counts when the keys rest
    assert committed == []
    qtbot.keyClick(slider._slider, Qt.Key.Key_Return)
    assert committed == [1]
    slider.show_choices(["1", "2", "3"], 2)
    assert slider.text == "3"


def test_no_word_is_cut_in_a_narrow_panel(
    inspector: InspectorPanel, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    inspector.show_inspection(build_inspection(opened("mobilenet_v2").analysis, ("features.4",)))
    for width in (250, 400, 250):
        inspector.resize(width, 700)
        QApplication.processEvents()
        assert scroll_area(inspector).viewport().width() >= scroll_area(inspector).widget().minimumSizeHint().width()
        for button in inspector.findChildren(QPushButton):
            if button.isVisible():
                assert button.width() >= button.sizeHint().width(), (width, button.text())
        for label in inspector.findChildren(QLabel):
            if label.isVisible() and label.text() == "InvertedResidual":
                assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())


def top_of(inspector: InspectorPanel, key: tuple[str, str]) -> int:
    QApplication.processEvents()
    assert inspector._page is not None
    return inspector._page.options[key].control.mapTo(inspector, QPoint(0, 0)).y()


SLIDER = Option("Width", "this block", tuple(Choice(str(n), n) for n in range(8)), 3, "slider")


WIDTH = ("Width", "this block")


def use_slider(inspector: InspectorPanel) -> tuple[Inspection, int]:
    """Show a block, and give its slider the keyboard; return the block, and where the slider is."""
    first = replace(BLOCK, options=(*BLOCK.options, SLIDER))
    inspector.show_inspection(first)
    assert inspector._page is not None
    inspector._page.options[WIDTH].control.setFocus()
    return first, top_of(inspector, WIDTH)


@pytest.mark.parametrize("height", [240, 320, 900])
@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (BLOCK.rows * 3, BLOCK.options),
        (BLOCK.rows[:1], BLOCK.options),
        (BLOCK.rows, (switch("Join", 1), switch("Gate", 1), *BLOCK.options)),
        (BLOCK.rows, (switch("Shortcut", 1, reason="No longer."), *BLOCK.options[1:])),
        (BLOCK.rows, ()),
        (BLOCK.rows, BLOCK.options),
        (tuple((name, f"{value} (12.5 %), 2 kept, 14 sliced") for name, value in BLOCK.rows), BLOCK.options),
        ((("A name that is longer than the others are", "2 kept, 2 sliced, 14 extended"), *BLOCK.rows), ()),
    ],
)
def test_the_control_in_use_stays_under_the_pointer(
    inspector: InspectorPanel, height: int, rows: tuple[tuple[str, str], ...], options: tuple[Option, ...]
) -> None:
    """Whatever an edit brings or takes away above it: rows, options, a longer sentence."""
    inspector.resize(320, height)
    first, before = use_slider(inspector)
    longer = " ".join([BLOCK.description] * 3)
    inspector.show_inspection(replace(first, rows=rows, options=(*options, SLIDER), description=longer))
    assert top_of(inspector, WIDTH) == before
    inspector.show_inspection(first)
    assert top_of(inspector, WIDTH) == before
    inspector.show_inspection(replace(first, path="features.4"))
    assert scroll_area(inspector).verticalScrollBar().value() == 0


@pytest.mark.parametrize("length", range(20, 40))
def test_a_scroll_bar_that_comes_moves_no_control(inspector: InspectorPanel, length: int, qtbot: QtBot) -> None:
    """A value that just fits is wrapped where the bar takes its room."""
    inspector.resize(320, 900)
    first, before = use_slider(inspector)
    rows = tuple((name, "1 " * length) for name, _ in BLOCK.rows)
    longer = " ".join([BLOCK.description] * 3)
    inspector.show_inspection(replace(first, rows=rows, description=longer))
    assert scroll_area(inspector).verticalScrollBar().maximum()
    assert top_of(inspector, WIDTH) == before
