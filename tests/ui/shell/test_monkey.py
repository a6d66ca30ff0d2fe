"""A monkey at the window: seeded clicks, keys, edits, panels, sizes, themes and languages; nothing may break.

A minute with `CNN_EXPLORER_MONKEY=60`, half an hour with `--long`; `CNN_EXPLORER_SEED` is another walk. An exception in
a slot fails the test (pytest-qt), and so does a warning of Qt.
"""

from __future__ import annotations

import gc
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

import psutil
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QFileDialog,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer.base.freed_memory import return_freed_memory
from explorer.base.languages import tr, translator
from explorer.edits import SwapActivation
from explorer.ui.base import appearance
from explorer.ui.plugin.menu_entries import menu_entries
from explorer.ui.shell.window import Window

_SECONDS = int(os.environ.get("CNN_EXPLORER_MONKEY", "10"))
_LONG_SECONDS = 1800
_LEAST_SECONDS_OF_SAMPLES, _SAMPLES = 240, 12
_MAX_GROWTH = 200 * 2**20  # bytes
_EXPECTED_WARNINGS = ("propagateSizeHints", "does not support raise", "This plugin")
_KEYS = (
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Home),
    *(Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_1, Qt.Key.Key_L, Qt.Key.Key_Escape, Qt.Key.Key_Space),
    *(Qt.Key.Key_PageDown, Qt.Key.Key_Backspace, Qt.Key.Key_Tab),
)
_ACTIVATIONS = ("gelu", "relu6", "silu")
_NETWORKS = ("alexnet", "resnet18", "mobilenet_v2", "squeezenet1_1", "shufflenet_v2_x0_5")
#: What leaves the window, waits for somebody, or computes for minutes.
_NOT_FOR_MONKEYS = ("Quit", "Close tab", "Close other tabs", "Save", "Full screen", "Train")


