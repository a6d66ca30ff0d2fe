"""Paths of the files beside the code: `resources/` in a checkout, `explorer/resources/` once installed, where the
documents of the root are too."""

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


def document_path(name: str) -> Path:
    """Return the path of a document of the root, "README.md" or "CHANGELOG.md". Raises FileNotFoundError naming it."""
    # An installed package comes first: what lies beside it then is not ours.
    for path in (_PACKAGE / "resources" / name, _PACKAGE.parent / name):
        if path.exists():
            return path
    raise FileNotFoundError(f"the installation lacks its file {name}")


def find_translated_document(name: str, language: str) -> Path | None:
    """Return the path of a document of the root as it is written in another language, None where it is not."""
    stem, _, suffix = name.rpartition(".")
    try:
        return resource_path(f"texts/{stem}.{language}.{suffix}")
    except FileNotFoundError:
        return None
