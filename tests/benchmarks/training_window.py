"""The window while it trains: `QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.training_window`.

Both networks are trained by the panel, for two minutes, or as many seconds as are given. Every turn of the window's
event loop is timed: as a user would wait for it, and in time of the processor, so that other work on the machine falls
out. Prints one JSON object, in milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from explorer.edits import ToggleChannelShuffle
from explorer.training.groups import list_groups
from explorer.training.launch import pause_run
from explorer.ui.shell.window import Window
from explorer.ui.training.tool import TrainingTool


@dataclass
class Turns:
    """Lengths of the turns of the window's event loop, in milliseconds."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def run_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Handle what comes until a condition holds; return whether it came to hold in time."""
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            wall, processor = time.perf_counter(), time.thread_time()
            QCoreApplication.processEvents()
            self.wall.append(1000 * (time.perf_counter() - wall))
            self.processor.append(1000 * (time.thread_time() - processor))
            time.sleep(0.002)
        return condition()


def measure(window: Window, key: str, seconds: float) -> dict[str, float]:
    """Turns of the window while it trains a network and the same without its channel shuffles."""
    before, turns = Turns(), Turns()
    window.open_network(key)
    assert before.run_until(lambda: window.session.network is not None, 120)
    window.apply_edit(ToggleChannelShuffle("*", on=False))
    assert before.run_until(lambda: window.session.document.is_modified and not window.edit_queue.lane.busy, 120)
    tool = next(made for made in window.tools if isinstance(made, TrainingTool))
    tool.dock.show()
    panel = tool.panel
    assert panel is not None
    panel.epochs.setValue(200)
    before.run_until(lambda: False, 3)
    panel.start_button.click()
    turns.run_until(lambda: False, seconds)
    progress = panel.results.progress
    assert progress is not None
    assert progress.state == "running", progress.state
    return {
        "turns": len(turns.wall),
        "longest": max(turns.wall),
        "longest_processor": max(turns.processor),
        "longest_processor_later": max(turns.processor[len(turns.processor) // 4 :]),
        "above_50_processor": sum(turn > 50 for turn in turns.processor),
    }


def main(seconds: float) -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CNN_EXPLORER_DATA"] = folder
        application = QApplication([])
        window = Window()
        window.resize(1600, 1000)
        window.show()
        print(json.dumps(measure(window, "shufflenet_v2_x0_5", seconds)))
        for group in list_groups():
            for run in group.folders:
                pause_run(run)
        window.close()
        application.processEvents()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0)
