"""The recipes of CONTRIBUTING.md work word for word: what they say to write is written into a copy of the project, and
what they say to run is run there.

The whole of each recipe's own test command, a minute, runs with `--long`; without it, what the commands stand on.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

#: Run in the copy: one process, since torch takes seconds to load.
_CHECKS = """
import contextlib, io, json, sys
import explorer
from explorer.cli import main
from explorer.experiments import get_experiment
from explorer.experiments.texts import load_texts
from explorer.guide.filled_page import fill_page
from explorer.guide.locations import find_locations
from explorer.guide.page import load_page
from explorer.networks.catalogue import get_entry

assert explorer.__file__.startswith(sys.argv[1]), explorer.__file__
entry = get_entry("zfnet")
counted = io.StringIO()
with contextlib.redirect_stdout(counted):
    assert main(sys.argv[2:]) == 0
total = json.loads(counted.getvalue())
assert (total["params"], total["macs"]) == (entry.params, entry.macs)

edited = explorer.open("alexnet").edit(explorer.RemoveDropout("*"))
assert len(edited.architecture.live) == len(edited.baseline.architecture.live)
assert edited.figures.total.params == edited.baseline.figures.total.params
own = explorer.open("alexnet").edit(explorer.KeepAll("*"))
assert own.history.applied_edits == ()

from explorer.parts import find_part
assert "CSPNet" in find_part("cross_stage").source
composed = explorer.open("alexnet").edit(explorer.InsertPart("features.3", "cross_stage", "channels=64"))
assert any(name.startswith("features.cross_stage.branch2.conv") for name in composed.architecture.live)

experiment = get_experiment("kernel_cost")
outcome = experiment.run({"kernel": 5})
for language in ("en", "zh"):
    assert load_texts(language).translate("kernel_cost", outcome.observations[0])
exec(experiment.code({"kernel": 5}))
print(outcome.number("macs").computed)

for language in ("en", "zh"):
    page = load_page("zfnet", language)
    analysis = explorer.open(page.facts.networks[0]).analysis
    assert all(find_locations(analysis, idea.where) for idea in page.facts.ideas.values())
    assert "{" not in "".join(fill_page(page, analysis).pros)

from PySide6.QtWidgets import QApplication, QDockWidget
from explorer.ui.shell.window import Window
app = QApplication([])
window = Window()
names = {dock.objectName() for dock in window.findChildren(QDockWidget)}
assert "Depth report" in names, names
"""


def read_section(title: str) -> str:
    """The text of a section of the page, without its heading."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return page.split(f"## {title}\n")[1].split("\n## ")[0]


def read_blocks(section: str, language: str) -> list[str]:
    """The blocks of code of a section in a language, in order, without the indentation of a list."""
    found = [(indent, body) for indent, kind, body in _BLOCK.findall(section) if kind == language]
    return ["\n".join(line.removeprefix(indent) for line in body.split("\n")) for indent, body in found]


