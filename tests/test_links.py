"""Links are read strictly and written so that they are read back."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.edits import SwapActivation, ToggleShortcut
from explorer.guide.page import PAGES, load_page, load_try_edits
from explorer.links import LinkError, ViewLink, format_link, is_link, parse_link, resolve_edits
from explorer.networks.catalogue import all_entries
from explorer.project.edits_json import edit_to_json
from explorer.tours.listing import TOURS

KEYS = tuple(entry.key for entry in all_entries())


def test_a_link_of_the_readme() -> None:
    link = parse_link("cnn-explorer://mobilenet_v2?select=features.3&try=inverted_residual/narrow&level=units")
    assert link == ViewLink(
        "mobilenet_v2", selection=("features.3",), tries=("inverted_residual/narrow",), level="units"
    )
    assert resolve_edits(link) == load_try_edits("mobilenet_v2", "inverted_residual", "narrow")


def test_every_try_of_the_guide_has_a_link() -> None:
    for key in PAGES:
        facts = load_page(key).facts
        for idea, found in facts.ideas.items():
            for name in found.tries:
                link = ViewLink(facts.networks[0], tries=(f"{idea}/{name}",))
                assert parse_link(format_link(link)) == link
                assert resolve_edits(link) == load_try_edits(key, idea, name)


names = st.text("abcdefghijklmnopqrstuvwxyz0123456789_.:@~- ×", min_size=1, max_size=20).filter(
    lambda text: text.strip()
)
plain_edits = st.builds(
    lambda at, to, on: edit_to_json(SwapActivation(at, to) if on else ToggleShortcut(at, on=on)),
    st.sampled_from(("*", "features.3, features.4", "a & b?c=d#e%20+ü/")), st.sampled_from(("gelu", "relu6")),
    st.booleans(),
)  # fmt: skip
links = st.builds(
    ViewLink,
    st.sampled_from(KEYS),
    selection=st.lists(names, max_size=4).map(tuple),
    edits=st.lists(plain_edits, max_size=3).map(tuple),
    level=st.sampled_from((None, "stages", "ops")),
    experiment=st.sampled_from(("", "dropout")),
    tour=st.just(""),
    step=st.just(0),
)


@settings(max_examples=60, deadline=None)
@given(links)
def test_what_is_written_is_read_back(link: ViewLink) -> None:
    text = format_link(link)
    assert is_link(text)
    assert text.isascii()
    assert parse_link(text) == link


def test_tours_and_options() -> None:
    for tour in TOURS:
        link = ViewLink(tour=tour, step=3)
        assert parse_link(format_link(link)) == link
    link = ViewLink("mobilenet_v2", {"width_mult": 0.5})
    assert parse_link(format_link(link)) == link


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://example.org", "no link of CNN Explorer"),
        ("cnn-explorer:///etc/passwd", "nothing else"),
        ("cnn-explorer://resnet18/../../etc/passwd", "nothing else"),
        ("cnn-explorer://resnet18#x", "nothing else"),
        ("cnn-explorer://user@resnet18", "nothing else"),
        ("cnn-explorer://resnet18:80", "nothing else"),
        ("cnn-explorer://mine.py:Net", "nothing else"),
        ("cnn-explorer://timm.py", "timm.py"),
        ("cnn-explorer://", "names a network"),
        ("cnn-explorer://resnet19", "resnet19"),
        ("cnn-explorer://resnet18?open=/etc/passwd", "know no “open”"),
        ("cnn-explorer://resnet18?path=a.cnnx", "know no “path”"),
        ("cnn-explorer://resnet18?level=all", "no level"),
        ("cnn-explorer://resnet18?level=ops&level=units", "twice"),
        ("cnn-explorer://resnet18?select=<b>", "cannot be selected"),
        ("cnn-explorer://resnet18?try=../../x", "is no try"),
        ("cnn-explorer://resnet18?edit=import os", "is no edit"),
        ('cnn-explorer://resnet18?edit={"edit":{"a":1}}', "is no edit"),
        ("cnn-explorer://resnet18?set=weights:evil.pth", "no option"),
        ("cnn-explorer://?tour=../secret", "no tour"),
        ("cnn-explorer://?tour=vgg&step=-1", "number of a tour's step"),
        ("cnn-explorer://resnet18?experiment=a/b", "cannot be an experiment"),
        ("cnn-explorer://resnet18?select=" + "a" * 9000, "no link"),
        ("cnn-explorer://resnet18?" + "&".join(["try=a/b"] * 60), "no link"),
        ("cnn-explorer://[", "no link"),
    ],
)
def test_what_is_not_known_is_refused(text: str, message: str) -> None:
    with pytest.raises(LinkError, match=message):
        parse_link(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    for link in (
        text,
        f"cnn-explorer://{text}",
        f"cnn-explorer://resnet18?{text}",
        f"cnn-explorer://resnet18?edit={quote(text)}",
    ):
        with contextlib.suppress(LinkError):
            assert parse_link(link).network in ("", *KEYS)


@pytest.mark.parametrize(
    "link",
    [
        ViewLink("resnet18", tries=("residual/none",)),
        ViewLink("squeezenet1_1", tries=("residual/one",)),
        ViewLink("resnet18", edits=({"edit": "run_code", "at": "*"},)),
        ViewLink("resnet18", edits=({"edit": "toggle_shortcut", "at": "*", "on": True, "path": "x"},)),
    ],
)
def test_what_is_not_registered_is_refused(link: ViewLink) -> None:
    with pytest.raises(LinkError):
        resolve_edits(link)


def test_links_are_read_without_torch() -> None:
    code = (
        "import sys, explorer.links as l; l.parse_link('cnn-explorer://resnet18?level=ops');"
        "assert not {'torch', 'PySide6'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
