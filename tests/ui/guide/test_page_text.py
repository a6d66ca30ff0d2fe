"""What the catalogue says of published figures is Chinese in a Chinese page."""

from __future__ import annotations

import re

import pytest

from explorer.base.languages import translator
from explorer.guide.filled_page import catalogue_facts
from explorer.guide.page import load_page_labels
from explorer.network import open_network
from explorer.networks.catalogue import all_entries
from explorer.ui.base.appearance import current_colours
from explorer.ui.guide.page_text import render_figures

#: One with notes of all kinds, and one with remarks of its own.
NOTED = ("resnet18", "resnet34", "googlenet_2014", "mobilenet_v1")


@pytest.mark.parametrize("key", NOTED)
def test_notes_on_published_figures_are_chinese(key: str) -> None:
    entry = next(entry for entry in all_entries() if entry.key == key)
    written = [text for figure in entry.published for text in (figure.note,) if text] + [entry.note]
    assert any(written)
    translator.set_language("zh")
    try:
        page = render_figures(catalogue_facts(open_network(key).analysis), load_page_labels("zh"), current_colours())
    finally:
        translator.set_language("en")
    assert not [text for text in written if text and text in page]
    assert not re.search(r"\b(ten crops|Table|rounded|counted)\b", page)
