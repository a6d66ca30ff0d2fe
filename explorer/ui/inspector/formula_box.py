"""The cost formula of a layer: symbols above their numbers; those that an edit changed are highlighted.

The product must equal the measured cost. If it ever does not, a warning says so.
"""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel

from explorer.base import number_format
from explorer.base.languages import tr, with_label
from explorer.ui.base import appearance
from explorer.viewmodels.panels import Factor, Formula

_CELL_PADDING = 3  # pixels on each side of a symbol
_FRAME = 9  # pixels of padding and border on each side of the box


class FormulaBox(QLabel):
    """A label that shows the MACs of a layer as a product, or those of a group as a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.formula: Formula | None = None
        self._previous: Formula | None = None
        self._sum_text = ""
        self._lines: list[list[tuple[str, Factor]]] = []  # of the formula, as they fit: signs, factors
        self.setProperty("role", "formula")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hide()

    def show_formula(self, formula: Formula | None, sum_text: str = "") -> None:
        """Show a layer's formula or, for a group, `sum_text`; factors that differ from the previous formula are
        highlighted."""
        if formula != self.formula:
            self._previous = self.formula
        self.formula, self._sum_text = formula, sum_text
        self._update_text()

    def compare_with(self, previous: Formula | None) -> None:
        """Highlight factors that differ from another formula of the same layer."""
        self._previous = previous
        self._update_text()

    @property
    def changed_symbols(self) -> frozenset[str]:
        """Symbols of the factors that differ from the previous formula."""
        if self.formula is None or self._previous is None:
            return frozenset()
        old = {factor.symbol: factor.value for factor in self._previous.factors}
        return frozenset(f.symbol for f in self.formula.factors if old.get(f.symbol, f.value) != f.value)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._update_text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.formula is not None and self._break_lines(self.formula) != self._lines:
            self._update_text()

    def _break_lines(self, formula: Formula) -> list[list[tuple[str, Factor]]]:
        """Return the factors in lines that are no wider than the box: a table does not wrap by itself."""
        bold = QFont(self.font())
        bold.setBold(True)
        plain, heavy = QFontMetrics(self.font()), QFontMetrics(bold)
        lines: list[list[tuple[str, Factor]]] = []
        used = 0
        for number, factor in enumerate(formula.factors):
            sign = _operator_text(number, factor).strip()
            widths = plain.horizontalAdvance(factor.symbol), heavy.horizontalAdvance(str(factor.value))
            width = max(widths) + 2 * _CELL_PADDING
            if sign:
                width += plain.horizontalAdvance(sign) + 2 * _CELL_PADDING
            if not lines or used + width > self.width() - 2 * _FRAME:
                lines.append([])
                used = 0
            lines[-1].append((sign, factor))
            used += width
        return lines

    def _update_text(self) -> None:
        self.setVisible(self.formula is not None or bool(self._sum_text))
        if self.formula is None:
            self.setText("<br>".join(map(escape, self._sum_text.splitlines())))
            self.setToolTip("")
            return
        self._lines = self._break_lines(self.formula)
        self.setText(_format_html(self.formula, self._lines, self.changed_symbols, appearance.current_colours()))
        self.setToolTip("\n".join(with_label(f.symbol, f.description) for f in self.formula.factors))
        self.setAccessibleName(_format_text(self.formula))


def _format_text(formula: Formula) -> str:
    product = "".join(f"{_operator_text(n, f)}{f.value}" for n, f in enumerate(formula.factors))
    return f"MACs = {product} = {formula.measured:,}"


def _operator_text(number: int, factor: Factor) -> str:
    return "" if not number else " ÷ " if factor.divides else " · "


def _format_html(
    formula: Formula, lines: list[list[tuple[str, Factor]]], changed: frozenset[str], c: appearance.Colours
) -> str:
    """Return the formula as tables of two rows, one for each line: symbols above numbers."""
    table = "".join(_format_line(line, changed, c) for line in lines)
    result = f"= <b>{number_format.format_exact(formula.measured)}</b> MACs"
    if not formula.matches_measured:
        product = number_format.format_exact(float(formula.product))
        warning = tr(
            "The formula gives {product}, but {measured:,} were measured.", product=product, measured=formula.measured
        )
        result = f"<b style='color:{c.increase}'>⚠ {warning}</b>"
    return f"{table}<p style='margin:3px 0 0 0'>{result}</p>"


def _format_line(line: list[tuple[str, Factor]], changed: frozenset[str], c: appearance.Colours) -> str:
    top, bottom = [], []
    for sign, factor in line:
        if sign:
            top.append(f"<td style='color:{c.muted}'>{sign}</td>")
            bottom.append(f"<td style='color:{c.muted}'>{sign}</td>")
        ground = f" bgcolor='{c.accent}'" if factor.symbol in changed else ""
        colour = c.surface if factor.symbol in changed else c.text
        top.append(f"<td align='center' style='color:{c.muted}'>{escape(factor.symbol)}</td>")
        bottom.append(f"<td align='center'{ground}><b style='color:{colour}'>{factor.value}</b></td>")
    rows = f"<tr>{''.join(top)}</tr><tr>{''.join(bottom)}</tr>"
    return f"<table cellspacing='0' cellpadding='{_CELL_PADDING}'>{rows}</table>"
