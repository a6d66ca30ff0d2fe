"""Starting the window: it is on the screen before torch is imported."""

from __future__ import annotations

import sys

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from explorer.ui import appearance
from explorer.ui.focus_ring import FocusRing
from explorer.ui.window import Window


def run(network: str | None = None) -> int:
    """Show the window, opening a network by its key or a project by its path if given, until it is closed."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("CNN Explorer")
    app.setOrganizationName("cnn-explorer")
    appearance.apply(app, str(QSettings().value("theme", "system")))
    FocusRing(app)
    window = Window()
    window.show()
    # After the first paint: the heavy imports take seconds.
    QTimer.singleShot(0, lambda: window.start(network))
    return app.exec()
