"""The languages that explanations are written in. Controls and error messages are in English."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "zh"]

#: Each in its own words.
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}
