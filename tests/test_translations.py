"""Translations are complete and fit their sources, and Chinese is written in one way: terms, spaces, punctuation."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interface_texts import ROOT, find_catalogue_texts, find_uses

TEXTS = ROOT / "resources" / "texts"
LANGUAGES = [path for path in sorted(TEXTS.glob("*.json")) if path.name not in ("en.json", "terms.json")]
GUIDE = [*sorted((ROOT / "resources" / "guide" / "zh").glob("*.json")), TEXTS / "experiments" / "zh.json"]
TERMS: list[dict[str, object]] = json.loads((TEXTS / "terms.json").read_text(encoding="utf-8"))
SOURCES = {use.text: use.plural for use in (*find_uses(), *find_catalogue_texts())}

_HAN = r"[\u3400-\u9fff]"


def read(path: Path) -> dict[str, str | list[str]]:
    content: dict[str, str | list[str]] = json.loads(path.read_text(encoding="utf-8"))
    content.pop("", None)
    return content


def forms(translation: str | list[str]) -> list[str]:
    return [translation] if isinstance(translation, str) else translation


def placeholders(text: str) -> list[tuple[str, str | None, str | None]]:
    """Names in braces, with how they are formatted."""
    found = string.Formatter().parse(text)
    return sorted({(name, spec or "", conversion or "") for _, name, spec, conversion in found if name is not None})


def test_chinese_lacks_no_text() -> None:
    """`python -m tests.interface_texts` lists what is missing."""
    missing = [text for text in SOURCES if text not in read(TEXTS / "zh.json")]
    assert not missing, "translate these in resources/texts/zh.json, in the words of terms.json"


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_no_translation_is_of_a_text_that_is_gone(path: Path) -> None:
    assert not [text for text in read(path) if text not in SOURCES]


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_texts_have_one_place_in_a_file(path: Path) -> None:
    """Sorted, so that two people who add a text change different lines."""
    assert list(read(path)) == sorted(read(path))


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_placeholders_are_those_of_the_source(path: Path) -> None:
    wrong = [
        (text, form)
        for text, translation in read(path).items()
        for form in forms(translation)
        if placeholders(form) not in (placeholders(text), placeholders(SOURCES.get(text) or text))
    ]
    assert not wrong


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_a_file_says_what_its_language_is(path: Path) -> None:
    about = json.loads(path.read_text(encoding="utf-8"))[""]
    assert about.keys() <= {"name", "locale", "fonts"}
    assert about["name"]
    assert about["locale"]


def chinese_texts() -> Iterator[tuple[str, str]]:
    """Yield the file and text of everything that is written in Chinese."""
    for path in (TEXTS / "zh.json", *GUIDE):
        yield from ((path.name, text) for text in _strings(json.loads(path.read_text(encoding="utf-8"))))


def _strings(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, (dict, list)):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _strings(part)


def test_one_term_for_one_idea() -> None:
    rejected = {str(word): str(term["zh"]) for term in TERMS for word in term["rejected"]}  # type: ignore[attr-defined]
    found = [
        f"{file}: {word}, should be {term}: {text}"
        for file, text in chinese_texts()
        for word, term in rejected.items()
        if word in text
    ]
    assert not found


def test_no_term_is_rejected_elsewhere() -> None:
    chosen = {str(term["zh"]) for term in TERMS}
    assert not [word for term in TERMS for word in term["rejected"] if word in chosen]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (f"{_HAN}[A-Za-z0-9]|[A-Za-z0-9]{_HAN}", "a space between Chinese and Latin letters or digits"),
        (f"{_HAN} {_HAN}", "none between Chinese characters"),
        (f"{_HAN}[,;:?!]|[,;:?!]{_HAN}", "full-width punctuation in Chinese"),
        ("[，。：；（）！？] | [，。：；（）！？]", "no space beside full-width punctuation"),
        (rf"{_HAN} ?\((?![&*])|\([^()]*{_HAN}", "full-width brackets around and behind Chinese"),
    ],
)
def test_spaces_and_punctuation_of_the_interface(wrong: str, rule: str) -> None:
    technical = re.compile(r"\(\*\.|\(\{patterns\}\)|两个 词")  # filters of file dialogs; an example of a query
    texts = [form for translation in read(TEXTS / "zh.json").values() for form in forms(translation)]
    found = [text for text in texts if re.search(wrong, text) and not technical.search(text)]
    assert not found, rule
