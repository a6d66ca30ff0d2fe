"""Texts of the interface: translation, placeholders, plurals, a change of language while the app runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.base import languages
from explorer.base.languages import Translator, tr, tr_n, tr_noop, translator


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    translator.set_language("en")


def test_english_needs_no_file() -> None:
    assert tr("Save") == "Save"
    assert tr("Saved {path}", path="/tmp/a.cnn") == "Saved /tmp/a.cnn"


def test_values_are_never_formatted_again() -> None:
    assert tr("Saved {path}", path="{path} {0} {x.y}") == "Saved {path} {0} {x.y}"


def test_a_text_without_values_keeps_its_braces() -> None:
    assert tr("A set {1, 2}") == "A set {1, 2}"


def test_numbers_have_a_singular_and_a_plural() -> None:
    assert [tr_n("{n} layer", "{n} layers", n) for n in (0, 1, 2)] == ["0 layers", "1 layer", "2 layers"]
    assert tr_n("{n:,} of {all}", "{n:,} of {all}", 1234, all=9) == "1,234 of 9"


def test_translations_replace_english_texts_and_their_absence_leaves_them() -> None:
    translator.set_translations("de", {"Save": "Speichern", "{n} layer": ["{n} Schicht", "{n} Schichten"]})
    assert tr("Save") == "Speichern"
    assert tr("Close") == "Close"
    assert [tr_n("{n} layer", "{n} layers", n) for n in (1, 2)] == ["1 Schicht", "2 Schichten"]


def test_a_language_without_plural_has_one_form() -> None:
    translator.set_translations("zh", {"{n} layer": "{n} 层"})
    assert [tr_n("{n} layer", "{n} layers", n) for n in (1, 2)] == ["1 层", "2 层"]


@pytest.mark.parametrize("wrong", ["{where}", "{path.parent}", "{path", "{}", "{0}", "{path[0]}"])
def test_a_translation_that_does_not_fit_gives_way_to_english(wrong: str) -> None:
    translator.set_translations("de", {"Saved {path}": wrong})
    assert tr("Saved {path}", path="a") == "Saved a"


def test_listeners_hear_of_each_change_until_they_are_removed() -> None:
    heard: list[str] = []

    def listener() -> None:
        heard.append(translator.language)

    translator.add_listener(listener)
    translator.set_translations("de", {})
    translator.set_language("en")
    translator.set_language("en")
    translator.remove_listener(listener)
    translator.set_translations("de", {})
    assert heard == ["de", "en"]


def test_a_language_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    german = json.dumps({"Save": "Speichern", "Open": [], "Close": 3})
    (tmp_path / "texts" / "de.json").write_text(german, encoding="utf-8")
    (tmp_path / "texts" / "xx.json").write_text("[1, 2", encoding="utf-8")
    monkeypatch.setattr(languages, "resource_path", lambda name: tmp_path / name)
    own = Translator()
    own.set_language("de")
    assert own.translate("Save", {}) == "Speichern"
    assert own.translate("Open", {}) == "Open"  # not a translation
    assert own.translate("Close", {}) == "Close"
    own.set_language("xx")  # no JSON
    assert own.translate("Save", {}) == "Save"
    own.set_language("yy")  # no file
    assert own.translate("Save", {}) == "Save"


def test_marked_texts_are_what_they_are() -> None:
    assert tr_noop("Layer") == "Layer"
