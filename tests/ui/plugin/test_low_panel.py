"""A panel may be lower than it needs, and never narrower: it scrolls up and down only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from explorer.ui.plugin.low_panel import LowPanel


def test_it_becomes_wider_with_what_is_shown(qtbot: QtBot) -> None:
    window, dock, panel = QMainWindow(), QDockWidget(), QWidget()
    short, long = QLabel("short"), QLabel("a row that is much longer than the other one was at first")
    column = QVBoxLayout(panel)
    for label in (short, long):
        column.addWidget(label)
    long.hide()
    low = LowPanel(panel)
    dock.setWidget(low)
    window.setCentralWidget(QWidget())
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    qtbot.addWidget(window)
    window.resize(900, 300)
    window.show()
    window.resizeDocks([dock], [10], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: dock.width() < long.sizeHint().width())
    long.show()
    qtbot.waitUntil(lambda: low.viewport().width() >= long.sizeHint().width(), timeout=5000)
    assert panel.width() <= low.viewport().width()
