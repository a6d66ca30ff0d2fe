"""Options of a selection, one scope at a time: this layer, its block, its stage, the whole network."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.inspector.option_row import OptionRow
from explorer.ui.widgets.labels import text_label
from explorer.viewmodels.panels import Option

_LABELS = {
    "this layer": tr_noop("Layer"),
    "this part": tr_noop("Part"),
    "these cards": tr_noop("Cards"),
    "this block": tr_noop("Block"),
    "this stage": tr_noop("Stage"),
    "whole network": tr_noop("Network"),
}
_TOOLTIPS = {
    "this layer": tr_noop("Change this layer, and what depends on its shape"),
    "this part": tr_noop("Change this part of the block"),
    "these cards": tr_noop("Change all selected cards"),
    "this block": tr_noop("Change every layer of a kind in this block"),
    "this stage": tr_noop("Change every block of this stage"),
    "whole network": tr_noop("Change every block of the network"),
}


class ScopeOptions(QWidget):
    """Tabs for the scopes, and the options of the chosen one; unavailable options are collapsed."""

    edit_requested = Signal(object)
    edit_hovered = Signal(object)
    scope_changed = Signal(str)  # the scope whose options are shown

    def __init__(self, options: Iterable[Option], first: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[tuple[str, str], OptionRow] = {}
        self._pages: dict[str, _ScopePage] = {}
        self._tabs: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        by_scope: dict[str, list[Option]] = {}
        for option in options:
            by_scope.setdefault(option.scope, []).append(option)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(8)
        bar = QHBoxLayout()
        bar.setSpacing(3)
        for number, (scope, found) in enumerate(by_scope.items(), 1):
            bar.addWidget(self._build_tab(scope, number), 1)
            page = self._pages[scope] = _ScopePage(found)
            self.rows.update({(option.title, scope): page.rows[option.title] for option in found})
            column.addWidget(page)
        column.insertLayout(0, bar)
        for tab in self._tabs.values():
            tab.setVisible(len(self._tabs) > 1)
        for row in self.rows.values():
            row.edit_requested.connect(self.edit_requested)
            row.edit_hovered.connect(self.edit_hovered)
        self.show_scope(first if first in self._pages else next(iter(self._pages), ""))

    @property
    def scope(self) -> str:
        """The scope whose options are shown; empty when there are none."""
        return next((scope for scope, page in self._pages.items() if not page.isHidden()), "")

    def show_scope(self, scope: str) -> None:
        """Show the options of a scope."""
        for name, page in self._pages.items():
            page.setVisible(name == scope)
            self._tabs[name].setChecked(name == scope)
        if scope:
            self.scope_changed.emit(scope)

    def reveal(self, title: str, scope: str) -> QWidget:
        """Make the control of an option visible and return it."""
        self.show_scope(scope)
        row = self.rows[title, scope]
        if row.isHidden():
            self._pages[scope].expand()
        return row.control

    def _build_tab(self, scope: str, number: int) -> QToolButton:
        tab = self._tabs[scope] = QToolButton()
        tab.setText(tr(_LABELS.get(scope, scope)))
        tab.setCheckable(True)
        tab.setProperty("role", "tab")
        tab.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        tab.setToolTip(f"{tr(_TOOLTIPS.get(scope, scope))} (Alt+{number})")
        tab.setAccessibleName(tr("Options of {scope}", scope=scope))
        tab.clicked.connect(lambda: self.show_scope(scope))
        shortcut = QShortcut(QKeySequence(f"Alt+{number}"), self)
        shortcut.activated.connect(lambda: self.show_scope(scope))
        self._group.addButton(tab)
        return tab


class _ScopePage(QWidget):
    """Options of one scope: available ones, then an expander with the unavailable ones and their reasons."""

    def __init__(self, options: list[Option]) -> None:
        super().__init__()
        self.rows = {option.title: OptionRow(option) for option in options}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for option in options:
            if not option.reason:
                column.addWidget(self.rows[option.title])
        idle = [self.rows[option.title] for option in options if option.reason]
        if len(idle) == len(options):
            column.addWidget(
                text_label(tr("Nothing can be changed here.") if not idle else tr("None of these can be changed here:"))
            )
        self._expander = QToolButton()
        self._expander.setCheckable(True)
        self._expander.setProperty("role", "muted")
        self._expander.setToolTip(tr("Options that do not apply here, and why"))
        self._expander.toggled.connect(lambda on: self._set_expanded(idle, on))
        if idle:
            column.addWidget(self._expander)
        for row in idle:
            column.addWidget(row)
        self._expander.setVisible(bool(idle))
        self._expander.setChecked(len(idle) == len(options) and bool(idle))
        self._set_expanded(idle, self._expander.isChecked())

    def expand(self) -> None:
        self._expander.setChecked(True)

    def _set_expanded(self, unavailable: list[OptionRow], expanded: bool) -> None:
        self._expander.setText(f"{tr('Unavailable')} ({len(unavailable)}) {'▾' if expanded else '▸'}")
        for row in unavailable:
            row.setVisible(expanded)
