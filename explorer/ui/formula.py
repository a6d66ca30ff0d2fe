"""The cost formula of a layer: symbols above their numbers, those that an edit just changed lit up.

What the formula gives must be what was measured; if it ever is not, a badge says so instead of hiding it.
"""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel

from explorer import numbers
from explorer.panels import Factor, Formula
from explorer.ui import appearance


class FormulaBox(QLabel):
    def __init__(self) -> None:
        super().__init__()
        self.formula: Formula | None = None
        self._before: Formula | None = None
        self._parts = ""
        self.setProperty("role", "formula")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hide()

    def show_formula(self, formula: Formula | None, parts: str = "") -> None:
        """Show a layer's formula, or the cost of a group as a sum. What differs from the formula before lights up."""
        if formula != self.formula:
            self._before = self.formula
        self.formula, self._parts = formula, parts
        self._paint()

    def compare_with(self, before: Formula | None) -> None:
        """Light up what differs from another formula of the same layer."""
        self._before = before
        self._paint()

    @property
    def lit(self) -> frozenset[str]:
        """Symbols whose numbers an edit changed."""
        if self.formula is None or self._before is None:
            return frozenset()
        old = {factor.symbol: factor.value for factor in self._before.factors}
        return frozenset(f.symbol for f in self.formula.factors if old.get(f.symbol, f.value) != f.value)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()

    def _paint(self) -> None:
        self.setVisible(self.formula is not None or bool(self._parts))
        if self.formula is None:
            self.setText("<br>".join(map(escape, self._parts.splitlines())))
            self.setToolTip("")
            return
        self.setText(_html(self.formula, self.lit, appearance.colours()))
        self.setToolTip("\n".join(f"{f.symbol}: {f.what}" for f in self.formula.factors))
        self.setAccessibleName(_plain(self.formula))


def _plain(formula: Formula) -> str:
    product = "".join(f"{_sign(n, f)}{f.value}" for n, f in enumerate(formula.factors))
    return f"MACs = {product} = {formula.measured:,}"


def _sign(number: int, factor: Factor) -> str:
    return "" if not number else " ÷ " if factor.divides else " · "


def _html(formula: Formula, lit: frozenset[str], c: appearance.Colours) -> str:
    """Two rows of cells, so that each symbol stands above its number."""
    top, bottom = [], []
    for number, factor in enumerate(formula.factors):
        sign = _sign(number, factor).strip()
        if sign:
            top.append(f"<td style='color:{c.muted}'>{sign}</td>")
            bottom.append(f"<td style='color:{c.muted}'>{sign}</td>")
        ground = f" bgcolor='{c.accent}'" if factor.symbol in lit else ""
        colour = c.raised if factor.symbol in lit else c.text
        top.append(f"<td align='center' style='color:{c.muted}'>{escape(factor.symbol)}</td>")
        bottom.append(f"<td align='center'{ground}><b style='color:{colour}'>{factor.value}</b></td>")
    table = f"<table cellspacing='0' cellpadding='3'><tr>{''.join(top)}</tr><tr>{''.join(bottom)}</tr></table>"
    result = f"= <b>{numbers.exact(formula.measured)}</b> MACs"
    if not formula.holds:
        given = numbers.exact(float(formula.product))
        result = f"<b style='color:{c.more}'>⚠ The formula gives {given}, measured were {formula.measured:,}.</b>"
    return f"{table}<p style='margin:3px 0 0 0'>{result}</p>"
