"""Languages of the app: those that explanations are written in, and translation of the interface's texts.

As in gettext, the English text is the key: `resources/texts/<language>.json` maps it to a translation, and where there
is none the English text stands. Under the empty key stands what the language is: `{"name": "简体中文", "locale":
"zh_CN", "fonts": [...]}`. Such a file is all that a further language needs. Values fill placeholders by name:

    tr("Saved {path}", path=path)
    tr_n("{n} layer", "{n} layers", n)

`python -m tests.interface_texts` lists the source texts of the whole code in `resources/texts/en.json`. Widgets follow
a change of the language by `explorer.ui.base.live_texts`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from explorer.base.han_spacing import join_spaced
from explorer.base.resources import resource_path

#: Languages of explanations: of the guide and the experiments.
Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class InterfaceLanguage(NamedTuple):
    """What a file of translations says of its language."""

    name: str  # in its own words
    locale: str  # "zh_CN": for Qt's own texts and for the forms of characters
    fonts: tuple[str, ...] = ()  # families that have all its characters, the best first; none: any has


ENGLISH = InterfaceLanguage("English", "en_US")

#: English text -> its translation or, where numbers matter, that of the singular and that of the plural.
Translations = Mapping[str, str | Sequence[str]]


class Translator:
    """Translates texts into the language in force, and calls its listeners when that changes."""

    def __init__(self) -> None:
        self.language = "en"
        self.about = ENGLISH
        self._translations: Translations = {}
        self._listeners: list[Callable[[], None]] = []

    def set_language(self, language: str) -> None:
        """Translate into `language` from now on; without a readable file of translations, texts stay English."""
        if language != self.language:
            content = _read_file(language)
            self.about = _describe(language, content)
            self.set_translations(language, {text: found for text, found in content.items() if _is_translation(found)})

    def set_translations(self, language: str, translations: Translations) -> None:
        """Translate with these translations from now on."""
        self.language, self._translations = language, translations
        for listener in tuple(self._listeners):
            listener()

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of the language."""
        self._listeners.append(listener)

    def remove_listener(self, listener: Callable[[], None]) -> None:
        """Stop calling `listener`. ValueError when it was never added."""
        self._listeners.remove(listener)

    def translate(self, text: str, values: Mapping[str, Any], plural: str | None = None) -> str:
        """Return `text` translated, its placeholders filled; with `plural`, in the form for the number `values["n"]`.

        A translation whose placeholders do not match gives way to the English text.
        """
        form = int(plural is not None and values["n"] != 1)
        source = plural if plural is not None and form else text
        found = self._translations.get(text, source)
        translated = found if isinstance(found, str) else found[min(form, len(found) - 1)]
        try:
            return _fill_spaced(translated, values) if self.language.startswith("zh") else _fill(translated, values)
        except (KeyError, ValueError):
            return _fill(source, values)


