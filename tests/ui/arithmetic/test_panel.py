"""The panel of arithmetic on live networks: every form is painted, played, clicked through and filmed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.analysis.arithmetic.explanation import NumberPlace, WeightedSum
from explorer.base.cancellation import always
from explorer.network import Network
from explorer.presenters.arithmetic_views import ArithmeticView, build_arithmetic_view
from explorer.ui.arithmetic.film import Film, render_film, write_film
from explorer.ui.arithmetic.ink import _two_lines, short_number
from explorer.ui.arithmetic.number_grid import READABLE_CELL
from explorer.ui.arithmetic.panel import ArithmeticPanel
from explorer.ui.arithmetic.sum_centre import WindowSumCentre
from explorer.ui.arithmetic.tool import ArithmeticTool
from explorer.ui.base import appearance
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled

#: An op of each form.
OPS = (
    ("resnet18", "conv1"),
    ("resnet18", "layer1.0.conv1"),
    ("resnet18", "layer1.0.bn1"),
    ("resnet18", "layer1.0.relu"),
    ("resnet18", "layer1.0.add"),
    ("resnet18", "maxpool"),
    ("resnet18", "avgpool"),
    ("resnet18", "flatten"),
    ("resnet18", "fc"),
    ("mobilenet_v3_small", "features.4.block.0.0"),
    ("mobilenet_v3_small", "features.4.block.1.0"),
    ("mobilenet_v3_small", "features.4.block.2.mul"),
    ("shufflenet_v2_x0_5", "stage2.1.cat"),
    ("shufflenet_v2_x0_5", "stage2.1.channel_shuffle"),
    ("alexnet_2012", "features.2"),
    ("vit_b_16", "encoder.layers.encoder_layer_0.self_attention"),
    ("vit_b_16", "encoder.layers.encoder_layer_0.ln_1"),
)


@pytest.fixture
def panel(qtbot: QtBot) -> ArithmeticPanel:
    made = ArithmeticPanel()
    qtbot.addWidget(made)
    made.resize(1100, 440)
    made.show()
    return made


def view_of(network: Network, name: str) -> ArithmeticView:
    return build_arithmetic_view(name, (name,), network.probe())


def pixels(image: QImage) -> bytes:
    return bytes(image.convertToFormat(QImage.Format.Format_RGB32).constBits())


@pytest.mark.parametrize(("key", "name"), OPS)
def test_every_form_is_painted_in_both_themes_and_computed_step_by_step(
    key: str, name: str, opened: Callable[[str], Network], panel: ArithmeticPanel, qapp: QApplication
) -> None:
    network = opened(key)
    assert name in network.architecture.live
    empty = pixels(panel.canvas.grab().toImage())
    panel.show_result(view_of(network, name))
    found = panel.canvas.explanation
    assert found is not None
    assert found.is_exact
    pictures = {pixels(panel.canvas.grab().toImage())}
    assert empty not in pictures
    panel.canvas.show_explanation(found, 0.3, 5)
    pictures.add(pixels(panel.canvas.grab().toImage()))
    appearance.apply_scheme(qapp, "dark")
    panel.canvas.show_explanation(found, 1.0, None)
    pictures.add(pixels(panel.canvas.grab().toImage()))
    assert len(pictures) == 3
    for size in ((320, 260), (1600, 600), (290, 620)):
        panel.resize(*size)
        panel.grab()


def test_numbers_follow_the_slider_the_keys_and_a_click(
    opened: Callable[[str], Network], panel: ArithmeticPanel, qtbot: QtBot
) -> None:
    view = view_of(opened("resnet18"), "layer1.0.conv1")
    panel.show_result(view)
    panel.playback.go_to(60)
    assert panel.place is not None
    assert panel.place.index[2:] == (1, 4)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Right)
    assert panel.place.index[2:] == (1, 5)
    panel.channel_choice.setValue(7)
    assert panel.place.index == (0, 7, 1, 5)
    stage = panel.canvas._stage
    assert stage is not None
    at = stage.output.cell_rect((30, 20)).center()
    qtbot.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert panel.place.index == (0, 7, 30, 20)


def test_a_product_leads_to_the_number_it_was_made_of(
    opened: Callable[[str], Network], panel: ArithmeticPanel, qtbot: QtBot
) -> None:
    network = opened("resnet18")
    panel.show_result(view_of(network, "layer1.0.conv1"))
    found, stage = panel.canvas.explanation, panel.canvas._stage
    assert isinstance(found, WeightedSum)
    assert stage is not None
    centre = stage.centre
    assert isinstance(centre, WindowSumCentre)
    grid, row = centre._grids[0][2], centre.shown[0]
    assert stage.inputs[0].plane.base[1] == found.channels[row]  # the map is that of the first row
    whole, half = centre.formula(found), centre.formula(found, 0.5)
    assert whole.endswith(short_number(found.value))
    assert half.endswith("…")
    assert half.split("  ")[0] != whole.split("  ")[0]  # what is added so far
    with qtbot.waitSignal(panel.source_chosen) as clicked:
        qtbot.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=grid.cell_rect((1, 1)).center().toPoint())
    place: NumberPlace = clicked.args[0]
    assert place.node == "maxpool"
    assert place.index[1] == found.channels[row]
    assert network.probe().value("maxpool")[place.index].item() == pytest.approx(found.patch[row, 1, 1])


def test_an_upright_panel_has_its_maps_above_their_arithmetic(
    opened: Callable[[str], Network], panel: ArithmeticPanel
) -> None:
    panel.resize(330, 660)
    panel.show_result(view_of(opened("resnet18"), "layer1.0.conv1"))
    stage = panel.canvas._stage
    assert stage is not None
    centre = stage.centre
    assert isinstance(centre, WindowSumCentre)
    grids = [grid for row in centre._grids for grid in row]
    maps = [box.rect for box in (*stage.inputs, stage.output)]
    assert min(grid.rect.top() for grid in grids) > max(rect.bottom() for rect in maps)
    assert all(panel.canvas.rect().contains(grid.rect.toAlignedRect()) for grid in grids)
    assert min(grid.cell for grid in grids) >= READABLE_CELL  # their numbers can be read
    panel.resize(1100, 440)
    assert stage.output.rect.left() > max(grid.rect.right() for row in centre._grids for grid in row)


@pytest.mark.parametrize(
    ("key", "name"), [("resnet18", "conv1"), ("mobilenet_v3_small", "features.4.block.1.0"), ("alexnet", "features.3")]
)
def test_a_large_kernel_has_its_digits_in_a_narrow_panel(
    key: str, name: str, opened: Callable[[str], Network], panel: ArithmeticPanel
) -> None:
    panel.show_result(view_of(opened(key), name))
    for size in ((320, 720), (420, 700), (500, 700)):
        panel.resize(*size)
        stage = panel.canvas._stage
        assert stage is not None
        centre = stage.centre
        assert isinstance(centre, WindowSumCentre)
        grids = [grid for row in centre._grids for grid in row]
        products = [row[-1] for row in centre._grids]
        whole = grids if size[0] > 320 or centre._columns < 7 else products  # seven columns twice are too much there
        assert min(grid.cell for grid in whole) >= READABLE_CELL, size
        assert all(panel.canvas.rect().contains(grid.rect.toAlignedRect()) for grid in grids)
        for one, other in itertools.combinations(grids, 2):
            assert not one.rect.intersects(other.rect)


def test_a_long_formula_breaks_before_a_sign() -> None:
    assert _two_lines("3 channels 0.92  +  29 others .064  +  bias −.010  =  0.98") == (
        "3 channels 0.92  +  29 others .064",
        "+  bias −.010  =  0.98",
    )
    assert _two_lines("0.30 comes from maxpool [1, 2, 3]") == ("0.30 comes from", "maxpool [1, 2, 3]")
    assert _two_lines("word") == ("word", "")


def test_playing_uncovers_the_output_and_stops_at_its_end(
    opened: Callable[[str], Network], panel: ArithmeticPanel
) -> None:
    panel.show_result(view_of(opened("resnet18"), "layer4.0.conv1"))
    playback = panel.playback
    playback.speed = 2.0
    playback.go_to(0)
    playback.play()
    playback.advance(0.2)
    assert (playback.step, panel.canvas.uncovered) == (0, 0)
    assert 0 < panel.canvas.phase < 1
    playback.advance(0.29)
    assert (panel.canvas.phase, panel.canvas.uncovered) == (1.0, 1)
    playback.speed = 40.0
    playback.advance(0.5)
    assert playback.step > 15
    playback.advance(10.0)
    assert playback.step == 48
    assert not playback.is_running
    assert panel.canvas.phase == 1.0


def test_another_map_ends_the_playing_of_the_last_one(opened: Callable[[str], Network], panel: ArithmeticPanel) -> None:
    """Also where it has fewer numbers than were played already."""
    panel.show_result(view_of(opened("resnet18"), "layer1.0.conv1"))
    panel.playback.go_to(2000)
    panel.playback.play()
    panel.show_result(view_of(opened("resnet18"), "layer4.0.conv1"))
    assert not panel.playback.is_running
    assert panel.place == panel.view.first if panel.view is not None else False


def test_a_film_is_written_and_moves(opened: Callable[[str], Network], tmp_path: Path) -> None:
    view = view_of(opened("resnet18"), "layer4.0.conv1")
    film = Film(view, (0, 3, 0, 0), speed=15.0)
    frames = render_film(film, always)[:48]
    assert len({pixels(frame) for frame in frames}) > 40
    path = write_film(film, str(tmp_path / "conv.gif"), always)
    with Image.open(path) as written:
        assert getattr(written, "n_frames", 1) > 40
        assert written.size == (1200, 420)
        written.seek(1)
        shown = np.asarray(written.convert("RGB"), np.int16)
    image = frames[1].convertToFormat(QImage.Format.Format_RGB888)
    painted = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(420, 1200, 3)
    assert np.abs(shown - painted).mean() < 3  # of 256: few colours, but the right ones


def test_a_film_of_large_maps_is_small_enough_for_slides(opened: Callable[[str], Network], tmp_path: Path) -> None:
    view = view_of(opened("resnet18"), "layer1.0.conv1")
    path = write_film(Film(view, (0, 3, 0, 0), speed=15.0), str(tmp_path / "conv.gif"), always)
    assert path.stat().st_size < 2_000_000


def test_a_frame_is_painted_in_less_than_a_sixtieth_of_a_second(
    opened: Callable[[str], Network], panel: ArithmeticPanel
) -> None:
    panel.show_result(view_of(opened("resnet18"), "layer1.0.conv1"))
    panel.canvas.grab()
    took = []
    for step in range(30):
        started = time.process_time()
        panel._show_step(step, 0.5)
        image = QImage(panel.canvas.size(), QImage.Format.Format_RGB32)
        panel.canvas.render(image)
        took.append(time.process_time() - started)
    assert float(np.median(took)) < 1 / 60


def hover(panel: ArithmeticPanel, point: QPointF) -> None:
    from PySide6.QtGui import QMouseEvent

    no_button = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, point, point, no_button, no_button, Qt.KeyboardModifier.NoModifier)
    panel.canvas.mouseMoveEvent(event)


def test_what_is_under_the_pointer_is_said(opened: Callable[[str], Network], panel: ArithmeticPanel) -> None:
    panel.show_result(view_of(opened("resnet18"), "layer1.0.conv1"))
    stage = panel.canvas._stage
    assert stage is not None
    hover(panel, stage.output.cell_rect((3, 4)).center())
    assert panel.caption.text().startswith("layer1.0.conv1 [")
    hover(panel, stage.inputs[0].cell_rect((3, 4)).center())
    assert panel.caption.text().startswith("maxpool [")


def test_the_tool_follows_numbers_back_to_a_pixel(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=60_000)
    settled(qtbot, window)
    lanes = {lane.name: lane for lane in window.tool_context.lanes}
    entries = [entry for entries in window.tool_context.card_actions for entry in entries("layer1.0.conv1")]
    show = dict(entries)["How it computes"]
    assert show is not None
    show()
    tool = next(lane for lane in lanes.values() if lane.name == ArithmeticTool.title)
    panel = window.findChild(ArithmeticPanel)
    assert isinstance(panel, ArithmeticPanel)
    qtbot.waitUntil(lambda: panel.view is not None and not tool.busy, timeout=60_000)
    assert panel.place is not None
    assert panel.place.node == "layer1.0.conv1"
    panel.pixels_button.click()
    qtbot.waitUntil(lambda: panel.place is not None and panel.place.node == "input" and not tool.busy, timeout=60_000)
    assert panel.trail.isVisible()
    assert "layer1.0.conv1" in panel.trail.text()
    assert panel.view is not None
    assert panel.view.receptive_box is not None
    network = window.session.network
    assert network is not None
    first, last = panel.view.receptive_box
    side = network.figures.receptive_fields["layer1.0.conv1"]
    assert max(last[0] - first[0], last[1] - first[1]) + 1 <= side
    assert first[0] <= panel.place.index[2] <= last[0]
    assert first[1] <= panel.place.index[3] <= last[1]
    panel.trail.step_clicked.emit(0)
    qtbot.waitUntil(lambda: panel.place is not None and panel.place.node == "layer1.0.conv1", timeout=60_000)
    window.session.select("output")  # computes nothing itself
    qtbot.waitUntil(lambda: panel.place is not None and panel.place.node == "fc" and not tool.busy, timeout=60_000)
    settled(qtbot, window)
