"""A window that is closed and waited for, with settings of its own."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.ui.base import appearance, dialogs
from explorer.ui.base.autosave import close_shared_journal
from explorer.ui.base.garbage import GarbageCollector
from explorer.ui.shell.window import Window

#: How long a test waits for what surely comes, however busy the machine; pytest-qt's own five seconds are not enough.
PATIENCE_MS = 60_000


class PatientBot(QtBot):
    """Waits as long as a busy machine needs: a test that passes is no slower for it."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitExposed(self, widget: Any, *, timeout: int = PATIENCE_MS) -> Any:
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


def settled(qtbot: QtBot, window: Window) -> None:
    """Wait until no lane of the window's own has anything left to do."""
    qtbot.waitUntil(lambda: not any(lane.busy for lane in window._lanes), timeout=60_000)


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is read from or written to the settings of whoever runs the tests."""
    QCoreApplication.setOrganizationName("cnn-explorer-tests")
    QCoreApplication.setApplicationName("CNN Explorer")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    QSettings().setValue("one_side_in_small_windows", False)  # tests see many panels at once
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path / "data"))  # nor from their parts
    QSettings().setValue("hints_read", "diagram selection history output")  # and know what to do
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # nor from their journal
    appearance.apply_scheme(qapp, "light")
    translator.set_language("en")
    yield
    close_shared_journal()


@pytest.fixture(autouse=True)
def collector(qapp: QApplication) -> Iterator[GarbageCollector]:
    """As in the application."""
    made = GarbageCollector()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_widget_is_left(qapp: QApplication, qtbot: QtBot, collector: GarbageCollector) -> Iterator[None]:
    before = {id(widget) for widget in qapp.topLevelWidgets()}
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # closed windows would be painted anew by each scheme
    gc.collect()
    left = [w for w in qapp.topLevelWidgets() if id(w) not in before and w.isVisible() and not _is_kept(w, qtbot)]
    assert not left, f"widgets left open: {left}"


def _is_kept(widget: object, qtbot: QtBot) -> bool:
    kept = getattr(qtbot._request.node, "qt_widgets", [])
    return any(reference() is widget for reference, _ in kept)


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Edits that were never saved are let go, as nobody is there to say otherwise."""
    monkeypatch.setattr(dialogs, "ask_unsaved_changes", lambda parent, name: "discard")


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    made = Window()
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.room.show_awaited()  # tests see many panels at once, before a network is open too
    yield made
    made.close()
    for lane in made._lanes:
        assert not lane._pool.activeThreadCount()
