"""Parts in the window: found, set, put in where a card is selected, and taken out again; by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.edits import InsertPart, ReplaceByPart, TakeOut
from explorer.network import Network
from explorer.ui.parts.panel import PartsPanel
from explorer.ui.parts.part_list import PART_MIME
from explorer.ui.parts.tool import PartsTool
from explorer.ui.shell.window import Window

SLOW = 60_000


@pytest.fixture
def tool(qtbot: QtBot, window: Window) -> Iterator[PartsTool]:
    window.open_network("resnet18")
    (found,) = (tool for tool in window.tools if isinstance(tool, PartsTool))
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    found._load_rows()
    qtbot.waitUntil(lambda: bool(found._rows), timeout=SLOW)
    found.choose("behind")
    qtbot.waitUntil(lambda: found.panel is not None and found.panel.part is not None, timeout=SLOW)
    yield found
    settle(qtbot, found)


def settle(qtbot: QtBot, tool: PartsTool) -> None:
    lanes = (tool.lane, tool._rows_lane, tool._picture_lane)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=SLOW)


def panel_of(tool: PartsTool) -> PartsPanel:
    assert tool.panel is not None
    return tool.panel


def select(qtbot: QtBot, window: Window, tool: PartsTool, id: str) -> None:
    window.session.select(id)
    settle(qtbot, tool)


def wait_for_edit(qtbot: QtBot, window: Window, count: int) -> Network:
    def edited() -> bool:
        network = window.session.network
        return network is not None and network.history.position == count

    qtbot.waitUntil(edited, timeout=SLOW)
    assert window.session.network is not None
    return window.session.network


def test_a_part_is_found_set_and_put_in(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    assert panel.effect.text() == "Select a card to see what it would change."
    assert not panel.put_button.isEnabled()
    qtbot.keyClicks(panel.filter, "fire")
    assert [row.key for _, row in panel.model.parts()] == ["fire"]
    select(qtbot, window, tool, "layer1.0")
    squeeze = panel.form.controls["squeeze"]
    assert isinstance(squeeze, QSpinBox)
    squeeze.setValue(4)
    settle(qtbot, tool)
    assert panel.effect.text() == "+1.60 K parameters, +4.82 M MACs"
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (InsertPart("layer1.0", "fire", "squeeze=4"),)
    assert network.figures.total.params - network.baseline.figures.total.params == 1604


def test_what_is_refused_says_why_and_offers_ways_out(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    qtbot.keyClicks(panel.filter, "transition")
    select(qtbot, window, tool, "layer1.0")
    assert "cannot add" in panel.effect.text()
    assert not panel.put_button.isEnabled()
    repair = panel.repairs.itemAt(0).widget()
    assert repair is not None
    qtbot.mouseClick(repair, Qt.MouseButton.LeftButton)
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits[0].mend  # type: ignore[attr-defined]


def test_a_block_is_replaced_and_taken_out(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    select(qtbot, window, tool, "layer1.0")
    tool.choose("replace")
    panel.filter.clear()
    qtbot.keyClicks(panel.filter, "pre-activation")
    settle(qtbot, tool)
    qtbot.mouseClick(panel.put_button, Qt.MouseButton.LeftButton)
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (ReplaceByPart("layer1.0", "pre_activation"),)
    select(qtbot, window, tool, "layer2.1")
    window.canvas.setFocus()
    tool.take_out()
    network = wait_for_edit(qtbot, window, 2)
    assert network.history.applied_edits[1] == TakeOut("layer2.1")


def test_a_part_that_joins_goes_beside_and_the_place_chosen_before_comes_back(
    qtbot: QtBot, window: Window, tool: PartsTool
) -> None:
    panel = panel_of(tool)
    tool.choose("before")
    qtbot.keyClicks(panel.filter, "Product")
    assert panel.place == "beside"
    assert not panel.places.buttons["before"].isEnabled()
    panel.filter.clear()
    qtbot.keyClicks(panel.filter, "fire")
    assert panel.place == "before"


def test_a_part_shows_its_diagram_and_follows_the_language(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    qtbot.keyClicks(panel.filter, "bottleneck residual")
    settle(qtbot, tool)
    assert panel.picture_view.height() > 30
    translator.set_language("zh")
    window.session.set_language("zh")
    panel.filter.clear()
    qtbot.waitUntil(lambda: panel.part is not None and "瓶颈" in panel.part.title, timeout=SLOW)
    translator.set_language("en")


def test_a_part_can_be_dragged_and_the_menu_of_a_card_offers_parts(window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    index, row = next(panel.model.parts())
    assert bytes(panel.model.mimeData([index]).data(PART_MIME).data()).decode() == row.key
    entries = [text for found in window.tool_context.card_actions for text, _ in found("layer1.0")]
    assert {"Insert a part…", "Replace by…", "Take out"} <= set(entries)
