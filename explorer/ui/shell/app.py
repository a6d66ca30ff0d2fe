"""Starting the window: it is on the screen before torch is imported."""

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
    """Show the window until it is closed, with a network: an opened one, its key in the catalogue, or a file's path."""
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
    """Show a network in the window until it is closed: a key of the catalogue, any traceable module, or what `open`
    gave. `options` are those of `explorer.open`, such as input_shape; errors too."""
    from explorer.network import Network, open_network

    run_app(source if isinstance(source, Network) else open_network(source, **options))
