"""The words of the experiments, in each language: resources/texts/experiments/<language>.json."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from explorer.assets import asset
from explorer.experiments.outcome import Label, Words
from explorer.json_files import read_json
from explorer.language import Language


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Text(_Strict):
    """The words of one experiment."""

    title: str
    question: str
    hint: str  # what to turn, and what to look for
    controls: dict[str, str]
    words: dict[str, str]

    def control(self, name: str) -> str:
        return self.controls[name]


class Texts(_Strict):
    """All words in one language."""

    ideas: dict[str, str]  # in the order in which they are listed
    common: dict[str, str]
    experiments: dict[str, Text]

    def say(self, id: str, label: Label) -> str:
        """A label of the experiment `id` in this language: its own word for it, or the one all share.

        Raises KeyError naming what is missing.
        """
        if isinstance(label, str):
            return label
        sentence = self.experiments[id].words.get(label.key) or self.common.get(label.key)
        if sentence is None:
            raise KeyError(f"the texts of {id} have no word for {label.key!r}")
        return sentence.format_map({name: self._inner(id, value) for name, value in label.values})

    def choice(self, id: str, control: str, value: Any) -> str:
        """What one value of a control is called."""
        key = f"{control}.{value}"
        return self.experiments[id].words.get(key) or self.common.get(key) or f"{value}"

    def _inner(self, id: str, value: Any) -> Any:
        return self.say(id, value) if isinstance(value, Words) else value


@cache
def texts(language: Language) -> Texts:
    return Texts.model_validate(read_json(asset(f"texts/experiments/{language}.json")))
