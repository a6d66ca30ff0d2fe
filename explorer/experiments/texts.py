"""Texts of the experiments, in each language: resources/texts/experiments/<language>.json."""

from __future__ import annotations

import re
import string
from typing import Any

from pydantic import BaseModel, ConfigDict

from explorer.base.languages import Language
from explorer.base.memo import bounded
from explorer.base.resources import resource_path
from explorer.base.safe_json import read_json
from explorer.experiments.outcome import Label, Message


class _Formatter(string.Formatter):
    """Formats as `str.format` does, with a space before the sign of percent, as everywhere."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        text = super().format_field(value, format_spec)
        return f"{text.removesuffix('%')} %" if format_spec.endswith("%") else text


_FORMATTER = _Formatter()

#: A place in a paper, as sources name it: "EfficientNet, eq. 3".
_PLACE_IN_PAPER = re.compile(r"\b(table|fig|eq|thm)\.? (?=\d)")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ExperimentText(_Strict):
    """Texts of one experiment."""

    title: str
    question: str
    hint: str  # what to turn, and what to look for
    controls: dict[str, str]
    words: dict[str, str]

    def control_label(self, name: str) -> str:
        """Return the label of a control. Raises KeyError."""
        return self.controls[name]


class ExperimentTexts(_Strict):
    """All texts in one language."""

    ideas: dict[str, str]  # in the order in which they are listed
    common: dict[str, str]
    experiments: dict[str, ExperimentText]

    def translate(self, id: str, label: Label) -> str:
        """Return a label of the experiment `id` in this language: its own text, or the common one. Of a
        name or a source, which are no messages, the place in the paper is said in this language.

        Raises KeyError naming what is missing.
        """
        if isinstance(label, str):
            return _PLACE_IN_PAPER.sub(lambda place: self.common[f"place.{place[1]}"], label)
        sentence = self.experiments[id].words.get(label.key) or self.common.get(label.key)
        if sentence is None:
            raise KeyError(f"the texts of {id} have no word for {label.key!r}")
        return _FORMATTER.vformat(
            sentence, (), {name: self._translate_value(id, value) for name, value in label.values}
        )

    def choice_label(self, id: str, control: str, value: Any) -> str:
        """Return the label of one value of a control."""
        key = f"{control}.{value}"
        switched = self.common["ui.on" if value else "ui.off"] if isinstance(value, bool) else f"{value}"
        return self.experiments[id].words.get(key) or self.common.get(key) or switched

    def _translate_value(self, id: str, value: Any) -> Any:
        return self.translate(id, value) if isinstance(value, Message) else value


@bounded(8)
def load_texts(language: Language) -> ExperimentTexts:
    """Read the texts of a language."""
    return ExperimentTexts.model_validate(read_json(resource_path(f"texts/experiments/{language}.json")))
