"""Windows that are closed: nothing of them stays."""

from __future__ import annotations

import gc
from weakref import ref

from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from explorer.base import gc_pause
from explorer.network import open_network
from explorer.ui.shell.open_windows import find_current_window, keep_until_closed, open_windows
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


def shown_window() -> Window:
    made = Window()
    keep_until_closed(made)
    made.show()
    return made


def test_a_closed_window_gives_back_its_networks(qtbot: QtBot) -> None:
    first, second = shown_window(), shown_window()
    network = open_network("alexnet")
    second.start(network)
    settled(qtbot, second)
    for dock in second.tool_context.docks:  # each builds its panel when it is first shown
        dock.show()
    settled(qtbot, second)
    gc.freeze()  # as the imports do while the first window is open
    traces = ref(second), ref(second.session.document), ref(network)
    del network, dock
    assert second.close()
    del second
    qtbot.waitUntil(lambda: [trace() for trace in traces] == [None, None, None])
    assert open_windows() == [first]
    assert first.close()
    del first
    qtbot.waitUntil(lambda: not open_windows())
    gc_pause.collect_frozen()


def test_quit_closes_every_window(qtbot: QtBot) -> None:
    first, second = shown_window(), shown_window()
    second.actions_.quit.trigger()
    assert not first.isVisible()
    assert not second.isVisible()
    del first, second
    qtbot.waitUntil(lambda: not open_windows())
    gc_pause.collect_frozen()


def test_a_file_from_outside_comes_into_a_window_that_is_open(qtbot: QtBot) -> None:
    first, second = shown_window(), shown_window()
    second.activateWindow()
    qtbot.waitUntil(second.isActiveWindow)
    assert find_current_window() is second
    first.activateWindow()
    qtbot.waitUntil(first.isActiveWindow)
    assert find_current_window() is first
    assert first.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert find_current_window() is second
    assert second.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert find_current_window() is None
