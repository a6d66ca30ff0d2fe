"""The film-strip of memory: its peak is the figure, a step lights what is alive, the baseline stands beside."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.edits import MultiplyWidth, SwapActivation
from explorer.network import Network
from explorer.presenters.memory_strip import build_memory_strip
from explorer.ui.base import appearance
from explorer.ui.memory_strip.panel import MemoryStripPanel
from explorer.ui.memory_strip.tool import MemoryStripTool
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


def test_the_peak_is_the_figure_and_the_baseline_stands_at_its_own_ops(opened: Callable[[str], Network]) -> None:
    network = opened("mobilenet_v2")
    edited = network.edit(MultiplyWidth("*", 0.5))
    strip = build_memory_strip(edited.analysis, network.analysis)
    assert strip.steps[strip.peak].bytes == edited.figures.activations.peak_bytes
    assert max(size for _, size in strip.baseline) == network.figures.activations.peak_bytes
    at = {step.node: number for number, step in enumerate(strip.steps)}
    assert [position for position, _ in strip.baseline] == [float(at[name]) for name in network.architecture.live]


def test_a_step_is_chosen_by_mouse_keys_and_slider(
    opened: Callable[[str], Network], qtbot: QtBot, qapp: QApplication
) -> None:
    network = opened("densenet121")
    panel = MemoryStripPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 320)
    panel.show()
    edited = network.edit(SwapActivation("*", "gelu"))
    strip = build_memory_strip(edited.analysis, network.analysis)
    panel.show_result(strip)
    assert panel.slider.value() == strip.peak
    plot = panel.view._plot
    with qtbot.waitSignal(panel.step_chosen) as chosen:
        point = QPointF(plot.x() + plot.width() * 0.5, plot.center().y()).toPoint()
        qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=point)
    step = strip.steps[panel.view.step]
    assert abs(panel.view.step - len(strip.steps) // 2) <= 2
    assert set(chosen.args[0]) == {step.node, *(name for name, _ in step.live)}
    before = panel.view.step
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    assert panel.slider.value() == before + 1
    light = panel.view.grab().toImage()
    appearance.apply_scheme(qapp, "dark")
    assert panel.view.grab().toImage() != light
    panel.peak_button.click()
    assert panel.view.step == strip.peak


def test_in_the_window_a_step_lights_the_cards_that_are_alive(window: Window, qtbot: QtBot) -> None:
    tool = next(found for found in window.tools if isinstance(found, MemoryStripTool))
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=60_000)
    settled(qtbot, window)
    tool.dock.show()
    tool.dock.raise_()
    panel = tool.panel
    assert panel is not None
    qtbot.waitUntil(lambda: panel._strip is not None, timeout=60_000)
    panel.light_button.click()
    assert panel._strip is not None
    alive = {name for name, _ in panel._strip.steps[panel._strip.peak].live}
    qtbot.waitUntil(lambda: window.canvas._pixmap_cache.marks.highlighted >= alive, timeout=60_000)
