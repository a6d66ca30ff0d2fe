"""The output panel: samples come in every way, bars and distance say what changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from explorer.base.languages import tr, translator
from explorer.ui.output.panel import OutputPanel
from explorer.ui.plugin.low_panel import LowPanel
from explorer.viewmodels.panels import Choice, ClassPrediction, OutputComparison, RgbImage

OUTPUT = OutputComparison(
    predictions=(
        ClassPrediction("tabby, tabby cat", 0.4, 0.2),
        ClassPrediction("Egyptian cat", 0.2, 0.2),
        ClassPrediction("lynx", 0.01, 0.1),
    ),
    divergence=0.137,
    top1_changed=True,
    note="Untrained (seeded) weights: the class is arbitrary, what to watch is the change.",
    milliseconds=48.2,
    recomputed_text="12 of 157 ops ran",
)


@pytest.fixture
def panel(qtbot: QtBot) -> OutputPanel:
    made = OutputPanel()
    qtbot.addWidget(made)
    made.resize(400, 210)
    made.set_samples([("cat", "Cat"), ("coffee", "Coffee")])
    made.show()
    return made


def red() -> QImage:
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    return image


def test_samples_are_chosen_by_click_and_key(panel: OutputPanel, qtbot: QtBot) -> None:
    place = panel.samples.visualItemRect(panel.samples.item(1)).center()
    with qtbot.waitSignal(panel.sample_selected) as told:
        qtbot.mouseClick(panel.samples.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == ["coffee"]
    panel.samples.setCurrentRow(0)
    with qtbot.waitSignal(panel.sample_selected) as told:
        qtbot.keyClick(panel.samples, Qt.Key.Key_Return)
    assert told.args == ["cat"]
    with qtbot.waitSignal(panel.open_image_requested):
        qtbot.mouseClick(panel.open_button, Qt.MouseButton.LeftButton)


def test_the_sample_is_shown_and_marked(panel: OutputPanel) -> None:
    panel.show_sample(red(), "Coffee", "coffee")
    assert panel.samples.currentItem().toolTip() == "Coffee"
    panel.show_sample(red(), "holiday.png")
    assert panel.samples.currentItem() is None
    assert "30 × 20" in panel.photo.toolTip()
    centre = panel.photo.grab().toImage()
    assert centre.pixelColor(centre.width() // 2, centre.height() // 2) == Qt.GlobalColor.red


def test_what_the_network_does_not_see_is_dimmed(panel: OutputPanel) -> None:
    panel.show_sample(red(), "Coffee", "coffee")
    panel.show_output(replace(OUTPUT, crop=(5.0, 0.0, 20.0, 20.0)))
    assert "the bright 20 × 20 pixels" in panel.photo.toolTip()
    seen = panel.photo.grab().toImage()
    middle = seen.height() // 2
    assert seen.pixelColor(seen.width() // 2, middle) == Qt.GlobalColor.red
    assert seen.pixelColor(6, middle).red() < 180


def test_more_or_fewer_classes_and_logits(panel: OutputPanel, qtbot: QtBot) -> None:
    panel.resize(700, 400)
    panel.show_output(
        replace(OUTPUT, predictions=tuple(ClassPrediction(f"class {n}", 0.1, 0.1, n - 3.0, 2.0) for n in range(10)))
    )
    entries = {action.text(): action for action in panel.view_button.menu().actions()}
    entries["Top 10"].trigger()
    entries["Logits"].trigger()
    assert panel.view_button.text() == "Top 10 · logits"
    assert (panel.bars.count, panel.bars.logits) == (10, True)
    panel.grab()


def test_maps_are_shown_when_there_are_some(panel: OutputPanel) -> None:
    assert not panel.maps.isVisible()
    panel.show_output(replace(OUTPUT, maps=(RgbImage(2, 1, bytes(6)), RgbImage(2, 1, bytes(6)))))
    assert panel.maps.isVisible()
    panel.grab()
    panel.show_output(OUTPUT)
    assert not panel.maps.isVisible()


@pytest.mark.parametrize(("width", "height"), [(85, 784), (784, 5), (56, 56)])
def test_two_outputs_stand_beside_each_other_whatever_their_sides(panel: OutputPanel, width: int, height: int) -> None:
    panel.resize(700, 300)
    panel.show_output(replace(OUTPUT, maps=(RgbImage(width, height, bytes(3 * width * height)),) * 2))
    panel.grab()
    (now, left), (before, right) = panel.maps.places()
    assert (now, before) == ("Now", "Before")
    assert left.left() + panel.maps.fontMetrics().horizontalAdvance(now) < right.left()
    assert left.right() < right.left()
    assert min(left.width(), left.height()) >= max(left.width(), left.height()) / 4
    assert panel.maps.rect().contains(right.toAlignedRect())


def test_what_is_new_and_what_is_broken_is_said(panel: OutputPanel) -> None:
    panel.show_output(replace(OUTPUT, weights_text="3 of 52 layers have new weights, so the class means little."))
    assert panel.note.text().startswith("3 of 52 layers have new weights")
    panel.show_output(replace(OUTPUT, non_finite_text="NaN begins at features.3: the output has no meaning."))
    assert panel.note.text() == "NaN begins at features.3: the output has no meaning."
    assert not panel.bars.isVisible()
    assert not panel.divergence.isVisible()


def test_an_error_offers_ways_out(panel: OutputPanel, qtbot: QtBot) -> None:
    panel.show_error("Too large.", [Choice("Resolution 128", "the edit")])
    button = panel.repair_row.itemAt(0).widget()
    assert isinstance(button, QPushButton)
    with qtbot.waitSignal(panel.edit_requested) as told:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told.args == ["the edit"]
    panel.show_output(OUTPUT)
    assert panel.repair_row.count() == 0


def test_a_file_is_dropped(panel: OutputPanel, qtbot: QtBot, tmp_path: Path) -> None:
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(tmp_path / "own.png"))])
    buttons, none, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    entering = QDragEnterEvent(QPoint(5, 5), copy, content, buttons, none)
    QApplication.sendEvent(panel, entering)
    assert entering.isAccepted()
    with qtbot.waitSignal(panel.image_dropped) as told:
        QApplication.sendEvent(panel, QDropEvent(QPointF(5, 5), copy, content, buttons, none))
    assert told.args == [str(tmp_path / "own.png")]


def test_what_is_no_image_is_not_taken(panel: OutputPanel) -> None:
    content = QMimeData()
    content.setText("just words")
    entering = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, content, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    entering.ignore()
    QApplication.sendEvent(panel, entering)
    assert not entering.isAccepted()


def test_an_image_is_pasted(panel: OutputPanel, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setImage(red())
    with qtbot.waitSignal(panel.image_pasted) as told:
        qtbot.keyClick(panel, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert told.args[0].size() == red().size()


def test_the_output_is_said_in_words(panel: OutputPanel) -> None:
    panel.show_output(OUTPUT)
    assert panel.divergence.text == "Compared with baseline: moderate difference (0.137 bits), different top class"
    assert panel.divergence.short_text == "Moderate difference · 0.137 bits · different top class"
    assert "tabby, tabby cat: 40.000 % now, 20.000 % before" in panel.bars.toolTip()
    assert panel.note.text().endswith("12 of 157 ops ran, 48 ms.")


@pytest.mark.parametrize(
    ("divergence", "word"),
    [(0.0, "identical"), (0.01, "small difference"), (0.2, "moderate difference"), (0.9, "large difference")],
)
def test_how_far_apart(panel: OutputPanel, divergence: float, word: str) -> None:
    panel.show_output(OutputComparison(OUTPUT.predictions, divergence, False, "", 1.0))
    assert panel.divergence.text == f"Compared with baseline: {word} ({divergence:.3f} bits)"


def test_a_small_distance_is_not_said_to_be_none(panel: OutputPanel) -> None:
    panel.show_output(OutputComparison(OUTPUT.predictions, 0.0002, False, "", 1.0))
    assert panel.divergence.text == "Compared with baseline: small difference (less than 0.001 bits)"


def test_without_output_it_says_what_to_do_and_an_error_what_is_the_matter(panel: OutputPanel) -> None:
    assert "Open a network" in panel.note.text()
    panel.show_output(OUTPUT)
    assert panel.bars.isVisible()
    panel.show_error("features.3: sizes 24 and 32 do not match")
    assert panel.note.text() == "features.3: sizes 24 and 32 do not match"
    assert not panel.bars.isVisible()
    panel.show_output(OUTPUT)
    assert panel.bars.isVisible()


@pytest.mark.parametrize("width", [300, 400, 700])
def test_any_width_is_painted_and_long_words_are_elided(panel: OutputPanel, width: int) -> None:
    panel.resize(width, 210)
    panel.show_output(OUTPUT)
    panel.show_busy(True)
    panel.grab()
    panel.show_busy(False)
    panel.grab()
    QApplication.processEvents()
    lines = panel.note._break_lines(panel.note.width())
    assert 1 <= len(lines) <= 3
    assert all(panel.note.fontMetrics().horizontalAdvance(line.rstrip()) <= panel.note.width() + 1 for line in lines)
    assert panel.note.height() >= panel.note.heightForWidth(panel.note.width())


def test_what_is_said_without_output_follows_the_language(panel: OutputPanel) -> None:
    panel.show_output(None)
    translator.set_language("zh")
    assert panel.note.text() == tr("Open a network to see its output for this image.") != ""
    assert "Open a network" not in panel.note.text()
    panel.show_error("no such image")
    translator.set_language("en")
    assert panel.note.text() == "no such image"


def test_in_a_low_and_wide_place_photo_and_classes_come_first(panel: OutputPanel, qtbot: QtBot) -> None:
    """As below the diagram of a small window, where the rest is scrolled to."""
    seen = LowPanel(panel)
    qtbot.addWidget(seen)
    panel.show_output(OUTPUT)
    panel.offer_trained_weights("Load trained weights, 13.6 MiB")
    seen.resize(930, 100)
    seen.show()
    qtbot.waitUntil(lambda: panel.bars.geometry().top() < 50)
    assert panel.photo.geometry().bottom() < 100
    assert panel.divergence.geometry().top() < panel.weights_button.geometry().bottom()
    seen.resize(930, 320)
    qtbot.waitUntil(lambda: panel.divergence.geometry().top() > panel.weights_button.geometry().bottom())
    assert panel.photo.height() > 100
    assert seen.takeWidget() is panel  # it is closed on its own


@pytest.mark.parametrize("width", [330, 450, 600, 900])
def test_the_offer_of_weights_is_never_cut(panel: OutputPanel, qtbot: QtBot, width: int) -> None:
    panel.show_output(OUTPUT)
    panel.offer_trained_weights("Load weights, 13.6 MiB")
    panel.resize(width, 260)
    panel.show()
    qtbot.waitUntil(lambda: panel.trained_button.width() >= panel.trained_button.sizeHint().width())
    assert panel.note.width() >= 140 or panel.note.y() != panel.trained_button.y()