class Monkey:
    """Does one thing at a time, chosen by the seed."""

    def __init__(self, window: Window, qtbot: QtBot, seed: int) -> None:
        self._window, self._qtbot, self._choice = window, qtbot, random.Random(seed)
        self.done: list[str] = []
        self._ways: tuple[Callable[[], str], ...] = (
            *(self._click_canvas, self._click_canvas, self._press_key, self._press_key, self._edit, self._edit),
            *(self._menu, self._menu, self._panel, self._button, self._button, self._control),
            *(self._resize, self._look, self._open, self._select),
        )

    def act(self) -> None:
        """Do something; what it was is the last of `done`."""
        self.done.append("?")
        self.done[-1] = self._choice.choice(self._ways)()

    def _click_canvas(self) -> str:
        canvas = self._window.canvas
        at = QPoint(self._choice.randrange(max(canvas.width(), 1)), self._choice.randrange(max(canvas.height(), 1)))
        if self._choice.random() < 0.3:
            self._qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at)
        else:
            keys = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier)
            self._qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, self._choice.choice(keys), at)
        return f"click at {at.toTuple()}"

    def _press_key(self) -> str:
        key = self._choice.choice(_KEYS)
        self._qtbot.keyClick(self._window.canvas, key)
        return f"key {key.name}"

    def _edit(self) -> str:
        steps: dict[str, Callable[[], object]] = {
            "swap": lambda: self._window.apply_edit(
                SwapActivation("*", self._choice.choice(("gelu", "relu6", "silu")))
            ),
            "undo": self._window.actions_.undo.trigger,
            "redo": self._window.actions_.redo.trigger,
            "reset": self._window.actions_.reset.trigger,
            "compare": self._window.actions_.compare.trigger,
        }
        name = self._choice.choice([*steps])
        steps[name]()
        return f"edit {name}"

    def _menu(self) -> str:
        entries = [
            entry
            for entry in menu_entries(self._window.menuBar())
            if entry.action.isEnabled() and _is_harmless(entry.title) and "Language" not in entry.path
        ]
        entry = self._choice.choice(entries)
        self.done[-1] = f"menu {entry.path} {entry.title}"
        entry.action.trigger()
        return self.done[-1]

    def _panel(self) -> str:
        dock = self._choice.choice([*self._window.docks.all, *self._window.tool_context.docks])
        self.done[-1] = f"panel {dock.objectName()}"
        dock.toggleViewAction().trigger()
        return self.done[-1]

    def _button(self) -> str:
        found = [button for button in self._window.findChildren(QAbstractButton) if _can_be_clicked(button)]
        if not found:
            return "no button"
        button = self._choice.choice(found)
        self.done[-1] = f"button {button.text() or button.accessibleName()} of {type(button.parentWidget()).__name__}"
        button.click()
        return self.done[-1]

    def _control(self) -> str:
        found: list[QWidget] = [*self._window.findChildren(QComboBox), *self._window.findChildren(QSlider)]
        found = [widget for widget in found if widget.isVisible() and widget.isEnabled()]
        if not found:
            return "no control"
        control = self._choice.choice(found)
        self.done[-1] = f"{type(control).__name__} {control.accessibleName()}"
        if isinstance(control, QComboBox) and control.count():
            index = self._choice.randrange(control.count())
            control.setCurrentIndex(index)
            control.activated.emit(index)
        elif isinstance(control, QSlider):
            control.setValue(self._choice.randint(control.minimum(), control.maximum()))
        return self.done[-1]

    def _resize(self) -> str:
        width, height = self._choice.choice(((1600, 1000), (1280, 800), (1000, 700)))
        self._window.resize(width, height)
        return f"size {width}×{height}"

    def _look(self) -> str:
        if self._choice.random() < 0.5:
            appearance.choose_scheme(self._choice.choice(("light", "dark")))
            return "theme"
        translator.set_language(self._choice.choice(("en", "zh")))
        return "language"

    def _open(self) -> str:
        if len(self._window.documents) > 4:
            self._window.tabs.close_active()
            return "close"
        key = self._choice.choice(_NETWORKS)
        self._window.open_network(key, is_preview=self._choice.random() < 0.7)
        return f"open {key}"

    def _select(self) -> str:
        picture = self._window.canvas.picture
        if picture is not None:
            self._window.session.select(self._choice.choice([*picture.diagram.cards]))
        return "select"


def _is_harmless(title: str) -> bool:
    return not title.endswith("…") and not title.startswith((*_NOT_FOR_MONKEYS, *map(tr, _NOT_FOR_MONKEYS)))


def _can_be_clicked(button: QAbstractButton) -> bool:
    texts = (button.text(), button.accessibleName(), button.toolTip())
    menu = getattr(button, "menu", None)
    has_menu = callable(menu) and menu() is not None
    is_left_alone = has_menu or any("…" in text or not _is_harmless(text) for text in texts)
    return button.isVisible() and button.isEnabled() and not is_left_alone and "✕" not in button.text()


