"""Numbers typed or pasted full width count like others; every spin box of the window takes them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QSpinBox
from pytestqt.qtbot import QtBot

import explorer.ui
from explorer.ui.widgets.number_boxes import DecimalBox, IntegerBox

MODULES = sorted(Path(explorer.ui.__file__).parent.rglob("*.py"))


def commit(box: QSpinBox | QDoubleSpinBox, text: str) -> None:
    """As an input method does."""
    event = QInputMethodEvent()
    event.setCommitString(text)
    QApplication.sendEvent(box.lineEdit(), event)


@pytest.mark.parametrize(
    ("made", "typed", "value"),
    [
        (IntegerBox, "３２", 32),
        (IntegerBox, "32", 32),
        (IntegerBox, "－５", -5),
        (DecimalBox, "０．２５", 0.25),
        (DecimalBox, "0。5", 0.5),
        (DecimalBox, "0.5", 0.5),
        (DecimalBox, "0,5", 0.5),
        (DecimalBox, "0，5", 0.5),
    ],
)
def test_full_width_numbers(made: type[IntegerBox | DecimalBox], typed: str, value: float, qtbot: QtBot) -> None:
    for parts in ((typed,), tuple(typed)):
        box = made()
        qtbot.addWidget(box)
        box.setMinimum(-99)
        box.lineEdit().selectAll()
        for part in parts:
            commit(box, part)
        assert box.value() == value


@pytest.fixture(params=["de_DE", "fr_FR", "tr_TR", "ar_EG", "hi_IN", "en_US"])
def system(request: pytest.FixtureRequest) -> Iterator[str]:
    """A system that writes numbers in its own way."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def test_numbers_mean_the_same_on_every_system(system: str, qtbot: QtBot) -> None:
    decimal = DecimalBox(minimum=0, maximum=1000, value=0.25)
    whole = IntegerBox(minimum=0, maximum=100_000, value=12_345)
    for box in (decimal, whole):
        qtbot.addWidget(box)
    assert (decimal.text(), whole.text()) == ("0.25", "12345")
    for typed in ("0.5", "0,5"):
        decimal.selectAll()
        qtbot.keyClicks(decimal, typed)
        assert (decimal.value(), decimal.cleanText()) == (0.5, typed.replace(",", "."))


def test_a_word_of_its_own_stays(qtbot: QtBot) -> None:
    box = IntegerBox()
    qtbot.addWidget(box)
    box.setSpecialValueText("自动（无）")
    box.setPrefix("通道：")
    box.lineEdit().setText("自动（无）")
    assert (box.value(), box.text()) == (0, "自动（无）")
    box.setValue(7)
    assert box.text() == "通道：7"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(MODULES[0].parent)))
def test_no_box_of_the_window_is_qts_own(path: Path) -> None:
    if path.name == "number_boxes.py":
        return
    made = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("QSpinBox", "QDoubleSpinBox")
    ]
    assert not made, "use IntegerBox or DecimalBox of explorer.ui.widgets.number_boxes"
