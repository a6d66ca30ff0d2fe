"""Starts the application: the window is on screen before torch is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

import explorer
from explorer.base.languages import translator
from explorer.base.resources import resource_path
from explorer.ui.base import appearance
from explorer.ui.base.autosave import close_shared_journal
from explorer.ui.base.garbage import GarbageCollector
from explorer.ui.base.log_file import start_log
from explorer.ui.language.application import apply_to_application, first_language
from explorer.ui.shell.cut_texts import CutTexts
from explorer.ui.shell.enter_key import EnterKey
from explorer.ui.shell.focus_ring import FocusRing
from explorer.ui.shell.open_windows import find_current_window, keep_until_closed
from explorer.ui.shell.window import Window

if TYPE_CHECKING:
    from torch import nn

    from explorer.network import Network


def run_only_app(targets: Sequence[str] = (), *, is_new: bool = False) -> int:
    """Open `targets`, files or keys of networks, in the window that is there, or show a window of its own until it is
    closed: where there is none, where none can be asked, or where a new one is wanted."""
    try:
        from explorer.ui.shell import single_instance
    except ImportError:  # a bare system without what Qt's network library needs: every start has its own window
        return run_app(*targets)
    if is_new:
        return run_app(*targets)
    if all(single_instance.hand_over(target) for target in targets or (None,)):
        return 0

    def receive_files(app: QApplication) -> None:
        def take(target: str) -> None:
            if (window := find_current_window()) is not None:
                single_instance.bring_to_front(window)
                if target:
                    window.open_target(target)

        receiver = single_instance.FileReceiver(app)
        receiver.requested.connect(take)
        receiver.listen()
        app.aboutToQuit.connect(receiver.close)

    return run_app(*targets, on_shown=receive_files)


def run_app(*networks: str | Network, on_shown: Callable[[QApplication], object] | None = None) -> int:
    """Show the window until it is closed. Each of `networks` gets a tab: an opened one, a key of the catalogue, or the
    path of a file."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("CNN Explorer")
    app.setOrganizationName("cnn-explorer")
    app.setDesktopFileName("cnn-explorer")  # of the launcher: by it, desktops find the icon
    app.setWindowIcon(_load_icon())
    start_log(explorer.__version__)
    appearance.apply_scheme(app, appearance.chosen_scheme())
    translator.set_language(first_language())
    apply_to_application(app, translator.about)  # before there are menus and tool bars, which keep their first font
    FocusRing(app)
    EnterKey(app)
    CutTexts(app)
    app.aboutToQuit.connect(close_shared_journal)
    app.aboutToQuit.connect(GarbageCollector(app).close)
    window = Window()
    keep_until_closed(window)
    window.show()
    if on_shown is not None:
        on_shown(app)
    # After the first paint: the heavy imports take seconds.
    QTimer.singleShot(0, lambda: window.start(*networks))
    return app.exec()


def _load_icon() -> QIcon:
    icon = QIcon()
    for size in (16, 32, 48, 64, 128, 256):
        icon.addFile(str(resource_path(f"desktop/cnn-explorer-{size}.png")))
    return icon


def show(source: str | nn.Module | Network, **options: Any) -> None:
    """Show a network in the window until it is closed.

    Args:
        source: a key of the catalogue, any traceable module, or what `explorer.open` returned.
        options: those of `explorer.open`, such as `input_shape`; its errors are raised too.
    """
    from explorer.network import Network, open_network

    run_app(source if isinstance(source, Network) else open_network(source, **options))
