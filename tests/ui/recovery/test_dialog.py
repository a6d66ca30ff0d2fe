"""What the dialog says of lost work."""

from __future__ import annotations

from pathlib import Path

from explorer.base.languages import translator
from explorer.project.journal import LostDocument, Origin
from explorer.ui.recovery.dialog import _describe


def test_the_time_is_written_as_its_language_does() -> None:
    lost = LostDocument(Path("a.json"), Origin("ResNet-18"), 1_790_000_000.0, 2)  # a day of September 2026
    texts = {}
    for language in ("en", "zh"):
        translator.set_language(language)
        try:
            texts[language] = _describe(lost).split(" · ")[1]
        finally:
            translator.set_language("en")
    assert texts["en"].startswith("9/2")
    assert texts["zh"].startswith("2026/9/2")
