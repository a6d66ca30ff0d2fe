"""The training panel: both networks trained, their curves, their weights in the open network, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from explorer.edits import ToggleChannelShuffle
from explorer.training.data_spec import DataSpec
from explorer.training.groups import list_groups
from explorer.training.launch import pause_run
from explorer.ui.shell.window import Window
from explorer.ui.training.closer_look_dialog import CloserLookDialog
from explorer.ui.training.panel import TrainingPanel
from explorer.ui.training.tool import TrainingTool


@pytest.fixture
def panel(window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainingPanel]:
    """The panel of a window whose network's shuffles are off; its runs are short."""
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path / "data"))
    window.open_network("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=60_000)
    window.apply_edit(ToggleChannelShuffle("*", on=False))
    qtbot.waitUntil(lambda: window.session.network is not None and bool(window.session.network.history.edits))
    tool = training_tool(window)
    tool.dock.show()
    assert tool.panel is not None
    monkeypatch.setattr(tool.panel, "data", lambda: DataSpec("digits", train_images=64))
    tool.panel.epochs.setValue(1)
    yield tool.panel
    for group in list_groups(tmp_path / "data" / "training"):
        for folder in group.folders:
            pause_run(folder)


def training_tool(window: Window) -> TrainingTool:
    return next(made for made in window.tools if isinstance(made, TrainingTool))


def state(panel: TrainingPanel) -> str:
    return panel._progress.state if panel._progress is not None else ""


def test_both_networks_are_trained_and_their_weights_can_be_used(
    panel: TrainingPanel, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert panel.start_button.text() == "Train both"
    panel.start_button.click()
    qtbot.waitUntil(lambda: state(panel) == "finished", timeout=180_000)
    assert [row.isVisibleTo(panel) for row in panel.rows] == [True, True]
    assert "One seed says nothing" in panel.verdict.text()
    assert len(panel.plot._lines) == 2
    for row in range(panel.quantity_box.count()):
        panel.quantity_box.setCurrentIndex(row)
        panel.quantity_box.activated.emit(row)
        shown = [len(line.getData()[0]) for line in panel.plot._lines if line.getData()[0] is not None]
        assert len(shown) == 2, panel.quantity_box.currentText()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "training.html"), ""))
    panel.save_button.click()
    qtbot.waitUntil(lambda: (tmp_path / "training.html").exists(), timeout=60_000)
    panel.look_button.click()
    qtbot.waitUntil(lambda: bool(window.findChildren(CloserLookDialog)), timeout=60_000)
    (dialog,) = window.findChildren(CloserLookDialog)
    assert len(dialog.matrices) == 2
    assert len(dialog.images) == 3 * 8
    assert dialog.matrices[0].cell_at(QPoint(0, 0)) == (0, 0)
    dialog.close()
    panel.rows[1].weights_button.click()
    qtbot.waitUntil(
        lambda: window.session.network is not None and window.session.network.context.checkpoint is not None,
        timeout=60_000,
    )
    network = window.session.network
    assert network is not None
    assert network.architecture.input_shape == (1, 3, 16, 16)
    assert network.figures.output_shape == (1, 10)


def test_a_training_is_paused_and_found_again(panel: TrainingPanel, window: Window, qtbot: QtBot) -> None:
    panel.epochs.setValue(5000)
    panel.start_button.click()
    qtbot.waitUntil(lambda: state(panel) == "running" and len(panel.plot._lines) > 0, timeout=120_000)
    panel.pause_button.click()
    qtbot.waitUntil(lambda: state(panel) == "paused", timeout=60_000)
    assert panel.resume_button.isVisibleTo(panel)
    (group,) = list_groups()
    assert [folder.read_state().state for folder in group.folders] == ["paused", "new"]


def test_what_is_in_the_data_is_shown(panel: TrainingPanel, qtbot: QtBot) -> None:
    panel.data_changed.emit()
    qtbot.waitUntil(lambda: "64 images to train on" in panel.preview_caption.text(), timeout=60_000)
    assert panel.preview.pixmap().width() > 100


def test_a_folder_that_is_no_data_set_says_why(
    panel: TrainingPanel, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel, "data", partial(TrainingPanel.data, panel))
    (tmp_path / "photos" / "cats").mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "photos" / "cats" / "a.png")
    panel.set_folder(str(tmp_path / "photos"))
    qtbot.waitUntil(lambda: "single class" in panel.preview_caption.text(), timeout=60_000)
    panel.start_button.click()
    qtbot.waitUntil(lambda: "single class" in panel.verdict.text(), timeout=60_000)
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
    monkeypatch.setattr(panel, "data", partial(TrainingPanel.data, panel))
    controls = panel.data_form.controls
    for name, value in (("train_images", 200), ("noise", 0.3), ("clutter", 5), ("test_share", 0.5)):
        controls[name].setValue(value)  # type: ignore[arg-type]  # a whole number where it takes one
    panel.data_box.setCurrentIndex(panel.data_box.findData("shapes"))
    panel.data_box.activated.emit(panel.data_box.currentIndex())
    assert [n for n, c in controls.items() if not c.isHidden()] == ["train_images", "noise", "clutter", "seed"]
    assert panel.data() == DataSpec("shapes", train_images=200, noise=0.3, clutter=5)
    panel.data_box.setCurrentIndex(panel.data_box.findData("digits"))
    panel.data_box.activated.emit(panel.data_box.currentIndex())
    assert panel.data() == DataSpec("digits", train_images=200, test_share=0.5)
