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
    """Tabs for the scopes, and the options of the chosen one; unavailable options are collapsed.

    Rows are built when they are first shown: a selection has sixty options in four scopes, and shows ten.
    """

    edit_requested = Signal(object)
    edit_hovered = Signal(object)
    scope_changed = Signal(str)  # the scope whose options are shown

    def __init__(self, options: Iterable[Option], first: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
            page.edit_requested.connect(self.edit_requested)
            page.edit_hovered.connect(self.edit_hovered)
            column.addWidget(page)
        column.insertLayout(0, bar)
        for tab in self._tabs.values():
            tab.setVisible(len(self._tabs) > 1)
        self.show_scope(first if first in self._pages else next(iter(self._pages), ""))

    @property
    def rows(self) -> dict[tuple[str, str], OptionRow]:
        """The rows that have been shown, by title and scope."""
        return {(title, scope): row for scope, page in self._pages.items() for title, row in page.rows.items()}

    def show_options(self, options: Iterable[Option]) -> None:
        """Show another state of the same options."""
        for option in options:
            self._pages[option.scope].show_option(option)

    @property
    def scope(self) -> str:
        """The scope whose options are shown; empty when there are none."""
        return next((scope for scope, page in self._pages.items() if not page.isHidden()), "")

    def show_scope(self, scope: str) -> None:
        """Show the options of a scope."""
        for name, page in self._pages.items():
            if name == scope:
                page.build()
            page.setVisible(name == scope)
            self._tabs[name].setChecked(name == scope)
        if scope:
            self.scope_changed.emit(scope)

    def reveal(self, title: str, scope: str) -> QWidget:
        """Make the control of an option visible and return it."""
        self.show_scope(scope)
        page = self._pages[scope]
        if title not in page.rows or page.rows[title].isHidden():
            page.expand()
        return page.rows[title].control

    def _build_tab(self, scope: str, number: int) -> QToolButton:
        tab = self._tabs[scope] = QToolButton()
        tab.setText(tr(_LABELS.get(scope, scope)))
        tab.setCheckable(True)
        tab.setProperty("role", "tab")
        tab.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        tab.setToolTip(f"{tr(_TOOLTIPS.get(scope, scope))} (Alt+{number})")
        tab.setAccessibleName(tr("Options of {scope}", scope=tr(scope)))
        tab.clicked.connect(lambda: self.show_scope(scope))
        shortcut = QShortcut(QKeySequence(f"Alt+{number}"), self)
        shortcut.activated.connect(lambda: self.show_scope(scope))
        self._group.addButton(tab)
        return tab


class _ScopePage(QWidget):
    """Options of one scope: available ones, then an expander with the unavailable ones and their reasons."""

    edit_requested = Signal(object)
    edit_hovered = Signal(object)

    def __init__(self, options: list[Option]) -> None:
        super().__init__()
        self.rows: dict[str, OptionRow] = {}  # those that have been shown
        self._options = {option.title: option for option in options}
        self._unavailable = [option.title for option in options if option.reason]
        self._expander = QToolButton()
        self._expander.setCheckable(True)
        self._expander.setProperty("role", "muted")
        self._expander.setToolTip(tr("Options that do not apply here, and why"))
        self._expander.toggled.connect(self._set_expanded)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def build(self) -> None:
        """Build what is seen first, once."""
        if self._column.count():
            return
        self._add_rows(title for title in self._options if title not in self._unavailable)
        nothing = len(self._unavailable) == len(self._options)
        if nothing:
            text = tr("None of these can be changed here:") if self._options else tr("Nothing can be changed here.")
            self._column.addWidget(text_label(text))
        self._column.addWidget(self._expander)
        self._expander.setVisible(bool(self._unavailable))
        self._set_expanded(False)
        self._expander.setChecked(nothing and bool(self._unavailable))

    def show_option(self, option: Option) -> None:
        """Show another state of an option, now or when its row is built."""
        self._options[option.title] = option
        if option.title in self.rows:
            self.rows[option.title].show_option(option)

    def expand(self) -> None:
        self._expander.setChecked(True)

    def _add_rows(self, titles: Iterable[str]) -> None:
        for title in titles:
            row = self.rows[title] = OptionRow(self._options[title])
            row.edit_requested.connect(self.edit_requested)
            row.edit_hovered.connect(self.edit_hovered)
            self._column.addWidget(row)

    def _set_expanded(self, expanded: bool) -> None:
        if expanded:
            self._add_rows(title for title in self._unavailable if title not in self.rows)
        self._expander.setText(f"{tr('Unavailable ({n})', n=len(self._unavailable))} {'▾' if expanded else '▸'}")
        for title in self._unavailable:
            if title in self.rows:
                self.rows[title].setVisible(expanded)
