"""The web page in a browser: it folds, searches, says figures, and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from explorer.export.documents.html_page import write_html
from explorer.export.network_sheet import build_network_sheet
from explorer.export.page import Page
from explorer.export.sheet import Sheet
from explorer.network import Network, open_network
from tests.export.documents.readers import parse_page, read_html, shown_at
from tests.layout.hourglass import Hourglass

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


def shown_in_browser(path: Path, wish: str = "") -> str:
    """The document after its script has run."""
    assert BROWSER is not None
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1400,900",
        "--virtual-time-budget=3000",
    ]
    command = [BROWSER, *options, f"--user-data-dir={path.parent / 'profile'}", "--dump-dom", f"{path.as_uri()}#{wish}"]
    return subprocess.run(command, capture_output=True, timeout=120, check=True).stdout.decode()


def count(document: str, name: str) -> int:
    """Elements of a class."""
    return len(re.findall(rf'<(?:g|path)\b[^>]*class="{name}[ "]', document))


@pytest.fixture(scope="module")
def page(opened: Callable[[str], Network]) -> str:
    network = opened("resnet50")
    return write_html(network, build_network_sheet(network, Page(level="blocks")))


def test_it_asks_for_nothing_and_runs_nothing_but_its_own(page: str) -> None:
    assert len(page.encode()) < 2_000_000
    parsed = parse_page(page)
    policy = next(of["content"] for tag, of in parsed.tags if of.get("http-equiv") == "Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    scripts = [body for attributes, body in parsed.scripts if attributes.get("type") is None]
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert not {"src", "href", "onclick", "onload"} & {name for _, of in parsed.tags for name in of}
    assert not re.search(r"\beval\(|innerHTML|document\.write|new Function|fetch\(|XMLHttpRequest|import\(", scripts[0])
    assert not {"link", "iframe", "img", "object", "embed"} & {tag for tag, _ in parsed.tags}


@needs_browser
@pytest.mark.parametrize("level", ["", "units", "ops"])
def test_levels(page: str, tmp_path: Path, level: str) -> None:
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    document = shown_in_browser(tmp_path / "a.html", f"level={level}" if level else "")
    data = read_html(page)
    shown, links = shown_at(data, level or "blocks")
    frames = [id for id in shown if id in data["levels"][level or "blocks"]]
    assert count(document, "frame") == len(frames)
    assert count(document, "card") == len(shown) - len(frames)
    assert count(document, "link") == len(links)
    assert "NaN" not in document.split("<script", 1)[0]


@needs_browser
def test_folding_searching_zooming_and_reading(page: str, tmp_path: Path) -> None:
    """A script added to a copy does what a reader would do; a policy would forbid it, so the copy has none."""
    steps = """
    const all = (name) => document.querySelectorAll(name), said = [];
    const note = (...words) => said.push(words.join(" "));
    const press = (node, type, more) => node.dispatchEvent(new MouseEvent(type, {bubbles: true, ...more}));
    note(all(".card").length, all(".frame").length);
    press([...all(".card")].find((one) => one.textContent.includes("Residual bottleneck")), "dblclick");
    note(all(".card").length, all(".frame").length);
    press(all(".frame .sign")[1], "click");
    note(all(".card").length, all(".frame").length);
    const moved = document.getElementById("scene");
    const scale = () => Number(/scale\\(([\\d.]+)\\)/.exec(moved.getAttribute("transform"))[1]);
    const before = scale();
    press(document.getElementById("zoom-in"), "click");
    note(scale() > before ? "larger" : "same");
    const box = document.getElementById("search");
    box.value = "conv2 layer4"; box.dispatchEvent(new Event("input", {bubbles: true}));
    note(document.getElementById("hits").textContent);
    box.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
    note(document.getElementById("hits").textContent, all(".selected").length);
    note(document.getElementById("details").textContent.replaceAll("\\n", "|"));
    const card = all(".card")[0];
    card.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
    note(document.getElementById("name").textContent, all(".link.lit").length);
    const result = document.createElement("pre"); result.id = "said"; result.textContent = said.join("\\n");
    document.body.append(result);
    """
    copy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    (tmp_path / "a.html").write_text(copy.replace("</body>", f"<script>{steps}</script></body>"), encoding="utf-8")
    document = shown_in_browser(tmp_path / "a.html")
    found = re.search(r'<pre id="said">(.*?)</pre>', document, re.DOTALL)
    assert found, document[-3000:]
    said = unescape(found[1]).splitlines()
    counts = [tuple(map(int, line.split())) for line in said[:3]]
    assert counts[1] == (counts[0][0] + 5, counts[0][1] + 1)  # a bottleneck of six cards in place of one
    assert counts[2][1] < counts[1][1]
    assert said[3] == "larger"
    hits = int(said[4].split()[0])
    assert hits >= 3
    assert said[5] == f"1 / {hits} 1"
    assert "parameters|" in said[6]
    assert "MACs" in said[6]
    assert said[7] == "Image 1"


@needs_browser
def test_odd_names_are_text(odd_network: Network, odd_sheet: Sheet, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(write_html(odd_network, odd_sheet), encoding="utf-8")
    document = shown_in_browser(tmp_path / "a.html", "level=ops")
    assert count(document, "card") == 5
    assert 'id="subtitle">&lt;/script&gt;' in document


@needs_browser
def test_links_that_run_around_cards_are_in_sight(tmp_path: Path) -> None:
    network = open_network(Hourglass(), input_shape=(1, 3, 64, 64))
    path = tmp_path / "a.html"
    path.write_text(write_html(network, build_network_sheet(network, Page(level="blocks"))), encoding="utf-8")
    document = shown_in_browser(path)
    moved = re.search(r"translate\((\S+) (\S+)\) scale\((\S+)\)", document)
    assert moved is not None
    left, _, zoom = map(float, moved.groups())
    routes = re.findall(r'<path d="([^"]+)" class="link', document)
    across = [float(x) for route in routes for x in re.findall(r"(-?[\d.]+)[ ,]-?[\d.]+", route)]
    assert across
    assert left + zoom * min(across) >= 0


def test_a_selection_shows_an_input_where_others_lead_into_it(opened: Callable[[str], Network]) -> None:
    network = opened("googlenet_2014")
    data = read_html(write_html(network, build_network_sheet(network, Page(), ["inception3a"])))
    assert [data["cards"][id]["kind"] for id in data["top"]] == ["input", "block"]
