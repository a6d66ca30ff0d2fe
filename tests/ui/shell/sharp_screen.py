"""Writes what the window and its panels show to PNG files, in a process whose screen has the pixels that
`QT_SCALE_FACTOR` says: `python -m tests.ui.shell.sharp_screen FOLDER [panels]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from explorer.ui.base import appearance
from explorer.ui.shell.window import Window

_PATIENCE_MS = 60_000


def main(folder: Path, *, with_panels: bool) -> None:
    """Open a small network in a large window, and grab what there is."""
    app = QApplication([])
    QCoreApplication.setOrganizationName("cnn-explorer-tests")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
    QSettings().setValue("hints_read", "diagram selection history output")
    appearance.apply_scheme(app, "light")
    window = Window()
    window.statusBar().hide()  # what it says of what is being done comes and goes
    window.resize(1600, 1000)
    window.show()
    window.start("squeezenet1_1")
    _settle(window)
    _grab(window, folder)
    for dock in (*window.docks.all, *window.tool_context.docks) if with_panels else ():
        dock.show()
        dock.raise_()
        _settle(window)
        if dock.isVisible():
            _grab(dock, folder)
    os._exit(0)  # with all that still runs


def _grab(widget: QWidget, folder: Path) -> None:
    for label in widget.findChildren(QLabel):
        if label.text().endswith((" ms.", " s.")):  # how long it took, which is never the same
            label.clear()
    widget.grab().save(str(folder / f"{widget.objectName() or 'window'}.png"))


def _wait(milliseconds: int) -> None:
    loop = QEventLoop()  # which lets other threads work, where `QTest.qWait` keeps Python to itself
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _settle(window: Window) -> None:
    lanes, waited = (*window._lanes, *window.tool_context.lanes), QElapsedTimer()
    waited.start()
    _wait(300)
    while (window.session.network is None or any(lane.busy for lane in lanes)) and waited.elapsed() < _PATIENCE_MS:
        _wait(50)
    _wait(300)


if __name__ == "__main__":
    main(Path(sys.argv[1]), with_panels="panels" in sys.argv)
