"""The bar above two diagrams: the names of both sides, the link, the export and the end of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base.live_texts import live_text

_SIDES = (tr_noop("Left side"), tr_noop("Right side"))


class PairBar(QFrame):
    """Shows who stands on which side; emits what the user asks for."""

    link_toggled = Signal(bool)
    side_requested = Signal(bool)  # whether the left side should be the one that panels and edits are about
    export_requested = Signal()
    closed = Signal()

    def __init__(self, fill_menu: Callable[[QMenu], object], parent: QWidget | None = None) -> None:
        """`fill_menu` fills the menu of what may stand beside the document in sight."""
        super().__init__(parent)
        self.setObjectName("pair")
        self.setStyleSheet("#pair { background: palette(window); border-bottom: 1px solid palette(mid); }")
        self.names = tuple(self._build_name(is_left) for is_left in (True, False))
        self.link_button = self._build_button(
            tr_noop("Linked"), tr_noop("Pan, zoom, fold and select in both diagrams at once"), "tab"
        )
        self.link_button.setCheckable(True)
        self.link_button.setChecked(True)
        self.link_button.toggled.connect(self.link_toggled)
        choose = self._build_button(tr_noop("Beside…"), tr_noop("Choose what stands beside the open network"), "tab")
        choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(choose)
        menu.aboutToShow.connect(lambda: fill_menu(menu))
        choose.setMenu(menu)
        self.export_button = self._build_button(
            tr_noop("Export pair…"), tr_noop("Save both diagrams as one picture, with what differs marked"), "tab"
        )
        self.export_button.clicked.connect(lambda _=False: self.export_requested.emit())
        self.close_button = self._build_button("✕", tr_noop("End side by side (Ctrl+Shift+B)"), "muted")
        self.close_button.clicked.connect(lambda _=False: self.closed.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 6, 2)
        row.addWidget(self.names[0], 1)
        for button in (self.link_button, choose, self.export_button):
            row.addWidget(button)
        row.addWidget(self.names[1], 1)
        row.addWidget(self.close_button)

    def show_sides(self, left: str, right: str, *, is_left_active: bool, can_change_side: bool) -> None:
        """Show the names of both sides, and which one panels and edits are about."""
        for button, name, is_left in zip(self.names, (left, right), (True, False), strict=True):
            is_active = is_left == is_left_active
            button.setText(f"{'A' if is_left else 'B'} · {name}".replace("&", "&&"))
            font = button.font()
            font.setBold(is_active)
            button.setFont(font)
            button.setEnabled(is_active or can_change_side)
            tip = tr("Panels and edits are about this side") if is_active else tr("Edit this side")
            button.setToolTip(f"{name}\n{tip}" if button.isEnabled() else name)

    def _build_name(self, is_left: bool) -> QToolButton:
        button = QToolButton()
        live_text(button, QWidget.setAccessibleName, _SIDES[0] if is_left else _SIDES[1])
        button.setProperty("role", "muted")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        button.clicked.connect(lambda _=False: self.side_requested.emit(is_left))
        return button

    def _build_button(self, text: str, tip: str, role: str) -> QToolButton:
        made = live_text(QToolButton(), QToolButton.setText, text)
        live_text(made, QToolButton.setToolTip, tip)
        live_text(made, QToolButton.setAccessibleName, tip)
        made.setProperty("role", role)
        return made
