"""Build the API reference from the docstrings into build/api: `python .ci/docs.py`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(ROOT))

# Before PySide6: its import hook reads the source of every module that is imported later, which pydantic cannot bear.
import explorer.project.files  # noqa: E402, I001
from pdoc.__main__ import cli  # noqa: E402

if __name__ == "__main__":
    # pdoc does not ask a package's __getattr__, and takes what __all__ lists for all there is.
    vars(explorer).update({name: getattr(explorer, name) for name in explorer.__all__})
    packages = sorted(path.parent.name for path in (ROOT / "explorer").glob("*/__init__.py"))
    modules = ["explorer", *(f"explorer.{name}" for name in packages if name != "ui"), "explorer.session"]
    cli([*modules, "--output-directory", str(ROOT / "build" / "api")])
