"""The manual and the news in Chinese keep to the English ones: headings, paragraphs, keys, code, names of the menus."""

from __future__ import annotations

import json
import re

import pytest

from explorer.base.resources import document_path, find_translated_document
from explorer.ui.help.pages import for_users, without_pictures
from tests.test_translations import TERMS, TEXTS, read

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")


def english(name: str) -> str:
    return without_pictures(for_users(document_path(name).read_text(encoding="utf-8")))


def chinese(name: str) -> str:
    path = find_translated_document(name, "zh")
    assert path is not None
    return path.read_text(encoding="utf-8")


def sections(source: str) -> list[str]:
    return re.split(r"^(?=#+ )", _without_comments(source), flags=re.MULTILINE)[1:]


def _without_comments(source: str) -> str:
    """Take the comments out of blocks of code: they are translated, the code is not."""
    return _FENCE.sub(lambda block: re.sub(r" +# .*$", "", block[0], flags=re.MULTILINE), source)


def paragraphs(section: str) -> list[str]:
    parts = re.split(r"\n\s*\n|\n(?=- |\| )", section.strip())
    return [" ".join(part.split()) for part in parts]


def code_in(paragraph: str) -> list[str]:
    return sorted({*re.findall(r"`+([^`]+)`+", paragraph)})


def names_in(paragraph: str) -> list[str]:
    """Names of menus, panels and buttons, which stand in italics."""
    found = [part for name in _NAME.findall(paragraph) for part in re.split(r" › |, ", name)]
    return sorted({part.strip(" …") for part in found})


def as_on_screen() -> dict[str, set[str]]:
    """What a name is on the screen in Chinese: with and without the mnemonic that stands in the menu."""
    shown: dict[str, set[str]] = {}
    for text, translation in read(TEXTS / "zh.json").items():
        if isinstance(translation, str):
            form = re.sub(r"\(&.\)", "", translation).strip(" …")
            shown.setdefault(text.replace("&", "").strip(" …"), set()).add(form)
    return shown


def test_the_manual_has_the_paragraphs_of_the_readme() -> None:
    """Each with the same keys, commands and code: what is added to the README is missing until it is translated."""
    ours, theirs = sections(chinese("README.md")), sections(english("README.md"))
    assert len(ours) == len(theirs)
    for section, source in zip(ours, theirs, strict=True):
        assert len(paragraphs(section)) == len(paragraphs(source)), section.partition("\n")[0]
        for paragraph, other in zip(paragraphs(section), paragraphs(source), strict=True):
            assert code_in(paragraph) == code_in(other), paragraph


def test_the_manual_names_what_stands_on_the_screen() -> None:
    shown = as_on_screen()
    for section, source in zip(sections(chinese("README.md")), sections(english("README.md")), strict=True):
        for paragraph, other in zip(paragraphs(section), paragraphs(source), strict=True):
            names = {*names_in(paragraph)}
            missing = [name for name in names_in(other) if name in shown and not names & shown[name]]
            assert not missing, paragraph


@pytest.mark.parametrize("drift", ["\n## New section\n\nText.\n", "\n\nA paragraph more.\n", " Press `Ctrl+Alt+8`.\n"])
def test_a_readme_that_went_on_is_found(drift: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = english("README.md")
    monkeypatch.setitem(globals(), "english", lambda _: source.rstrip("\n") + drift)
    with pytest.raises(AssertionError):
        test_the_manual_has_the_paragraphs_of_the_readme()


def test_the_news_begin_with_the_latest_version() -> None:
    """A version that is released needs its own summary."""
    versions = re.findall(r"^## (.*)$", english("CHANGELOG.md"), flags=re.MULTILINE)
    summarised = re.findall(r"^## (.*)$", chinese("CHANGELOG.md"), flags=re.MULTILINE)
    assert summarised == ["尚未发布" if version == "Unreleased" else version for version in versions]


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_documents_are_in_the_words_of_the_term_list(name: str) -> None:
    text = _FENCE.sub("", chinese(name))
    rejected = [word for term in TERMS for word in term["rejected"] if word in text]  # type: ignore[attr-defined]
    assert not rejected
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)
    assert not re.findall(r"[\u3400-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u3400-\u9fff]", prose)
    assert not re.findall(r"[\u3400-\u9fff][,;:?!]|[,;:?!][\u3400-\u9fff]", prose)


def test_other_languages_fall_back_to_english() -> None:
    assert find_translated_document("README.md", "en") is None
    assert find_translated_document("README.md", "xx") is None
    assert json.loads((TEXTS / "zh.json").read_text(encoding="utf-8"))[""]["locale"] == "zh_CN"
