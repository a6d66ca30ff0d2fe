"""A refused edit shows, on the canvas, the two shapes where they fail to meet, and ways out with what they cost."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from explorer.edits import SetLayer
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


def test_the_shapes_are_shown_where_they_fail_to_meet_until_the_message_goes(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=60_000)
    settled(qtbot, window)
    clean = window.canvas.grab().toImage()
    window.apply_edit(SetLayer("layer1.0.conv1", "stride", 2))
    qtbot.waitUntil(lambda: window.canvas._mismatch is not None, timeout=60_000)
    shown = window.canvas._mismatch
    assert shown is not None
    assert shown.node == "layer1.0.add"
    assert dict(shown.inputs) == {"layer1.0.bn2": "64×28×28", "maxpool": "64×56×56"}
    qtbot.waitUntil(lambda: window.canvas._pixmap_cache.marks.highlighted >= set(shown.nodes), timeout=60_000)
    assert window.canvas.picture is not None
    assert window.canvas.picture.visible_card("layer1.0.add") == "layer1.0.add"
    assert window.canvas.grab().toImage() != clean
    texts = [button.text() for button in window.notice.repair_buttons]
    assert len(texts) == 2
    assert "±0 params" in texts[0]
    assert "+4.22 K params" in texts[1]
    window.notice.repair_buttons[0].click()
    qtbot.waitUntil(lambda: window.notice.isHidden(), timeout=60_000)
    assert window.canvas._mismatch is None


@pytest.mark.parametrize("goes_on", [False, True])
def test_what_it_unfolded_folds_again_unless_the_user_goes_on(window: Window, qtbot: QtBot, goes_on: bool) -> None:
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=60_000)
    settled(qtbot, window)
    before = window.session.expanded
    window.apply_edit(SetLayer("layer1.0.conv1", "stride", 2))
    qtbot.waitUntil(lambda: window.canvas._mismatch is not None, timeout=60_000)
    settled(qtbot, window)
    shown = window.session.expanded
    assert shown > before
    if goes_on:
        window.session.select("layer1.0.add")
    window.notice.hide()
    settled(qtbot, window)
    assert window.session.expanded == (shown if goes_on else before)


def test_a_second_refusal_and_its_undoing_leave_the_diagram_as_it_was(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=60_000)
    window.apply_edit(SetLayer("layer4.1.conv1", "kernel", 5))
    settled(qtbot, window)
    before = window.session.expanded
    for block in ("layer1.0", "layer2.1"):
        window.apply_edit(SetLayer(f"{block}.conv1", "stride", 2))
        qtbot.waitUntil(lambda: window.canvas._mismatch is not None, timeout=60_000)
        settled(qtbot, window)
        assert window.session.expanded > before
    window.actions_.undo.trigger()
    settled(qtbot, window)
    assert window.session.expanded == before
