"""Every text of the interface can be translated, and the catalogue of source texts is up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.interface_texts import FILE, PACKAGE, find_untranslated, find_uses, render_catalogue

MODULES = sorted((PACKAGE / "ui").rglob("*.py"))

#: Not for translation: names of files, keys of the keyboard, the name of the app.
_NAMES = re.compile(r"[\w{}]*\.\w+|.*\((Alt|Ctrl)\+.*\)|(<\w+>)*CNN Explorer(</?\w+>)*")


def test_the_catalogue_of_texts_is_up_to_date() -> None:
    """`python -m tests.interface_texts` writes it."""
    assert FILE.read_text(encoding="utf-8") == render_catalogue()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_a_user_reads_is_translated(path: Path) -> None:
    found = [f"line {line}: {text!r}" for line, text in find_untranslated(path) if not _NAMES.fullmatch(text)]
    assert not found, "pass these texts through tr (explorer.base.languages)"


def test_placeholders_are_given_values() -> None:
    wrong = [use for use in find_uses() if use.values and use.values != use.placeholders]
    assert not wrong


def test_a_literal_is_found_wherever_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        'label.setText("Open")\nlabel.setText(f"<b>{n}</b> layers")\nQLabel("on" if x else tr("off"))\n'
        'label.setText("\\n".join(["Two words", tr("More")]))\nlabel.setText("× 3")\nlabel.setText(f"<b>{n}</b>")\n'
        'label.setObjectName("name")\nbox.addItems([tr("One")])\nlabel.setToolTip(names["key"])\n'
    )
    assert [line for line, _ in find_untranslated(path)] == [1, 2, 3, 4]
