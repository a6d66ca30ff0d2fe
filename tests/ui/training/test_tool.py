"""The training panel: both networks trained, their curves, their weights in the open network, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation, ToggleChannelShuffle
from explorer.training import launch
from explorer.training.data_spec import DataSpec
from explorer.training.groups import list_groups
from explorer.training.launch import pause_run
from explorer.training.recipe import recipe_from_json
from explorer.ui.shell.window import Window
from explorer.ui.training.closer_look_dialog import CloserLookDialog
from explorer.ui.training.data_choice import DataChoice
from explorer.ui.training.panel import TrainingPanel
from explorer.ui.training.sweep_form import SweepForm
from explorer.ui.training.tool import TrainingTool
from explorer.ui.training.varied_row import ChoicesRow
from explorer.ui.widgets.chart_palette import contestant_colour
from tests.fashion_server import serve_fashion_mnist


@pytest.fixture
def panel(window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainingPanel]:
    """The panel of a window whose network's shuffles are off; its runs are short."""
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path / "data"))
    window.open_network("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=60_000)
    window.apply_edit(ToggleChannelShuffle("*", on=False))
    qtbot.waitUntil(
        lambda: window.session.network is not None and bool(window.session.network.history.edits), timeout=60_000
    )
    tool = training_tool(window)
    tool.dock.show()
    assert tool.panel is not None
    monkeypatch.setattr(tool.panel.data_choice, "spec", lambda: DataSpec("digits", train_images=64))
    tool.panel.epochs.setValue(1)
    yield tool.panel
    for group in list_groups(tmp_path / "data" / "training"):
        for folder in group.folders:
            pause_run(folder)


def training_tool(window: Window) -> TrainingTool:
    return next(made for made in window.tools if isinstance(made, TrainingTool))


def state(panel: TrainingPanel) -> str:
    return panel.results.progress.state if panel.results.progress is not None else ""


def test_both_networks_are_trained_and_their_weights_can_be_used(
    panel: TrainingPanel, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert panel.start_button.text() == "Train both"
    panel.start_button.click()
    qtbot.waitUntil(lambda: state(panel) == "finished", timeout=180_000)
    assert [row.isVisibleTo(panel.results) for row in panel.results.rows] == [True, True]
    assert "One seed says nothing" in panel.results.verdict.text()
    assert len(panel.results.plot._lines) == 2
    for row in range(panel.results.quantity_box.count()):
        panel.results.quantity_box.setCurrentIndex(row)
        panel.results.quantity_box.activated.emit(row)
        shown = [len(line.getData()[0]) for line in panel.results.plot._lines if line.getData()[0] is not None]
        assert len(shown) == 2, panel.results.quantity_box.currentText()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "training.html"), ""))
    panel.results.save_button.click()
    qtbot.waitUntil(lambda: (tmp_path / "training.html").exists(), timeout=60_000)
    panel.results.look_button.click()
    qtbot.waitUntil(lambda: bool(window.findChildren(CloserLookDialog)), timeout=60_000)
    (dialog,) = window.findChildren(CloserLookDialog)
    assert len(dialog.matrices) == 2
    assert len(dialog.images) == 3 * 8
    matrix = dialog.matrices[0]
    assert matrix.cell_at(QPoint(0, 0)) is None  # a name
    assert matrix.cell_at(matrix._margin.toPoint() + QPoint(1, 1)) == (0, 0)
    dialog.close()
    panel.results.rows[1].weights_button.click()
    qtbot.waitUntil(
        lambda: window.session.network is not None and window.session.network.context.checkpoint is not None,
        timeout=60_000,
    )
    network = window.session.network
    assert network is not None
    assert network.architecture.input_shape == (1, 3, 16, 16)
    assert network.figures.output_shape == (1, 10)


def test_points_of_the_history_and_other_networks_are_trained_beside_it(
    panel: TrainingPanel, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "start_run", lambda *folders, trusted: None)  # they are made, and not trained
    window.open_network("mobilenet_v1_x0_25")
    qtbot.waitUntil(lambda: len(window.documents) == 2 and window.session.network is not None, timeout=60_000)
    window.documents.activate(window.documents[0])
    window.apply_edit(SwapActivation("*", "silu"))
    qtbot.waitUntil(lambda: len(window.session.network.history.edits) == 2, timeout=60_000)
    button = panel.contestants
    button.contestants_menu.aboutToShow.emit()
    offered = {action.text(): action for action in button.contestants_menu.actions() if not action.isSeparator()}
    first, second, other = offered.values()
    assert next(iter(offered)) == "As it was opened"
    assert list(offered)[1].startswith("After 1. Channel shuffle off")
    assert [action.isChecked() for action in offered.values()] == [True, False, False]
    assert panel.start_button.text() == "Train both"
    second.trigger()
    other.trigger()
    assert panel.start_button.text() == "Train 4 networks"
    first.trigger()
    assert panel.start_button.text() == "Train 3 networks"
    column = panel._settings_area
    assert column.widget().minimumSizeHint().width() <= column.viewport().width()  # no button is cut
    panel.start_button.click()
    qtbot.waitUntil(lambda: len(panel.results.rows) == 3, timeout=60_000)
    assert panel.results.progress is not None
    titles = [row.title for row in panel.results.progress.rows]
    assert titles[0].endswith("Channel shuffle off everywhere")
    assert titles[1].startswith(f"{titles[0]}, ")
    assert titles[2] == window.documents[1].title
    assert len({contestant_colour(place) for place in range(3)}) == 3


