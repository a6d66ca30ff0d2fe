"""A check of the installation: what a user does first, done once in a real window. For bundles, and for bug reports."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from explorer.ui.shell.window import Window

if TYPE_CHECKING:
    from explorer.network import Network

_PATIENCE_SECONDS = 180.0
_OWN_MODULE = """
import statistics
import torchvision.ops
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
"""


class CheckError(RuntimeError):
    """Something does not work. The message says what."""


def run_check(export: Callable[[str, Path], None]) -> Iterator[str]:
    """Open a project in a window, edit it, run it, export it and run code of one's own; yield a line for each.

    `export` writes a network by its key to a file of any suffix, as the command line does. Raises what fails.
    """
    app = QApplication.instance() or QApplication([])
    app.setOrganizationName("cnn-explorer-check")  # settings, recent files and journal of its own
    with tempfile.TemporaryDirectory(prefix="cnn-explorer-check-") as folder:
        project = Path(folder, "mine.cnnx")
        _write_project(project)
        window = Window()
        window.show()
        window.start(str(project))
        yield _check_opening(window)
        yield _check_edit(window)
        yield _check_own_module(Path(folder))
        yield _check_what_comes_with_it()
        for suffix in (".png", ".svg", ".pdf", ".py", *([".onnx"] if importlib.util.find_spec("onnxscript") else [])):
            file = Path(folder, f"resnet18{suffix}")
            export("resnet18", file)
            yield f"exported {file.name}, {file.stat().st_size:,} bytes"
        _wait_for(window, "the window has done its work", lambda _: not window.progress_indicator.isVisible())
        if not window.close():
            raise CheckError("the window does not close")
    del app


def _write_project(path: Path) -> None:
    from explorer.edits import SwapActivation
    from explorer.project.files import write_project
    from explorer.project.project import Project

    write_project(path, Project("resnet18", edits=(SwapActivation("*", "gelu"),), position=1))


def _check_opening(window: Window) -> str:
    network = _wait_for(window, "a network is drawn", lambda network: window.canvas.picture is not None)
    if len(network.history.applied_edits) != 1:
        raise CheckError("the project's edit is not applied")
    return f"opened {network.title} from a project and drew it"


def _check_edit(window: Window) -> str:
    from explorer.edits import ToggleShortcut

    window.apply_edit(ToggleShortcut("layer2.1", on=False))
    network = _wait_for(window, "an edit is applied", lambda network: len(network.history.applied_edits) == 2)
    label, probability = network.run("cat").top(1)[0]
    window.change_network(lambda network: network.undo())
    _wait_for(window, "the edit is undone", lambda network: len(network.history.applied_edits) == 1)
    return f"edited it and ran it on a photo: {label}, {probability:.1%}"


def _check_own_module(folder: Path) -> str:
    from explorer.networks.input_spec import single_input
    from explorer.networks.user_module import UserModule
    from explorer.project.user_code import open_user_module_apart

    file = folder / "net.py"
    file.write_text(_OWN_MODULE)
    network = open_user_module_apart(UserModule(f"{file}:Net", {}, single_input((1, 3, 32, 32))))
    return f"ran code of one's own in a process of its own: {network.figures.total.params} parameters"


def _check_what_comes_with_it() -> str:
    """Files and metadata that are looked up by name, and so are what a bundle lacks first."""
    from explorer.design.templates import TEMPLATES
    from explorer.guide.page import PAGES
    from explorer.parts import all_parts
    from explorer.tours.listing import TOURS
    from explorer.tours.tour import load_tour
    from explorer.ui.help.system_information import NEEDED, find_libraries

    tours, parts, libraries = [load_tour(name) for name in TOURS], all_parts(), find_libraries()
    if lacking := {*NEEDED} - {library.name for library in libraries}:
        raise CheckError(f"no metadata of {', '.join(sorted(lacking))}")
    found = f"{len(tours)} tours, {len(PAGES)} pages, {len(parts)} parts, {len(TEMPLATES)} designs"
    return f"{found}, {len(libraries)} libraries that say what they are"


def _wait_for(window: Window, what: str, holds: Callable[[Network], bool]) -> Network:
    """Let the window work until something holds for its network. Raises CheckError."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while (network := window.session.network) is None or not holds(network):
        QApplication.processEvents()
        if window.notice.isVisible():
            raise CheckError(window.notice.text)
        if time.monotonic() > end:
            raise CheckError(f"not within {_PATIENCE_SECONDS:g} s: {what}")
        time.sleep(0.01)
    return network