def add_to_json(path: Path, change: Any) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def add_line(path: Path, before: str, line: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{before!r} is not in {path}"
    path.write_text(text.replace(before, f"{line}{before}", 1), encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with all recipes followed."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("explorer", "resources", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "main.py", "CONTRIBUTING.md", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    follow_network(folder)
    follow_edit(folder)
    follow_part(folder)
    follow_experiment(folder)
    follow_guide_page(folder)
    follow_panel(folder)
    return folder


def follow_network(folder: Path) -> None:
    section = read_section("Add a network")
    (builder,) = read_blocks(section, "python")
    paper, entry = map(json.loads, read_blocks(section, "json"))
    (folder / "explorer/networks/zfnet.py").write_text(builder, encoding="utf-8")

    def change(catalogue: dict[str, Any]) -> None:
        catalogue["papers"] |= paper
        catalogue["networks"].append(entry)

    add_to_json(folder / "resources/catalogue.json", change)


def follow_edit(folder: Path) -> None:
    (edit,) = read_blocks(read_section("Add an edit"), "python")
    switches = folder / "explorer/edits/switches.py"
    switches.write_text(f"{switches.read_text(encoding='utf-8')}\n\n{edit}", encoding="utf-8")
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom typing import ClassVar\n"
    head += "from explorer.edits.registry import register_edit\nfrom explorer.graph.architecture import Architecture\n"
    own = "@register_edit('keep_all')\n@dataclass(frozen=True)\nclass KeepAll:\n    name: ClassVar[str]\n    at: str\n"
    own += "    title = 'kept'\n\n    def apply(self, architecture: Architecture) -> Architecture:\n"
    own += "        return architecture\n"
    (folder / "explorer/edits/own_edit.py").write_text(f"{head}\n\n{own}", encoding="utf-8")


def follow_part(folder: Path) -> None:
    (part,) = read_blocks(read_section("Add a part"), "python")
    (folder / "explorer/parts/cross_stage.py").write_text(part, encoding="utf-8")


def follow_experiment(folder: Path) -> None:
    section = read_section("Add an experiment")
    (module,) = read_blocks(section, "python")
    (folder / "explorer/experiments/kernel_cost.py").write_text(module, encoding="utf-8")
    add_line(folder / "explorer/experiments/__init__.py", '    "separable",\n', '    "kernel_cost",\n')
    for language, text in zip(("en", "zh"), map(json.loads, read_blocks(section, "json")), strict=True):
        path = folder / f"resources/texts/experiments/{language}.json"
        add_to_json(path, lambda texts, text=text: texts["experiments"].update(text))
    link = {"id": "kernel_cost"}
    page = folder / "resources/guide/vgg.json"
    add_to_json(page, lambda facts: facts["ideas"]["small_kernels"]["experiments"].append(link))


def follow_guide_page(folder: Path) -> None:
    blocks = read_blocks(read_section("Add a guide page"), "json")
    paths = ("zfnet.json", "en/zfnet.json", "zh/zfnet.json")
    for path, block in zip(paths, blocks, strict=True):
        (folder / "resources/guide" / path).write_text(block, encoding="utf-8")
    add_line(folder / "explorer/guide/page.py", '    "vgg",\n', '    "zfnet",\n')


def follow_panel(folder: Path) -> None:
    section = read_section("Add a panel")
    (tool,) = read_blocks(section, "python")
    room = folder / "explorer/ui/depth_report"
    room.mkdir()
    (room / "__init__.py").write_text('"""The number of operations."""\n', encoding="utf-8")
    (room / "tool.py").write_text(tool, encoding="utf-8")
    tools = folder / "explorer/ui/shell/tools.py"
    add_line(tools, "\n#: ", "\nfrom explorer.ui.depth_report.tool import DepthReportTool\n")
    text = tools.read_text(encoding="utf-8")
    tools.write_text(re.sub(r"(TOOLS[^=]*= [(\[]\n)", r"\1    DepthReportTool,\n", text), encoding="utf-8")


def run(folder: Path, *command: str) -> str:
    env = os.environ | {"PYTHONPATH": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_what_the_recipes_add_works(copy: Path) -> None:
    (counting,) = read_blocks(read_section("Add a network"), "sh")
    program, *arguments = counting.split()
    assert program == "cnn-explorer-cli"
    printed = run(copy, "-c", _CHECKS, str(copy), *arguments).split()
    assert printed[-2] == printed[-1]  # what the experiment's code prints, and what it computed


def test_the_test_commands_of_the_recipes_pass(copy: Path, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--long"):
        pytest.skip("runs with --long")
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    commands = re.findall(r"`python -m pytest (tests/\w+)\s+-k (\"[^\"]+\"|\w+)`", page)
    assert [folder for folder, _ in commands] == ["tests/networks", "tests/parts", "tests/experiments", "tests/guide"]
    for folder, chosen in commands:
        run(copy, "-m", "pytest", folder, "-k", chosen.strip('"'), "-q", "-p", "no:cacheprovider")
