"""Every dialog and window that the app opens beside its own, shown one after the other to whoever looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from explorer.networks.user_module import UserModule
from explorer.project.journal import LostDocument, Origin
from explorer.training.closer_look import Answer, CloserLook, HardImage
from explorer.ui.base import dialogs
from explorer.ui.comparison.partner_menu import ask_network
from explorer.ui.experiments.tool import ExperimentsTool
from explorer.ui.export import choices
from explorer.ui.export.dialog import ExportDialog
from explorer.ui.export.tool import ExportTool
from explorer.ui.help.tool import HelpTool
from explorer.ui.model_files.tool import ModelFilesTool
from explorer.ui.new_network.tool import NewNetworkTool
from explorer.ui.overview.tool import OverviewTool
from explorer.ui.palette.tool import PaletteTool
from explorer.ui.preferences.tool import PreferencesTool
from explorer.ui.recovery.dialog import RecoveryDialog
from explorer.ui.shell.window import Window
from explorer.ui.tours.tool import ToursTool
from explorer.ui.training.closer_look_dialog import CloserLookDialog
from explorer.ui.user_module.tool import UserModuleTool
from explorer.ui.weights.report import WeightsReport
from explorer.ui.widgets.combo_boxes import select_data
from explorer.ui.worksheet.tool import WorksheetTool
from explorer.weights.checkpoint_matching import MatchReport

Visit = Callable[[str, QWidget], object]
_Tool = TypeVar("_Tool")

_HELP = ("First steps and manual", "Keyboard shortcuts", "What's new", "About CNN Explorer")


class EveryDialog:
    """Opens them over a window that shows a network, with `visit` called on each while it is in sight."""

    def __init__(self, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, visit: Visit) -> None:
        self._window, self._qtbot, self._monkeypatch, self._visit = window, qtbot, monkeypatch, visit

    def show_all(self) -> None:
        """Show every one of them."""
        self.show_tools()
        self.show_export()
        self.show_own()
        self.show_questions()

    def show_tools(self) -> None:
        """Show what tools open from the menus."""
        help_tool = self._tool(HelpTool)
        for title in _HELP:
            self._show(title, help_tool.show(title))
        preferences, overview = self._tool(PreferencesTool), self._tool(OverviewTool)
        preferences.show()
        self._show("preferences", preferences.dialog)
        overview.show()
        assert overview.window is not None
        for number in range(overview.window.count()):
            overview.window.setCurrentIndex(number)
            self._show(f"all networks {number}", overview.window, keep=True)
        overview.window.close()
        for name, kind, show in (
            ("new network", NewNetworkTool, "show_dialog"),
            ("open module", UserModuleTool, "show_dialog"),
            ("work sheet", WorksheetTool, "show"),
        ):
            tool = self._tool(kind)
            getattr(tool, show)()
            self._show(name, getattr(tool, "dialog", None) or self._opened())
        experiments = self._tool(ExperimentsTool)
        experiments.show()
        self._qtbot.waitUntil(lambda: experiments.window is not None, timeout=120_000)
        self._show("experiments", experiments.window)
        self._show("palette", self._palette())
        tours = self._tool(ToursTool)
        tours.show_chooser()
        self._show("tours", tours.chooser)

    def show_export(self) -> None:
        """Show the export dialog with each kind of picture and each format that it can have, and each of its tabs."""
        tool = self._tool(ExportTool)
        tool.show_dialog()
        dialog = tool.dialog
        assert isinstance(dialog, ExportDialog)
        for kind in choices.KIND_CHOICES.values():
            select_data(dialog.form.kind, kind)
            for name, suffix in choices.formats_of(kind).items():
                select_data(dialog._format, suffix)
                self._show(f"export {kind} {name}", dialog, keep=True)
        for number in range(1, dialog.form.count()):
            select_data(dialog.form.kind, "graph")
            dialog.form.setCurrentIndex(number)
            self._show(f"export tab {number}", dialog, keep=True)
        dialog.close()

    def show_own(self) -> None:
        """Show what comes up by itself: after a crash, a training, a checkpoint, a file with code."""
        window = self._window
        lost = [
            LostDocument(Path(f"lost{n}.cnnx"), Origin(f"ResNet-18 {n}", "/home/me/a.cnnx"), 1e9, n) for n in (1, 2)
        ]
        self._show("unsaved work", _shown(RecoveryDialog(lost, window)))
        self._show("closer look", _shown(CloserLookDialog(_closer_look(), window)))
        names = tuple(f"layer1.{n}.conv1.weight" for n in range(40))
        report = MatchReport(
            names[:30], names[30:34], names[34:], ((names[0], (64, 64, 3, 3), (64, 32, 3, 3)),), "module."
        )
        actions: tuple[tuple[str, Callable[[], None]], ...] = (("Use other weights", lambda: None),)
        self._show("weights report", _shown(WeightsReport(window, "checkpoint.safetensors", report, actions)))
        module = UserModule("/home/me/nets/mine.py:Net", {"width": 64, "depth": 4})
        modules = self._tool(UserModuleTool)
        modules.show_dialog(module, "a.cnnx")
        self._show("open module of a project", modules.dialog)
        files = self._tool(ModelFilesTool)
        files._ask_consent("/home/me/models/net.pt2", "net.pt2 is torch.export, which can run code.", lambda: None)
        self._show("consent", files.question)
        with self._executed("another network"):
            ask_network(window, lambda key: None)

    def show_questions(self) -> None:
        """Show the questions about files."""
        for name, ask in (
            ("changed by others", partial(dialogs.ask_changed_by_others, self._window, "resnet.cnnx")),
            ("unsaved changes", partial(_ask_unsaved_changes, self._window, "ResNet-18")),
        ):
            with self._executed(name):
                ask()

    def _tool(self, kind: type[_Tool]) -> _Tool:
        return next(tool for tool in self._window.tools if isinstance(tool, kind))

    def _palette(self) -> QWidget:
        tool = self._tool(PaletteTool)
        tool.show()
        return tool.palette

    def _opened(self) -> QWidget:
        return next(one for one in self._window.findChildren(QDialog) if one.isVisible())

    def _show(self, name: str, dialog: QWidget | None, *, keep: bool = False) -> None:
        assert dialog is not None, name
        lanes = (*self._window._lanes, *self._window.tool_context.lanes)
        for _ in range(2):
            self._qtbot.wait(90)  # longer than any preview waits
            self._qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=240_000)
        assert dialog.isVisible(), name
        self._visit(name, dialog)
        if not keep:
            dialog.close() if dialog.isWindow() else dialog.hide()
            self._qtbot.wait(5)

    @contextmanager
    def _executed(self, name: str) -> Iterator[None]:
        """Show a dialog that waits for its answer, without waiting."""

        def execute(dialog: Any) -> int:
            dialog.show()
            self._show(name, dialog)
            return 0

        with self._monkeypatch.context() as patch:
            patch.setattr(QDialog, "exec", execute)
            yield


_ask_unsaved_changes = dialogs.ask_unsaved_changes  # as it is: in tests nobody is asked


def _shown(dialog: QDialog) -> QDialog:
    dialog.show()
    return dialog


def _closer_look() -> CloserLook:
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    confusion = tuple(tuple(int(90 if a == b else (a * b) % 5) for b in range(10)) for a in range(10))
    heat = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    pixels = np.full((32, 32, 3), 120, np.uint8)
    images = tuple(HardImage(pixels, n, (Answer((n + 1) % 10, 0.2, heat), Answer(n, 0.4, None))) for n in range(8))
    return CloserLook(("ResNet-18", "ResNet-18 · Activation GELU everywhere"), names, (confusion, confusion), images)