def test_a_training_is_paused_and_found_again(panel: TrainingPanel, window: Window, qtbot: QtBot) -> None:
    panel.epochs.setValue(5000)
    panel.start_button.click()
    qtbot.waitUntil(lambda: state(panel) == "running" and len(panel.results.plot._lines) > 0, timeout=120_000)
    panel.results.pause_button.click()
    qtbot.waitUntil(lambda: state(panel) == "paused", timeout=60_000)
    assert panel.results.resume_button.isVisibleTo(panel.results)
    (group,) = list_groups()
    assert [folder.read_state().state for folder in group.folders] == ["paused", "new"]


def test_what_is_in_the_data_is_shown(panel: TrainingPanel, qtbot: QtBot) -> None:
    panel.data_choice.changed.emit()
    qtbot.waitUntil(lambda: "64 images to train on" in panel.data_choice.samples.caption.text(), timeout=60_000)
    assert panel.data_choice.samples.picture.pixmap().width() > 100


def test_a_folder_that_is_no_data_set_says_why(
    panel: TrainingPanel, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel.data_choice, "spec", partial(DataChoice.spec, panel.data_choice))
    (tmp_path / "photos" / "cats").mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "photos" / "cats" / "a.png")
    panel.data_choice.set_folder(str(tmp_path / "photos"))
    qtbot.waitUntil(lambda: "single class" in panel.data_choice.samples.caption.text(), timeout=60_000)
    panel.start_button.click()
    qtbot.waitUntil(lambda: "single class" in panel.results.verdict.text(), timeout=60_000)
    assert panel.start_button.isEnabled()


def test_every_field_of_the_form_reaches_the_recipe(panel: TrainingPanel) -> None:
    from explorer.training.recipe import Recipe

    changed = Recipe(
        epochs=3, batch_size=32, optimizer="sgd", learning_rate=0.1, schedule="step", warmup=0.2, weight_decay=0.001,
        label_smoothing=0.1, crop=True, flip=True, colour=0.3, cutout=0.2, mixup=0.4, initialisation="xavier",
        trained="new", precision="bfloat16",
    )  # fmt: skip
    panel.recipe_form.show_recipe(changed)
    assert panel.recipe_form.recipe(3) == changed


def test_the_selected_card_can_be_frozen(panel: TrainingPanel, window: Window) -> None:
    form = panel.recipe_form
    assert not form.freeze_box.isEnabled()
    window.session.select("stage2")
    assert form.freeze_box.text() == "Freeze up to stage2"
    form.freeze_box.setChecked(True)
    window.session.select(None)
    recipe = form.recipe(1)
    assert (recipe.frozen_until, recipe.initialisation) == ("stage2.3.branch2.7", "network")
    form.freeze_box.setChecked(False)
    assert form.recipe(1).frozen_until == ""


def test_a_set_has_the_controls_that_matter_for_it(panel: TrainingPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel.data_choice, "spec", partial(DataChoice.spec, panel.data_choice))
    controls = panel.data_choice.form.controls
    for name, value in (("train_images", 200), ("noise", 0.3), ("clutter", 5), ("test_share", 0.5)):
        controls[name].setValue(value)  # type: ignore[arg-type]  # a whole number where it takes one
    panel.data_choice.box.setCurrentIndex(panel.data_choice.box.findData("shapes"))
    panel.data_choice.box.activated.emit(panel.data_choice.box.currentIndex())
    assert [n for n, c in controls.items() if not c.isHidden()] == ["train_images", "noise", "clutter", "seed"]
    assert panel.data_choice.spec() == DataSpec("shapes", train_images=200, noise=0.3, clutter=5)
    panel.data_choice.box.setCurrentIndex(panel.data_choice.box.findData("digits"))
    panel.data_choice.box.activated.emit(panel.data_choice.box.currentIndex())
    assert panel.data_choice.spec() == DataSpec("digits", train_images=200, test_share=0.5)


