"""A process of tests ends as it should, whatever its tests did: a crash at the end takes the whole suite with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_COPIES = """
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

def test_it_copies() -> None:
    held = QMimeData()
    held.setText("a")
    QGuiApplication.clipboard().setMimeData(held)
"""


def test_what_a_test_copied_does_not_end_the_process(tmp_path: Path) -> None:
    here = Path(__file__).parent
    (tmp_path / "test_copies.py").write_text(_COPIES, encoding="utf-8")
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    line += ["--rootdir", str(here.parent), "-c", str(here.parent / "pyproject.toml"), str(tmp_path / "test_copies.py")]
    environment = os.environ | {"PYTHONPATH": str(here.parent), "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(line, cwd=here.parent, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