@pytest.fixture
def undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for somebody to answer, and nothing is downloaded or trained."""
    from explorer.weights import pretrained

    monkeypatch.setattr(QDialog, "exec", lambda *_: 0)
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_, **__: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: "")
    monkeypatch.setattr(pretrained, "fetch", _refuse)


def _refuse(*_: object, **__: object) -> None:
    raise OSError("monkeys have no network")


class Memory:
    """What is left in memory while nothing is open: sampled now and then, so that samples can be compared.

    Bytes are what the process itself filled and has not given back, without pages of libraries, which come and go.
    """

    def __init__(self, window: Window, qtbot: QtBot) -> None:
        self._window, self._qtbot = window, qtbot
        self.bytes: list[int] = []
        self.widgets: list[int] = []
        self.objects: list[Counter[str]] = []  # that the garbage collection knows, by type

    def sample(self) -> None:
        """Close every document, let go what can be let go, and count."""
        window = self._window
        for other in _other_windows(window):
            other.close()
        while any(document.network is not None for document in window.documents):
            window.tabs.close_active()
            _settle(window, self._qtbot)
        self._qtbot.wait(200)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        window.memory.trim()  # as it does by itself when nobody waits
        self._qtbot.waitUntil(lambda: not window.file_lane.busy, timeout=120_000)
        gc.unfreeze()  # what the imports were frozen with is not to be missed
        gc.collect()
        return_freed_memory()
        self.bytes.append(_own_bytes())
        self.widgets.append(len(QApplication.allWidgets()))
        self.objects.append(Counter(type(one).__name__ for one in gc.get_objects()))
        print(
            f"{self.bytes[-1] / 2**20:.0f} MiB, {self.widgets[-1]} widgets, {self.objects[-1].total()} objects",
            flush=True,
        )
        gc.freeze()
        window.start("resnet18")

    @property
    def grown(self) -> int:
        """Bytes that the second half of the samples, but for the first, stands above the first half, in the middle."""
        early, late = _halves(self.bytes)
        return round(median(late) - median(early))

    @property
    def more_objects(self) -> Counter[str]:
        """Objects by type of which there are more in the last sample than in the second."""
        return self.objects[-1] - self.objects[1]


def _halves(samples: list[int]) -> tuple[list[int], list[int]]:
    later = samples[1:]  # until the first, panels are opened for the first time
    return later[: len(later) // 2], later[len(later) // 2 :]


def _own_bytes() -> int:
    rollup = Path("/proc/self/smaps_rollup")
    if not rollup.exists():
        return int(psutil.Process().memory_info().rss)
    found = next(line for line in rollup.read_text().splitlines() if line.startswith("Anonymous:"))
    return int(found.split()[1]) * 1024


def _settle(window: Window, qtbot: QtBot) -> None:
    lanes = (*window._lanes, *window.tool_context.lanes)
    for lane in lanes:
        lane.cancel()
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=120_000)


def _other_windows(window: Window) -> list[Window]:
    """Windows of tabs that were moved out."""
    return [other for other in QApplication.topLevelWidgets() if isinstance(other, Window) and other is not window]


def _walk(window: Window, qtbot: QtBot, seed: int, seconds: float) -> list[str]:
    monkey, memory = Monkey(window, qtbot, seed), Memory(window, qtbot)
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        try:
            monkey.act()
            qtbot.wait(monkey._choice.choice((1, 10, 60)))
        except BaseException:
            print("\n".join(monkey.done[-12:]))
            raise
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog) and widget.isVisible():
                widget.close()
        if len(_other_windows(window)) > 1:
            for other in _other_windows(window):
                other.close()
        if seconds >= _LEAST_SECONDS_OF_SAMPLES and passed > seconds / _SAMPLES * (len(memory.bytes) + 1):
            memory.sample()
    print(f"seed {seed}: {len(monkey.done)} steps")
    if len(memory.bytes) > 2:
        print(f"by {memory.grown / 2**20:+.0f} MiB; {memory.more_objects.most_common(25)}")
    if seconds >= _LONG_SECONDS:
        assert memory.grown < _MAX_GROWTH, f"grown by {memory.grown / 2**20:.0f} MiB in {len(monkey.done)} steps"
    return monkey.done


def test_a_monkey_breaks_nothing(
    window: Window, qtbot: QtBot, undisturbed: None, qtlog: object, pytestconfig: pytest.Config
) -> None:
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=60_000)
    seconds = _LONG_SECONDS if pytestconfig.getoption("--long") else _SECONDS
    seed = int(os.environ.get("CNN_EXPLORER_SEED", "7"))
    done = _walk(window, qtbot, seed, seconds)
    assert len(done) > seconds / 10  # on a busy machine too
    _settle(window, qtbot)
    said = [record.message for record in getattr(qtlog, "records", [])]
    unexpected = [text for text in said if not any(known in text for known in _EXPECTED_WARNINGS)]
    assert not unexpected, (unexpected[:5], done[-12:])
    for dock in window.findChildren(QDockWidget):
        dock.setFloating(False)
    for other in _other_windows(window):
        other.close()
    for widget in QApplication.topLevelWidgets():
        if widget is not window and widget.isVisible():
            widget.close()