class _NamedPlaceholders(string.Formatter):
    """Fills in values by plain names: a file of translations cannot reach attributes or items of them."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        return kwargs[field_name], field_name


_FORMATTER = _NamedPlaceholders()


def _fill(text: str, values: Mapping[str, Any]) -> str:
    """Fill placeholders once: braces in values stay, and so do those of a text without values."""
    return _FORMATTER.vformat(text, (), values) if values else text


def _fill_spaced(text: str, values: Mapping[str, Any]) -> str:
    """Fill placeholders as `_fill` does, with the spaces that Chinese has or has not beside what fills them."""
    if not values:
        return text
    parts: list[str] = []
    for literal, name, spec, conversion in _FORMATTER.parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(_FORMATTER.format_field(_FORMATTER.convert_field(values[name], conversion), spec or ""))
    return join_spaced(parts)


def find_languages() -> dict[str, InterfaceLanguage]:
    """Return the languages that the window can be in, by the names of their files, English first."""
    files = sorted(Path(resource_path("texts")).glob("*.json"))
    found = {path.stem: _read_file(path.stem) for path in files if path.stem != "en"}
    return {"en": ENGLISH} | {key: _describe(key, content) for key, content in found.items() if "" in content}


def closest_language(wanted: Iterable[str], known: Iterable[str]) -> str:
    """Return the first wanted language that is known: "zh" for "zh-Hans-CN". English where none is."""
    names = tuple(known)
    for name in wanted:
        parts = re.split(r"[-_.@]", name)
        candidates = ["_".join(parts[:count]) for count in range(len(parts), 0, -1)]
        if found := next((candidate for candidate in candidates if candidate in names), ""):
            return found
    return "en"


def _read_file(language: str) -> dict[str, Any]:
    if language == "en":
        return {}
    from explorer.base.safe_json import JsonError, read_json  # which translates its own errors

    try:
        content = read_json(resource_path(f"texts/{language}.json"))
    except (FileNotFoundError, JsonError):
        return {}
    return content if isinstance(content, dict) else {}


def _describe(language: str, content: Mapping[str, Any]) -> InterfaceLanguage:
    """Return what a file says of its language; where it says nothing, its name in the file system stands."""
    if language == "en":
        return ENGLISH
    about = content.get("")
    about = about if isinstance(about, dict) else {}
    name, locale, fonts = about.get("name"), about.get("locale"), about.get("fonts")
    return InterfaceLanguage(
        name if isinstance(name, str) else language,
        locale if isinstance(locale, str) else language,
        tuple(font for font in fonts if isinstance(font, str)) if isinstance(fonts, list) else (),
    )


def _is_translation(value: object) -> bool:
    forms = value if isinstance(value, list) else [value]
    return bool(forms) and all(isinstance(form, str) for form in forms)


translator = Translator()


def tr(text: str, /, **values: Any) -> str:
    """Return `text` in the language of the window, with `values` in place of its {placeholders}.

    The text must be a literal, or marked by `tr_noop` where it is written, so that it can be collected.
    """
    return translator.translate(text, values)


def tr_n(singular: str, plural: str, n: float, /, **values: Any) -> str:
    """Return the form of a text for the number `n`, which fills the placeholder {n}."""
    return translator.translate(singular, {"n": n, **values}, plural)


def tr_noop(text: str) -> str:
    """Return `text` as it is, marked for translation: for tables whose texts go through `tr` when they are shown."""
    return text


def join_sentences(sentences: Iterable[str]) -> str:
    """Join those that are not empty, with the space between sentences that the language in force has."""
    return ("" if translator.language.startswith("zh") else " ").join(filter(None, sentences))


def join_list(words: Iterable[str]) -> str:
    """Join the words of a list as the language in force does: by commas, in Chinese by its own comma for lists."""
    return ("、" if translator.language.startswith("zh") else ", ").join(words)


def join_clauses(clauses: Iterable[str]) -> str:
    """Join parts of a sentence that are more than words, by semicolons; those that are empty are left out."""
    return tr("; ").join(filter(None, clauses))


def with_label(label: object, text: object) -> str:
    """Return a text behind what it is about: "layer1.0: 3 ops"."""
    return tr("{label}: {text}", label=label, text=text)


def add_note(text: object, note: object) -> str:
    """Return a text with a note in brackets: "Branch 2 (edited)"."""
    return tr("{text} ({note})", text=text, note=note)


def as_sentence(text: object) -> str:
    """Return a text as a sentence: with a capital letter and a full stop."""
    said = str(text)
    return tr("{text}.", text=f"{said[:1].upper()}{said[1:]}")


def join_arguments(arguments: Iterable[str]) -> str:
    """Join what is typed and read again, "depth=3, act='relu'": by commas in every language."""
    return ", ".join(arguments)


def join_with_and(words: Sequence[str]) -> str:
    """Join the words of a list, the last by "and"; "" for none."""
    if len(words) < 2:
        return "".join(words)
    return tr("{names} and {last}", names=join_list(words[:-1]), last=words[-1])


class Text(NamedTuple):
    """Text marked by `tr_noop` with the values of its placeholders: for objects that outlive the choice of a language.

    As a string it is in the language in force.
    """

    template: str
    values: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return tr(self.template, **self.values)
