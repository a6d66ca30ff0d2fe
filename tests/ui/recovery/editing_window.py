"""A window that edits and saves at random until it is killed: for each line of its input, a fork does, in a folder of
its own, and says what is shown. It imports once; Qt is only started in the forks."""

from __future__ import annotations

import itertools
import os
import random
import sys
from pathlib import Path

import torch
from PySide6.QtCore import QCoreApplication, QSettings, QTimer
from PySide6.QtWidgets import QApplication

import explorer.network
import explorer.presenters
import explorer.project.journal
from explorer.edits import SwapActivation
from explorer.ui.base import dialogs
from explorer.ui.shell.window import Window


def _say(word: str, number: int) -> None:
    os.write(1, f"{word} {number}\n".encode())  # in one piece


def _edit_for_ever(folder: Path, seed: int) -> None:
    os.environ["XDG_STATE_HOME"] = str(folder)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    choice, kinds = random.Random(seed), itertools.cycle(("gelu", "relu6", "silu"))
    app = QApplication([])
    QCoreApplication.setApplicationName("CNN Explorer")
    dialogs.ask_project_save_path = lambda parent, suggested: str(folder / "mine.cnnx")
    window = Window()
    window.show()

    def tell() -> None:
        network = window.session.network
        if network is not None:
            _say("shown", len(network.history.applied_edits))

    def go_on() -> None:
        if window.session.network is not None:
            window.apply_edit(SwapActivation("*", next(kinds)))
            if choice.random() < 0.15:
                window.actions_.save.trigger()
        timer.start(choice.randint(20, 200))

    timer = QTimer(window, singleShot=True)
    timer.timeout.connect(go_on)
    window.session.on("network", tell)
    window.start("alexnet")
    timer.start(100)
    app.exec()


if __name__ == "__main__":
    torch.set_num_threads(1)
    assert explorer.network, explorer.presenters
    _say("ready", 0)
    for line in sys.stdin:
        folder, seed = line.split("|")
        child = os.fork()
        if child == 0:
            _edit_for_ever(Path(folder), int(seed))
            os._exit(0)
        _say("child", child)
        os.waitpid(child, 0)
        _say("ended", child)
