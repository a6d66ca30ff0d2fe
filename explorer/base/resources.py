"""Paths of the files beside the code: `resources/` in a checkout, `explorer/resources/` once installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def resource_path(name: str) -> Path:
    """Return the path of a resource file. Raises FileNotFoundError naming it when the installation lacks it."""
    for folder in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        path = folder / name
        if path.exists():
            return path
    raise FileNotFoundError(f"the installation lacks its file resources/{name}")