def test_what_is_varied_becomes_a_sweep(panel: TrainingPanel, window: Window, qtbot: QtBot) -> None:
    form = open_sweep(panel, qtbot)
    (option,) = [found for found in form._options if found.title == "Channel shuffle"]
    assert option.edits[0] is None  # the window's edit has switched it off
    form.add_option(option)
    form.add_field("learning_rate")
    form.add_field("optimizer")
    plan = form.plan(DataSpec("digits"), panel.recipe(), 2)
    assert plan.vary["edits.0"] == list(option.edits)
    assert plan.vary["recipe.learning_rate"] == {"low": 0.0003, "high": 0.01, "log": True}
    assert plan.vary["recipe.optimizer"] == ["adamw", "sgd"]
    assert len(plan.points()) == 2 * 3 * 2
    assert form.count_label.text().startswith("12 points")
    form.search_box.setCurrentIndex(2)
    form.points.setValue(5)
    assert len(form.plan(DataSpec("digits"), panel.recipe(), 1).points()) == 5
    rows = form.rows
    assert isinstance(rows[0], ChoicesRow)
    rows[0].tick(1)
    assert form.plan(DataSpec("digits"), panel.recipe(), 1).vary["edits.0"] == [option.edits[1]]
    for row in list(rows):
        row.remove_button.click()
    panel.start_button.click()
    assert "varies one field at least" in panel.sweep_results.message.text()


def test_every_field_of_the_recipe_can_be_varied(panel: TrainingPanel, qtbot: QtBot) -> None:
    form = open_sweep(panel, qtbot)
    form.fill_menu()
    fields = ["epochs", *panel.recipe_form.controls]
    for field in fields:
        form.add_field(field)
        row = form.rows[-1]
        plan = form.plan(DataSpec("digits"), panel.recipe(), 1)
        for point in plan.points():
            recipe_from_json(dict(plan.recipe) | {field: point[f"recipe.{field}"]})
        row.remove_button.click()
    assert not form.rows


def test_a_sweep_is_trained_and_a_point_opened(panel: TrainingPanel, window: Window, qtbot: QtBot) -> None:
    form = open_sweep(panel, qtbot)
    form.add_option(next(found for found in form._options if found.title == "Channel shuffle"))
    panel.start_button.click()
    results = panel.sweep_results
    qtbot.waitUntil(lambda: results.progress is not None and results.progress.state == "finished", timeout=300_000)
    assert results.progress is not None
    assert results.table.rowCount() == 2
    shown = {results.table.item(row, 0).text() for row in range(2)}
    assert shown == {"off", "on"}
    results.table.sortItems(3)
    for place in range(results.cost_box.count()):
        results.cost_box.setCurrentIndex(place)
        results.cost_box.activated.emit(place)
        assert len(results.scatter._spots) == 2
    results.copy_requested.emit("markdown")
    assert "| on |" in QApplication.clipboard().text()
    before = window.session.network
    results.table.setCurrentCell(0, 0)
    results.table.activated.emit(results.table.currentIndex())
    qtbot.waitUntil(lambda: window.session.network is not before, timeout=60_000)
    network = window.session.network
    assert network is not None
    assert network.context.checkpoint is not None
    assert network.figures.output_shape == (1, 10)


def open_sweep(panel: TrainingPanel, qtbot: QtBot) -> SweepForm:
    """The form of the sweep, which knows what the open network can vary."""
    panel.mode.buttons["sweep"].click()
    qtbot.waitUntil(lambda: bool(panel.sweep_form._options), timeout=60_000)
    return panel.sweep_form


def test_a_set_is_downloaded_after_asking(
    panel: TrainingPanel, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel.data_choice, "spec", partial(DataChoice.spec, panel.data_choice))
    with serve_fashion_mnist(tmp_path / "served", monkeypatch):
        panel.data_choice.box.setCurrentIndex(panel.data_choice.box.findData("fashion_mnist"))
        panel.data_choice.box.activated.emit(panel.data_choice.box.currentIndex())
        qtbot.waitUntil(lambda: panel.data_choice.download_button.isVisibleTo(panel), timeout=60_000)
        assert panel.data_choice.download_button.text() == "Download 97.7 KiB"
        assert "is not on this computer" in panel.data_choice.samples.caption.text()
        panel.data_choice.download_button.click()
        assert panel.data_choice.download_row.isVisibleTo(panel)
        qtbot.waitUntil(lambda: "40 images to train on" in panel.data_choice.samples.caption.text(), timeout=60_000)
    assert not panel.data_choice.download_row.isVisibleTo(panel)
    assert not panel.data_choice.download_button.isVisibleTo(panel)


def test_a_network_that_comes_trained_is_opened_with_an_image_it_knows(
    panel: TrainingPanel, window: Window, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: len(panel.examples.examples_menu.actions()) == 2, timeout=60_000)
    action = panel.examples.examples_menu.actions()[0]
    assert action.text() == "LeNet-5 on Digits · 99.2 %"
    action.trigger()
    qtbot.waitUntil(
        lambda: window.session.sample is not None and "Digits" in window.session.sample.name, timeout=60_000
    )
    network, sample = window.session.network, window.session.sample
    assert network is not None
    assert sample is not None
    assert network.context.checkpoint is not None
    assert network.context.checkpoint.report.is_complete
    assert str(int(network.run(sample).result.main_output.argmax())) == sample.name.rpartition(" ")[2]
