"""Starts the application: the window is on screen before torch is imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from explorer.ui.base import appearance
from explorer.ui.shell.focus_ring import FocusRing
from explorer.ui.shell.window import Window

if TYPE_CHECKING:
    from torch import nn

    from explorer.network import Network


def run_app(network: str | Network | None = None) -> int:
    """Show the window until it is closed. `network` is an opened one, a key of the catalogue, or the path of a file."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("CNN Explorer")
    app.setOrganizationName("cnn-explorer")
    appearance.apply_scheme(app, str(QSettings().value("theme", "system")))
    FocusRing(app)
    window = Window()
    window.show()
    # After the first paint: the heavy imports take seconds.
    QTimer.singleShot(0, lambda: window.start(network))
    return app.exec()


def show(source: str | nn.Module | Network, **options: Any) -> None:
    """Show a network in the window until it is closed.

    Args:
        source: a key of the catalogue, any traceable module, or what `explorer.open` returned.
        options: those of `explorer.open`, such as `input_shape`; its errors are raised too.
    """
    from explorer.network import Network, open_network

    run_app(source if isinstance(source, Network) else open_network(source, **options))
