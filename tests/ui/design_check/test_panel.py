"""The check of the open network in the window: findings, their places, a try, and times."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from explorer.design_rules.check import check_network
from explorer.network import Network
from explorer.ui.design_check.panel import DesignCheckPanel
from explorer.ui.design_check.tool import DesignCheckTool
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


def test_a_finding_leads_to_its_cards_and_its_try_takes_it_away(window: Window, qtbot: QtBot) -> None:
    tool = next(found for found in window.tools if isinstance(found, DesignCheckTool))
    window.start("vgg11_bn")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=60_000)
    settled(qtbot, window)
    tool.show()
    panel = tool.panel
    assert panel is not None
    qtbot.waitUntil(lambda: bool(panel._reports), timeout=60_000)
    first = panel.tree.topLevelItem(0)
    assert first is not None
    child = first.child(0)
    assert child is not None
    assert panel._reports[0].rule.id == "bias_before_norm"
    assert first.childCount() == 8
    panel.tree.setCurrentItem(child)
    assert "section 3.2" in panel.advice.text()
    marks = window.canvas._pixmap_cache
    qtbot.waitUntil(lambda: marks.marks.highlighted >= {"features.0", "features.1"}, timeout=60_000)
    assert panel.try_button.isEnabled()
    panel.try_button.click()
    qtbot.waitUntil(lambda: len(panel._reports[0].findings) == 7, timeout=60_000)
    assert not panel.try_button.isEnabled()
    panel.show_times({"features.4": 3.0, "features.5": 1.0, "features.8": 12.0})
    rule = panel.tree.topLevelItem(0)
    assert rule is not None
    assert rule.text(1) == "16 ms · 100 %"
    assert [rule.child(at).text(1) for at in (0, 1)] == ["4 ms", "12 ms"]


def test_a_finding_can_be_read_to_its_end(qtbot: QtBot, opened: Callable[[str], Network]) -> None:
    panel = DesignCheckPanel()
    qtbot.addWidget(panel)
    panel.show_result(check_network(opened("shufflenet_v2_x0_5").analysis))
    panel.tree.expandAll()
    panel.show()
    heights = []
    for width in (300, 900):
        panel.resize(width, 600)
        qtbot.waitUntil(lambda width=width: panel.tree.width() > width - 40)  # type: ignore[misc]
        panel.tree.doItemsLayout()
        found = panel.tree.topLevelItem(0)
        assert found is not None
        item = found.child(0)
        assert item is not None
        rect = panel.tree.visualItemRect(item)
        needed = QFontMetrics(item.font(0)).boundingRect(
            QRect(0, 0, rect.width(), 1000), Qt.TextFlag.TextWordWrap, item.text(0)
        )
        assert rect.height() >= needed.height()
        heights.append(rect.height())
    assert heights[0] > 1.8 * heights[1], "it is wrapped where the panel is narrow, and only there"


def test_a_row_is_measured_without_asking_the_tree_for_its_columns(
    qtbot: QtBot, opened: Callable[[str], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That could lay the rows out anew while they are: a change of the font then crashed."""
    panel = DesignCheckPanel()
    qtbot.addWidget(panel)
    panel.show_result(check_network(opened("shufflenet_v2_x0_5").analysis))
    panel.show()
    delegate = panel.tree.itemDelegateForColumn(0)
    index = panel.tree.model().index(0, 0, panel.tree.model().index(0, 0))
    monkeypatch.setattr(panel.tree, "columnWidth", lambda _: pytest.fail("the tree was asked"))
    assert delegate.sizeHint(QStyleOptionViewItem(), index).height() > 0
