"""The installed package, as a user's program and type checker find it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

import explorer

ROOT = Path(__file__).parents[1]

SCRIPT = """
import explorer

network = explorer.open("mobilenet_v2", options={"width_mult": 0.5})
edited = network.edit(explorer.ToggleShortcut("features.3", on=False), explorer.SwapActivation("*", "gelu"))
macs: int = edited.figures.total.macs
name, probability = edited.run("cat").top(1)[0]
text: str = f"{name}: {probability:.1%}"
other: explorer.Network = edited.with_edits(*edited.history.applied_edits).undo()
keys: list[str] = [entry.key for entry in explorer.all_entries()]
error: type[Exception] = explorer.EditError
explorer.save_diagram(edited, "mobilenet.png", level="blocks")
session = explorer.Session()
session.on("selection", lambda: print(session.selection))
"""

WRONG = """
import explorer

explorer.open("resnet18").edit("gelu")
explorer.Session().on("selected", print)
"""


def run(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment}
    env.pop("PYTHONPATH", None)  # of whoever runs the tests
    folder = Path(sys.executable).parent  # not the checkout: its `explorer` would come first
    return subprocess.run([*map(str, command)], env=env, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def user_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel, and with the libraries of the one that runs the tests."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    built = run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, ROOT)
    if "hatchling" in built.stderr and "No matching distribution" in built.stderr:
        pytest.skip("building a wheel needs hatchling from the package index")
    assert built.returncode == 0, built.stderr
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def test_there_is_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]


def test_the_wheel_is_typed_and_has_the_version_and_resources(user_python: Path) -> None:
    code = (
        "import explorer, importlib.metadata, pathlib; folder = pathlib.Path(explorer.__file__).parent; "
        "from explorer.base.resources import document_path; "
        "print(importlib.metadata.version('cnn-explorer'), (folder / 'py.typed').is_file(), "
        "(folder / 'resources' / 'catalogue.json').is_file(), 'site-packages' in str(folder), "
        "*(name in str(document_path(name)) for name in ('README.md', 'CHANGELOG.md')))"
    )
    found = run(user_python, "-P", "-c", code, PYTHONSAFEPATH="1")
    assert found.stdout.split() == [explorer.__version__, *["True"] * 5], found.stderr


def test_a_typed_program_is_checked_against_it(user_python: Path, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(SCRIPT, encoding="utf-8")
    wrong.write_text(WRONG, encoding="utf-8")
    cache = ROOT / ".mypy_cache" / "user_program"  # torch's types take half a minute the first time
    checked = run(
        sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir", cache,
        "--python-executable", user_python, right, wrong,
    )  # fmt: skip
    lines = [line for line in checked.stdout.splitlines() if ": error:" in line]
    assert len(lines) == 2, checked.stdout
    assert all(f"{wrong.name}:" in line and "[arg-type]" in line for line in lines), checked.stdout
