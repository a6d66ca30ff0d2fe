"""Paths and names in the pages for contributors exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import explorer

ROOT = Path(__file__).parent.parent
PAGES = ("CONTRIBUTING.md", "explorer/README.md", "explorer/ARCHITECTURE.md")
_FROM_PACKAGE = {"explorer/README.md"}  # its paths are relative to the package
#: What a contributor is told to create.
_EXAMPLES = ("zfnet", "depth_report", "RemoveDropout", "cross_stage", "kernel_cost", "<page>", "build/")

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"[\w./-]+(?:\.(?:py|json|md|toml)|/)$")
_NAME = re.compile(r"_?[A-Za-z]\w*(?:\.\w+)*$")


def tokens(text: str) -> list[str]:
    return [" ".join(token.split()) for token in re.findall(r"`([^`]+)`", _FENCE.sub("", text))]


@cache
def definitions(path: Path) -> frozenset[str]:
    """Names of a module: top-level ones, and members of its classes, dotted."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{member.name}" for member in node.body if isinstance(member, ast.FunctionDef)}
    return frozenset(found)


def _find(token: str, base: Path) -> Path | None:
    return next((at / token for at in (base, ROOT) if (at / token).exists()), None)


def missing(text: str, base: Path) -> list[str]:
    """What a page mentions and does not exist. A dotted name is looked up in the modules of its own paragraph or list
    item, another one only if it follows its module."""
    wrong: list[str] = []
    for part in re.split(r"\n\s*\n|\n(?=\d+\. |- |\| )", _FENCE.sub("", text)):
        mentioned = [token for token in tokens(part) if not any(example in token for example in _EXAMPLES)]
        paths = {token: _find(token, base) for token in mentioned if _PATH.match(token)}
        wrong += [token for token, path in paths.items() if path is None and "/" in token]
        known = [definitions(path) for path in paths.values() if path is not None and path.suffix == ".py"]
        names = [token for token in mentioned if _NAME.match(token) and "." in token and token not in paths]
        wrong += [name for name in names if name.startswith("explorer.") and not hasattr(explorer, name[9:])]
        for name in names if known else ():
            if name.split(".")[0] not in ("explorer", "torch") and not any(name in module for module in known):
                wrong.append(f"{name} in {', '.join(paths)}")
        for module, name in re.findall(r"`([\w/]+\.py)`[:,]?\s+`(_?\w+)`", part):
            if (ROOT / module).exists() and name not in definitions(ROOT / module):
                wrong.append(f"{name} in {module}")
    return wrong


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_mentions_exists(page: str) -> None:
    base = ROOT / "explorer" if page in _FROM_PACKAGE else ROOT
    assert missing((ROOT / page).read_text(encoding="utf-8"), base) == []


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_a_way_of_the_data_has_at_most_eight_stops() -> None:
    text = (ROOT / "explorer/ARCHITECTURE.md").read_text(encoding="utf-8")
    ways = re.findall(r"^## One [^\n]+\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert len(ways) == 5
    assert all(2 < len(re.findall(r"^\d+\. ", way, re.MULTILINE)) <= 8 for way in ways)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`explorer/nowhere.py`", ["explorer/nowhere.py"]),
        ("`explorer/network/network.py`: `Network.fly`", ["Network.fly in explorer/network/network.py"]),
        ("`explorer/network/network.py` `fly`", ["fly in explorer/network/network.py"]),
        ("`explorer/network/network.py`: `Network.edit`", []),
        ("`explorer.save_diagram`, `explorer.fly`", ["explorer.fly"]),
    ],
)
def test_a_wrong_mention_is_found(text: str, wrong: list[str]) -> None:
    assert missing(text, ROOT) == wrong
