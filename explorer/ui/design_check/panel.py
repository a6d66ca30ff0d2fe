"""Panel of the design rules: what each found, where it comes from, and a try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.design_check.wrapping_delegate import WrappingDelegate
from explorer.ui.widgets.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.design_rules.rule import Finding, RuleReport
    from explorer.edits import Edit

_PLACEHOLDER = tr_noop("Open a network to check it against the design rules of its field.")
_MOST_SHOWN = 200  # findings of a rule
_FINDING = Qt.ItemDataRole.UserRole


class DesignCheckPanel(QWidget):
    """A tree of rules and findings; the one chosen is explained below, with a button that tries its edit."""

    places_chosen = Signal(object)  # names of nodes
    edit_requested = Signal(object)
    timing_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reports: Sequence[RuleReport] = ()
        self._edit: Edit | None = None
        self.tree = live_text(QTreeWidget(), QWidget.setAccessibleName, tr_noop("Design rules"))
        self.tree.setColumnCount(2)
        self.tree.setItemDelegateForColumn(0, WrappingDelegate(self.tree))
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        follow_language(self.tree, lambda tree: tree.setHeaderLabels([tr("Rule"), tr("Time here")]))
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.currentItemChanged.connect(lambda item, _: self._show_item(item))
        self.tree.itemClicked.connect(lambda item, _: self._show_item(item))
        self.caption, self.advice = QLabel(), QLabel()
        for label in (self.caption, self.advice):
            label.setWordWrap(True)
        self.caption.setProperty("role", "muted")
        self.try_button = live_text(QToolButton(), QToolButton.setText, tr_noop("Try the edit"))
        self.time_button = live_text(QToolButton(), QToolButton.setText, tr_noop("Measure times"))
        live_text(self.time_button, QWidget.setToolTip, tr_noop("Time each layer on this machine, beside the findings"))
        for button in (self.try_button, self.time_button):
            button.setProperty("role", "tab")
        self.try_button.clicked.connect(lambda: self.edit_requested.emit(self._edit))
        self.time_button.clicked.connect(self.timing_requested)
        self._tool_row = ToolRow([self.try_button, self.time_button])
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        for widget in (self.caption, self._tool_row):
            column.addWidget(widget)
        column.addWidget(self.tree, 1)
        column.addWidget(self.advice)
        self.setMinimumWidth(280)
        self.show_result(None)

    def sizeHint(self) -> QSize:
        return QSize(420, 520)

    def show_result(self, result: Sequence[RuleReport] | None, reason: str = "") -> None:
        """Show what the rules found; without a result, the reason for that."""
        self._reports = result or ()
        for widget in (self.tree, self._tool_row, self.advice):
            widget.setVisible(result is not None)
        self.tree.clear()
        self.tree.setColumnHidden(1, True)
        self._show_item(None)
        if result is None:
            self.caption.setText(reason or tr(_PLACEHOLDER))
            return
        broken = [report for report in self._reports if report.findings]
        self.caption.setText(
            tr(
                "{broken} of {count} rules found something. The networks they come from break some on purpose.",
                broken=len(broken),
                count=len(self._reports),
            )
        )
        for report in self._reports:
            self.tree.addTopLevelItem(self._rule_item(report))
        first = self.tree.topLevelItem(0)
        if len(broken) == 1 and first is not None:
            first.setExpanded(True)

    def show_times(self, layer_ms: Mapping[str, float]) -> None:
        """Write the milliseconds of each finding's layers beside it, and of all together beside the rule."""
        from explorer.presenters.timing import format_milliseconds, format_time_share

        self.tree.setColumnHidden(1, False)
        total = sum(layer_ms.values()) or 1.0
        for row, report in enumerate(self._reports):
            rule = self.tree.topLevelItem(row)
            names = {name for finding in report.findings for name in finding.nodes}
            if rule is None or not names:
                continue
            spent = sum(layer_ms.get(name, 0.0) for name in names)
            rule.setText(1, f"{format_milliseconds(spent)} · {format_time_share(spent / total)}")
            for at, finding in enumerate(report.findings[:_MOST_SHOWN]):
                own = sum(layer_ms.get(name, 0.0) for name in finding.nodes)
                child = rule.child(at)
                if child is not None and finding.nodes:
                    child.setText(1, format_milliseconds(own))

    def _rule_item(self, report: RuleReport) -> QTreeWidgetItem:
        found = len(report.findings)
        title = tr(report.rule.title)
        item = QTreeWidgetItem([f"{found} ×  {title}" if found else f"✓  {title}", ""])
        places = tr_n("{n} place", "{n} places", found)
        item.setToolTip(0, "\n".join((title, *([places] if found else []), tr(report.rule.advice), report.rule.source)))
        font = item.font(0)
        font.setBold(bool(found))
        item.setFont(0, font)
        for finding in report.findings[:_MOST_SHOWN]:
            child = QTreeWidgetItem([finding.why, ""])
            child.setToolTip(0, finding.why)
            child.setData(0, _FINDING, finding)
            item.addChild(child)
        if found > _MOST_SHOWN:
            item.addChild(QTreeWidgetItem([tr("{count} more", count=found - _MOST_SHOWN), ""]))
        return item

    def _show_item(self, item: QTreeWidgetItem | None) -> None:
        finding: Finding | None = item.data(0, _FINDING) if item is not None else None
        rule = item.parent() if item is not None and item.parent() is not None else item
        row = self.tree.indexOfTopLevelItem(rule) if rule is not None else -1
        self._edit = finding.edit if finding is not None else None
        self.try_button.setEnabled(self._edit is not None)
        self.try_button.setToolTip(self._edit.title if self._edit is not None else "")
        if not 0 <= row < len(self._reports):
            self.advice.setText("")
            return
        about = self._reports[row].rule
        parts = [finding.why] if finding is not None else []
        self.advice.setText("\n".join([*parts, tr(about.advice), tr("Source: {source}", source=about.source)]))
        if finding is not None and finding.nodes:
            self.places_chosen.emit(finding.nodes)
