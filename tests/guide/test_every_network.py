"""The guide tells the truth on every network that borrows a page: its sentences, its figures, its tries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from explorer.base.languages import LANGUAGES, Language
from explorer.base.number_format import format_short
from explorer.guide.filled_page import FilledPage, fill_page
from explorer.guide.page import PAGES, load_page, load_try_edits
from explorer.guide.placeholders import MISSING_FIGURE
from explorer.network import Network
from explorer.networks.catalogue import get_entry

Opened = Callable[[str], Network]
PAIRS = [(page, network) for page in PAGES for network in load_page(page).facts.networks]
FIGURE_OF = re.compile(r"\{(params|macs) of ([a-z0-9_]+)\}")


def sentences(page: FilledPage) -> Iterator[str]:
    yield from (page.motto, page.problem, page.next, *page.pros, *page.cons)
    for idea in page.ideas:
        yield idea.text
        yield from (text for _, text in idea.tries)


def raw_texts(page: str, language: Language) -> Iterator[str]:
    text = load_page(page, language).text
    yield from (text.motto, text.problem, text.after, *text.pros, *text.cons)
    yield from (idea.text for idea in text.ideas.values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("page", "network"), PAIRS)
def test_every_sentence_is_filled(page: str, network: str, language: Language, opened: Opened) -> None:
    filled = fill_page(load_page(page, language), opened(network).analysis)
    for sentence in sentences(filled):
        assert not set("{}[]") & set(sentence), sentence
        assert MISSING_FIGURE not in sentence.replace(" – ", ""), sentence


@pytest.mark.parametrize(("page", "network"), PAIRS)
def test_every_try_that_is_offered_can_be_made_and_the_others_say_why(page: str, network: str, opened: Opened) -> None:
    live = opened(network)
    filled = fill_page(load_page(page), live.analysis)
    for idea in filled.ideas:
        for name, _ in idea.tries:
            edits = load_try_edits(page, idea.name, name)
            edited = live.edit(*edits)
            assert edited.history.applied_edits == edits, f"{idea.name}: {name}"
        assert all(reason for _, reason in idea.refused_tries)
    if network == load_page(page).facts.networks[0]:
        elsewhere = [  # what the page says of another of its networks
            load_page(page).text.ideas[name].tries[variant]
            for name, idea in load_page(page).facts.ideas.items()
            for variant, about in idea.only.items()
            if network not in about
        ]
        assert [text for idea in filled.ideas for text, _ in idea.refused_tries] == elsewhere


@pytest.mark.parametrize("page", PAGES)
def test_figures_are_said_of_a_network_by_name_or_of_the_one_that_is_open(page: str, opened: Opened) -> None:
    """A figure of a named network is the catalogue's, which is what its live module counts."""
    for language in LANGUAGES:
        for text in raw_texts(page, language):
            for figure, key in FIGURE_OF.findall(text):
                counted = getattr(opened(key).figures.total, figure)
                assert format_short(getattr(get_entry(key), figure)) == format_short(counted), f"{figure} of {key}"


@pytest.mark.parametrize("page", [page for page in PAGES if len(load_page(page).facts.networks) > 1])
def test_both_languages_name_the_same_networks(page: str) -> None:
    named = [sorted(match for text in raw_texts(page, lang) for match in FIGURE_OF.findall(text)) for lang in LANGUAGES]
    assert named[0] == named[1]


def test_figures_in_the_sentences_are_those_of_the_live_networks(opened: Opened) -> None:
    def params(key: str) -> int:
        return opened(key).figures.total.params

    def macs(key: str) -> int:
        return opened(key).figures.total.macs

    resnet = opened("resnet50")
    plain = resnet.edit(*load_try_edits("resnet", "degradation", "plain"))
    assert params("resnet50") - plain.figures.total.params == 2_776_576
    assert params("resnet50") < params("vgg16") / 5
    assert 5 < params("vgg16") / params("inception_v3") < 5.2
    assert params("alexnet_2012") > 8 * params("googlenet_2014")
    assert macs("vgg16") / macs("googlenet_2014") == pytest.approx(10, abs=0.5)
    assert macs("inception_v2_bn") / macs("googlenet_2014") == pytest.approx(1.28, abs=0.005)
    assert params("inception_v2_bn") / params("googlenet_2014") == pytest.approx(1.61, abs=0.005)
    assert macs("mobilenet_v3_large") / macs("mobilenet_v2") == pytest.approx(0.72, abs=0.005)
    assert macs("mobilenet_v2") / macs("mobilenet_v1") == pytest.approx(0.53, abs=0.005)
    assert macs("vgg16") / macs("mobilenet_v1") == pytest.approx(27, abs=0.5)
    assert params("densenet121") < params("resnet50") / 3
    full = opened("mobilenet_v1").edit(*load_try_edits("mobilenet_v1", "separable", "full")).figures.total
    assert (format_short(full.params), format_short(full.macs)) == ("29.3 M", "4.87 G")
    fields = opened("vgg16").figures.receptive_fields
    assert fields["features.28"] == 196
    assert fields["features.30"] == 212


def test_mobilenet_v2_expands_in_16_blocks_and_has_10_shortcuts(opened: Opened) -> None:
    architecture = opened("mobilenet_v2").architecture
    assert sum(name.endswith("conv.0.0") for name in architecture.live) - 1 == 16  # the first block starts depthwise
    assert sum(len(node.inputs) == 2 for node in architecture.live.values()) == 10
