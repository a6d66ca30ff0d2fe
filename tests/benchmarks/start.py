"""Seconds from the start of the process to the window, and to the first figures: `python -m tests.benchmarks.start`."""

from __future__ import annotations

import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication


class _FirstPaint(QObject):
    """Says when a widget has been painted for the first time."""

    seen = 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self.seen and event.type() == QEvent.Type.Paint:
            self.seen = time.time()
        return False


def main(started: float) -> None:
    from explorer.ui.base import appearance
    from explorer.ui.shell.window import Window

    app = QApplication(sys.argv[:1])
    appearance.apply_scheme(app, "light")
    window = Window()
    painted = _FirstPaint()
    window.canvas.installEventFilter(painted)
    window.show()
    QTimer.singleShot(0, lambda: window.start("mobilenet_v2"))

    def look() -> None:
        if window.figures._summary is not None and window.canvas.picture is not None:
            print(f"{painted.seen - started:.3f} {time.time() - started:.3f}")
            watch.stop()
            window.close()
            app.quit()

    watch = QTimer()
    watch.timeout.connect(look)
    watch.start(5)
    app.exec()


if __name__ == "__main__":
    main(float(sys.argv[1]))
