"""The formula on screen: what an edit changed lights up, what does not add up is said."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.ui.base import appearance
from explorer.ui.inspector.formula_box import FormulaBox
from explorer.viewmodels.panels import Factor, Formula


def made(kernel: int = 3, groups: int = 1, measured: int | None = None) -> Formula:
    factors = (Factor("Kh", kernel, "kernel"), Factor("Cin", 8, "input channels"), Factor("g", groups, "groups", True))
    return Formula(factors, kernel * 8 // groups if measured is None else measured)


@pytest.fixture
def box(qtbot: QtBot) -> FormulaBox:
    found = FormulaBox()
    qtbot.addWidget(found)
    return found


def test_what_changed_lights_up_until_something_else_changes(box: FormulaBox) -> None:
    box.show_formula(made())
    assert box.changed_symbols == frozenset()
    box.show_formula(made(kernel=5))
    assert box.changed_symbols == {"Kh"}
    box.show_formula(made(kernel=5))  # shown again: it still says what the last edit changed
    assert box.changed_symbols == {"Kh"}
    box.show_formula(made(kernel=5, groups=4))
    assert box.changed_symbols == {"g"}


def test_against_another_page_of_the_same_layer(box: FormulaBox) -> None:
    box.show_formula(made(groups=2))
    box.compare_with(made())
    assert box.changed_symbols == {"g"}
    box.compare_with(None)
    assert box.changed_symbols == frozenset()


def test_a_mismatch_has_a_badge(box: FormulaBox) -> None:
    box.show_formula(made())
    assert "⚠" not in box.text()
    box.show_formula(made(measured=25))
    assert "⚠ The formula gives 24, but 25 were measured." in box.text()


def test_groups_and_nothing(box: FormulaBox) -> None:
    assert not box.isVisibleTo(None)  # type: ignore[arg-type]
    box.show_formula(None, "MACs = sum over 3 layers\n1 + 2 < 4")
    assert "1 + 2 &lt; 4" in box.text()
    assert not box.isHidden()
    box.show_formula(None)
    assert box.isHidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_said_aloud_and_follows_the_theme(box: FormulaBox, qapp: QApplication, scheme: str) -> None:
    appearance.apply_scheme(qapp, scheme)
    box.show_formula(made(groups=2))
    assert box.accessibleName() == "MACs = 3 · 8 ÷ 2 = 12"
    assert "input channels" in box.toolTip()
    assert appearance.current_colours().text in box.text()


def test_a_long_formula_breaks_where_the_box_is_narrow(box: FormulaBox) -> None:
    factors = [Factor(symbol, 512, symbol) for symbol in ("Kh", "Kw", "Cin", "Cout", "Hout", "Wout")]
    box.show_formula(Formula(tuple(factors), 512**6))
    for width in (640, 200, 120):
        box.resize(width, 200)
        page = QTextDocument()
        page.setDefaultFont(box.font())
        page.setHtml(box.text())
        page.setTextWidth(1)  # what does not break is wider
        assert page.size().width() <= width - 16, width
        assert all(factor.symbol in page.toPlainText() for factor in factors)
