"""The list of networks: what a filter keeps, the keyboard, what is open."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.networks.catalogue import all_entries
from explorer.ui.library.delegate import IS_OPEN, _whole_phrases
from explorer.ui.library.panel import LibraryPanel, NetworkRow, build_network_rows, filter_rows

ROWS = (
    NetworkRow("alexnet", "AlexNet", "AlexNet", 2012, 61.1e6, 714e6, 56.5, "AlexNet"),
    NetworkRow("resnet18", "ResNet-18", "ResNet", 2015, 11.7e6, 1.81e9, 69.8, "small"),
    NetworkRow("resnet50", "ResNet-50", "ResNet", 2015, 25.6e6, 4.09e9, 76.1, "middle"),
    NetworkRow("mobilenet_v2", "MobileNet v2", "MobileNet", 2018, 3.5e6, 301e6, 72.0, "light"),
    NetworkRow("mobilenet_v1", "MobileNet v1", "MobileNet", 2017, 4.2e6, 569e6, None, "light"),
)


@pytest.fixture
def library(qtbot: QtBot) -> LibraryPanel:
    made = LibraryPanel()
    qtbot.addWidget(made)
    made.resize(260, 500)
    made.show_rows(ROWS)
    made.show()
    return made


def family(library: LibraryPanel, at: int) -> QModelIndex:
    return library.model.item(at).index()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", [row.key for row in ROWS]),
        ("resnet", ["resnet18", "resnet50"]),
        ("RESNET 50", ["resnet50"]),
        ("2015", ["resnet18", "resnet50"]),
        ("params<5M", ["mobilenet_v2", "mobilenet_v1"]),
        ("params<5m year>=2018", ["mobilenet_v2"]),
        ("macs>1G", ["resnet18", "resnet50"]),
        ("flops>=8g", ["resnet50"]),
        ("top1>75", ["resnet50"]),
        ("top1<75 mobilenet", ["mobilenet_v2"]),  # what was not published does not match
        ("year=2012", ["alexnet"]),
        ("params < 5 M", ["mobilenet_v2", "mobilenet_v1"]),
        ("params≤4.2M year≥2018", ["mobilenet_v2"]),
        ("macs>=1B top1>70%", ["resnet50"]),
        ("family:resnet -50", ["resnet18"]),
        ("kind:mobile", ["mobilenet_v2", "mobilenet_v1"]),
        ("year:2012", ["alexnet"]),
        ("year!=2015 -mobile", ["alexnet"]),
        (r"/^resnet\d+$/", ["resnet18", "resnet50"]),
        ("no such network", []),
    ],
)
def test_every_word_must_match(text: str, kept: list[str]) -> None:
    assert [row.key for row in filter_rows(ROWS, text)] == kept


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("params<1.2.3", "1.2.3 is no number"),
        ("parms<5M", "did you mean params?"),
        ("stride=2", "there is no figure stride"),
        ("family:resnext50", "family:resnext50 is unknown"),
    ],
)
def test_a_filter_that_is_not_understood_says_why(library: LibraryPanel, text: str, message: str) -> None:
    library.filter.setText(text)
    assert library.listed_keys() == []
    assert message in library.empty_label.text()
    library.filter.setText("no such network")
    assert library.empty_label.text() == "No network matches."


def test_rows_say_figures_with_and_without_accuracy() -> None:
    assert ROWS[2].figures == "25.6 M params · 4.09 G MACs · 76.1 % top-1"
    assert ROWS[4].figures == ROWS[4].brief == "4.20 M params · 569 M MACs"


def test_the_whole_catalogue_is_listed(library: LibraryPanel) -> None:
    catalogue = list(all_entries())
    library.show_rows(build_network_rows(catalogue))
    assert sorted(library.listed_keys()) == sorted(entry.key for entry in catalogue)


def test_typing_filters_and_nothing_offers_to_clear(library: LibraryPanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(library.filter, "top1>75")
    assert library.listed_keys() == ["resnet50"]
    qtbot.keyClicks(library.filter, " zzz")
    assert library.listed_keys() == []
    assert library.empty_label.isVisible()
    assert not library.view.isVisible()
    qtbot.mouseClick(library.clear_button, Qt.MouseButton.LeftButton)
    assert len(library.listed_keys()) == len(ROWS)
    assert library.view.isVisible()
    assert not library.empty_label.isVisible()


def test_a_click_opens_a_network_and_folds_a_family(library: LibraryPanel, qtbot: QtBot) -> None:
    index = library.model.item(1).child(1).index()
    with qtbot.waitSignal(library.network_requested) as told:
        place = library.view.visualRect(index).center()
        qtbot.mouseClick(library.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == ["resnet50"]
    with qtbot.assertNotEmitted(library.network_requested):
        place = library.view.visualRect(family(library, 1)).center()
        qtbot.mouseClick(library.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not library.view.isExpanded(family(library, 1))


def test_folded_families_open_for_a_filter_and_fold_again(library: LibraryPanel) -> None:
    library.view.collapse(family(library, 1))
    library.filter.setText("resnet")
    assert library.view.isExpanded(family(library, 0))
    library.filter.clear()
    assert not library.view.isExpanded(family(library, 1))
    assert library.view.isExpanded(family(library, 0))


def test_the_keyboard_goes_from_the_filter_to_a_network(library: LibraryPanel, qtbot: QtBot) -> None:
    library.activateWindow()
    library.filter.setFocus()
    qtbot.keyClicks(library.filter, "mobile")
    with qtbot.assertNotEmitted(library.network_requested):
        qtbot.keyClick(library.filter, Qt.Key.Key_Down)
    with qtbot.waitSignal(library.network_requested) as told:
        qtbot.keyClick(library.view, Qt.Key.Key_Down)
        qtbot.keyClick(library.view, Qt.Key.Key_Return)
    assert told.args == ["mobilenet_v1"]
    with qtbot.waitSignal(library.network_requested) as told:
        qtbot.keyClick(library.filter, Qt.Key.Key_Return)
    assert told.args == ["mobilenet_v2"]
    qtbot.keyClick(library.filter, Qt.Key.Key_Escape)
    assert library.filter.text() == ""


def test_the_open_one_stays_marked_wherever_the_keyboard_goes(library: LibraryPanel, qtbot: QtBot) -> None:
    catalogue = {entry.key: entry for entry in all_entries()}
    library.mark_open(catalogue["resnet18"], {})
    for _ in range(3):
        qtbot.keyClick(library.view, Qt.Key.Key_Down)
    assert [item.text() for item in library._items() if item.data(IS_OPEN)] == ["ResNet-18"]
    library.filter.setText("ResNet")
    assert [item.text() for item in library._items() if item.data(IS_OPEN)] == ["ResNet-18"]
    library.mark_open(catalogue["alexnet"], {})
    assert [item.text() for item in library._items() if item.data(IS_OPEN)] == []


def test_a_network_that_is_not_listed_leaves_none_marked(library: LibraryPanel) -> None:
    library.mark_open({entry.key: entry for entry in all_entries()}["resnet18"], {})
    library.mark_open(None, {})
    assert not [item.text() for item in library._items() if item.data(IS_OPEN)]
    library.filter.setText("ResNet")  # the list is made anew
    assert not [item.text() for item in library._items() if item.data(IS_OPEN)]


def test_figures_are_never_cut_within_a_number(qapp: QApplication) -> None:
    said, font = "61.0 M params · 724 M MACs · 59.3 %", qapp.font()
    width = QFontMetricsF(font).horizontalAdvance
    fitting = [_whole_phrases(said, font, QRectF(0, 0, room, 20)) for room in (1000, width(said) - 1, width("61"))]
    assert fitting == [said, "61.0 M params · 724 M MACs", "61.0 M params"]
