"""Languages of the app: those that explanations are written in, and translation of the interface's texts.

As in gettext, the English text is the key: `resources/texts/<language>.json` maps it to a translation, and where there
is none the English text stands. Values fill placeholders by name:

    tr("Saved {path}", path=path)
    tr_n("{n} layer", "{n} layers", n)

`python -m tests.interface_texts` lists the source texts of the whole code in `resources/texts/en.json`.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from explorer.base.resources import resource_path

Language = Literal["en", "zh"]

#: Each in its own words.
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}

#: English text -> its translation or, where numbers matter, that of the singular and that of the plural.
Translations = Mapping[str, str | Sequence[str]]


class Translator:
    """Translates texts into the language in force, and calls its listeners when that changes."""

    def __init__(self) -> None:
        self.language = "en"
        self._translations: Translations = {}
        self._listeners: list[Callable[[], None]] = []

    def set_language(self, language: str) -> None:
        """Translate into `language` from now on; without a readable file of translations, texts stay English."""
        if language != self.language:
            self.set_translations(language, _read_translations(language))

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
            return _fill(translated, values)
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


def _read_translations(language: str) -> Translations:
    if language == "en":
        return {}
    from explorer.base.safe_json import JsonError, read_json  # which translates its own errors

    try:
        found = read_json(resource_path(f"texts/{language}.json"))
    except (FileNotFoundError, JsonError):
        return {}
    entries = found.items() if isinstance(found, dict) else ()
    return {text: translation for text, translation in entries if _is_translation(translation)}


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


class Text(NamedTuple):
    """Text marked by `tr_noop` with the values of its placeholders: for objects that outlive the choice of a language.

    As a string it is in the language in force.
    """

    template: str
    values: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return tr(self.template, **self.values)
