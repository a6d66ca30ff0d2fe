"""The frame of the main window: canvas, panels, docks and tool bar. It knows nothing of documents and commands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QApplication, QMainWindow, QToolBar, QVBoxLayout, QWidget

from explorer.base.languages import tr_noop
from explorer.drawing import DARK, LIGHT
from explorer.session import Session
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.canvas.badge import Badge
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.figures.headline import FiguresLine
from explorer.ui.figures.panel import FiguresPanel
from explorer.ui.history.panel import HistoryPanel
from explorer.ui.inspector.panel import InspectorPanel
from explorer.ui.library.panel import LibraryPanel
from explorer.ui.output.panel import OutputPanel
from explorer.ui.plugin.docks import MainDocks
from explorer.ui.preferences.tool import read_default_level
from explorer.ui.shell.actions import Actions
from explorer.ui.shell.notice import Notice

FRAME_SIZE = QSize(8, 40)  # pixels that a desktop puts around a window: its title bar, its borders


class WindowFrame(QMainWindow):
    """What every window shows around the diagram of the document in sight."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session()
        self.session.prefer_level(read_default_level())
        self.actions_ = Actions(self)
        self._build_panels()
        self._build_toolbar()
        self._update_canvas_theme()

    def _build_panels(self) -> None:
        self.resize(
            QSize(1440, 900).boundedTo(self.screen().availableSize() - FRAME_SIZE)
        )  # small screens are not overrun
        self.setAcceptDrops(True)
        self.canvas, self.notice = Canvas(), Notice()
        middle = QWidget()
        self.middle_column = column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.canvas, 1)
        self.setCentralWidget(middle)
        self.library, self.inspector, self.history = LibraryPanel(), InspectorPanel(), HistoryPanel()
        self.figures, self.output = FiguresPanel(), OutputPanel()
        self.figures_line = FiguresLine()
        self.figures.displayed.connect(self.figures_line.show_summary)
        self.docks = MainDocks(
            self,
            library=self.library,
            inspector=self.inspector,
            history=self.history,
            figures=self.figures,
            output=self.output,
        )
        self.baseline_badge = Badge(self.canvas, tr_noop("Baseline"))

    def _build_toolbar(self) -> None:
        bar = live_text(QToolBar(), QToolBar.setWindowTitle, "Tools")
        bar.setObjectName("tools")
        bar.setMovable(False)
        self.addToolBar(bar)
        self.actions_.fill_toolbar(bar)
        self.actions_.levels[self.session.default_level].setChecked(True)
        self.actions_.themes[appearance.chosen_scheme()].setChecked(True)

    def _is_dark(self) -> bool:
        app = QApplication.instance()
        return isinstance(app, QApplication) and appearance.is_dark(app)

    def _update_canvas_theme(self) -> None:
        self.canvas.set_theme(DARK if self._is_dark() else LIGHT)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "canvas"):
            self._update_canvas_theme()
            self.actions_.themes[appearance.chosen_scheme()].setChecked(True)

    def show_status(self, text: str, milliseconds: int = 8000) -> None:
        """Show a message in the status bar."""
        self.statusBar().showMessage(text, milliseconds)
