"""What closed documents keep is given back, whoever still knows of them."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from explorer.ui.documents import memory
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


def test_a_closed_document_keeps_no_feature_maps(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    settled(qtbot, window)
    document = window.session.document  # known to somebody, as one is that is in a cycle with what was frozen
    assert document.network is not None
    engine = document.network.context.forward
    assert engine.cached_bytes + engine.weight_bytes > 2**20
    window.tabs.close_active()
    assert not document.is_open
    qtbot.waitUntil(lambda: engine.cached_bytes + engine.weight_bytes == 0, timeout=20 * memory._DELAY_MS)
    settled(qtbot, window)
