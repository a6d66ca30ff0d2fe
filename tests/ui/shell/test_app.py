"""The window from Python: `explorer.show`."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import nn

import explorer
from explorer.network import Network, open_network
from explorer.ui.base.fonts import set_font_scale
from explorer.ui.shell.app import run_app, run_only_app
from explorer.ui.shell.window import Window

SLOW = 60_000


def test_a_module_or_a_key_is_opened_and_a_network_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Network] = []
    monkeypatch.setattr("explorer.ui.shell.app.run_app", shown.append)
    explorer.show(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), input_shape=(1, 1, 8, 8))
    explorer.show("alexnet")
    explorer.show(shown[0])
    assert [network.title for network in shown] == ["Sequential", "AlexNet (2014, one tower)", "Sequential"]
    assert shown[2] is shown[0]


def test_what_cannot_be_opened_raises_before_there_is_a_window() -> None:
    with pytest.raises(LookupError, match="there is no network 'alexnut'"):
        explorer.show("alexnut")


@pytest.mark.parametrize("is_new", [False, True])
@pytest.mark.parametrize("is_taken", [False, True])
def test_a_later_start_has_a_window_only_where_none_takes_its_file(
    monkeypatch: pytest.MonkeyPatch, is_new: bool, is_taken: bool
) -> None:
    shown: list[object] = []
    monkeypatch.setattr("explorer.ui.shell.single_instance.hand_over", lambda target: is_taken)
    monkeypatch.setattr("explorer.ui.shell.app.run_app", lambda *targets, on_shown=None: shown.extend(targets) or 0)
    assert run_only_app(["mine.cnnx", "other.cnnx"], is_new=is_new) == 0
    assert shown == ([] if is_taken and not is_new else ["mine.cnnx", "other.cnnx"])


def test_the_window_starts_with_a_network_and_its_edits(window: Window, qtbot: QtBot) -> None:
    network = open_network("alexnet", edits=[explorer.SwapActivation("*", "gelu")])
    window.start(network)
    qtbot.waitUntil(lambda: window.session.network is network, timeout=SLOW)
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=SLOW)
    assert window.actions_.undo.isEnabled()


def test_the_chosen_font_is_there_before_any_menu(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    class WindowAsked(Exception):
        """Stands for the window: more is not needed."""

    sizes: list[float] = []

    def build_window() -> None:
        sizes.append(qapp.font().pointSizeF())
        raise WindowAsked

    for name in ("FocusRing", "EnterKey", "CutTexts", "start_log"):
        monkeypatch.setattr(f"explorer.ui.shell.app.{name}", lambda _: None)
    monkeypatch.setattr("explorer.ui.shell.app.Window", build_window)
    size = qapp.font().pointSizeF()
    scope = QSettings.Scope.UserScope
    QSettings(QSettings.Format.IniFormat, scope, "cnn-explorer", "CNN Explorer").setValue("font_scale", "200")
    qapp.setProperty("language", None)  # as at a start
    try:
        with pytest.raises(WindowAsked):
            run_app()
        assert sizes == [pytest.approx(2 * size)]
    finally:
        set_font_scale(qapp, 100)
