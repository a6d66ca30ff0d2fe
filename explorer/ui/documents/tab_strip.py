"""The tabs above the canvas: one for each document, and a button for a new one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTabBar, QToolButton, QWidget

from explorer.base.languages import tr
from explorer.document import Document
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.canvas.gestures import is_own_drag

_MAX_TAB_WIDTH = 240  # pixels
_TEAR_OFF_DISTANCE = 40  # pixels below or above the tabs where a dragged one is let go of the window


class TabBar(QTabBar):
    """Tabs that can be closed by the middle button, dragged along, and dragged out."""

    middle_clicked = Signal(int)
    menu_requested = Signal(int, QPoint)
    dragged_out = Signal(int, QPoint)  # where it was let go, on the screen

    def __init__(self) -> None:
        super().__init__()
        self.setMovable(True)
        self.setTabsClosable(False)  # buttons of our own: a style's is a picture in one colour
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUsesScrollButtons(True)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setAcceptDrops(True)
        self.setChangeCurrentOnDrag(True)  # so that what is dragged can be let go in another document
        self.setSelectionBehaviorOnRemove(QTabBar.SelectionBehavior.SelectRightTab)
        live_text(self, QWidget.setAccessibleName, "Open networks")
        self._pressed_middle = -1
        self._is_dragging = False  # a tab, by the left button

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QDropEvent) and not is_own_drag(event):
            event.ignore()  # files and images are the window's
            return False
        return super().event(event)

    def tabSizeHint(self, index: int) -> QSize:
        hint = super().tabSizeHint(index)
        return QSize(min(hint.width(), _MAX_TAB_WIDTH), hint.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._pressed_middle = self.tabAt(event.position().toPoint())
        else:
            self._is_dragging = self.tabAt(event.position().toPoint()) >= 0
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.MiddleButton:
            if self._pressed_middle >= 0 and self.tabAt(at) == self._pressed_middle:
                self.middle_clicked.emit(self._pressed_middle)
            self._pressed_middle = -1
        elif event.button() == Qt.MouseButton.LeftButton and self._is_dragging:
            self._is_dragging = False
            far = _TEAR_OFF_DISTANCE
            if not self.rect().adjusted(-far, -far, far, far).contains(at):
                self.dragged_out.emit(self.currentIndex(), event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.tabAt(event.pos())
        if index >= 0:
            self.menu_requested.emit(index, event.globalPos())


class TabStrip(QFrame):
    """Shows documents as tabs; emits what the user asks for, by the positions of the tabs."""

    activated = Signal(int)
    close_requested = Signal(int)
    keep_requested = Signal(int)
    move_requested = Signal(int, int)
    new_requested = Signal()
    menu_requested = Signal(int, QPoint)
    dragged_out = Signal(int, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tabs")
        self._updating = False
        self.bar = TabBar()
        self.new_button = QToolButton()
        self.new_button.setText("+")
        self.new_button.setProperty("role", "muted")
        live_text(self.new_button, QWidget.setToolTip, "New tab (Ctrl+T)")
        live_text(self.new_button, QWidget.setAccessibleName, "New tab")
        self.new_button.clicked.connect(lambda _=False: self.new_requested.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(2)
        row.addWidget(self.bar)
        row.addWidget(self.new_button)
        row.addStretch(1)
        self.bar.currentChanged.connect(self._on_current_changed)
        self.bar.tabMoved.connect(lambda old, new: self.move_requested.emit(old, new))
        self.bar.middle_clicked.connect(self.close_requested)
        self.bar.tabBarDoubleClicked.connect(self._on_double_clicked)
        self.bar.menu_requested.connect(self.menu_requested)
        self.bar.dragged_out.connect(self.dragged_out)

    def show_documents(self, documents: list[Document], active: int, paired: frozenset[int] = frozenset()) -> None:
        """Show these documents, and which one is in sight; those `paired` stand side by side."""
        self._updating = True
        while self.bar.count() > len(documents):
            self.bar.removeTab(self.bar.count() - 1)
        while self.bar.count() < len(documents):
            self.bar.setTabButton(self.bar.addTab(""), QTabBar.ButtonPosition.RightSide, self._build_close_button())
        for index, document in enumerate(documents):
            self._show_document(index, document, index in paired)
        self.bar.setCurrentIndex(active)
        self._updating = False

    def _show_document(self, index: int, document: Document, is_paired: bool) -> None:
        mark = " •" if document.is_modified else ""
        title = f"{document.title}{mark}".replace("&", "&&")
        title = f"◫ {title}" if is_paired else title
        if self.bar.tabText(index) != title:
            self.bar.setTabText(index, title)
        colour = QColor(appearance.current_colours().muted) if document.is_preview else QColor()  # else the palette's
        self.bar.setTabTextColor(index, colour)
        self.bar.setTabToolTip(index, _tool_tip(document))

    def _build_close_button(self) -> QWidget:
        button = QToolButton()
        button.setText("✕")
        button.setProperty("role", "muted")
        live_text(button, QWidget.setToolTip, "Close tab (Ctrl+W)")
        live_text(button, QWidget.setAccessibleName, "Close tab")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _=False: self._close_by(button))
        return button

    def _close_by(self, button: QToolButton) -> None:
        side = QTabBar.ButtonPosition.RightSide
        for index in range(self.bar.count()):
            if self.bar.tabButton(index, side) is button:
                self.close_requested.emit(index)
                return

    def _on_current_changed(self, index: int) -> None:
        if not self._updating and index >= 0:
            self.activated.emit(index)

    def _on_double_clicked(self, index: int) -> None:
        if index >= 0:
            self.keep_requested.emit(index)
        else:
            self.new_requested.emit()


def _tool_tip(document: Document) -> str:
    lines = [str(document.path or document.source or document.title)]
    if document.network is not None and document.path is not None:
        lines.append(document.network.shown_title)
    if document.is_modified:
        lines.append(tr("Changed since it was opened or saved."))
    if document.is_preview:
        lines.append(tr("A preview: the next network you look at takes its place. Double-click the tab to keep it."))
    return "\n".join(lines)
