"""What the app runs on, and the licences of the libraries it needs: for About and for reports of errors."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from typing import NamedTuple

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

#: What the app needs: the dependencies in `pyproject.toml`.
NEEDED = (
    "captum",
    "filelock",
    "google-re2",
    "networkx",
    "numpy",
    "pillow",
    "psutil",
    "pydantic",
    "pyqtgraph",
    "PySide6-Essentials",
    "safetensors",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "torch",
    "torchvision",
)


class Library(NamedTuple):
    """A library that the app needs."""

    name: str
    version: str
    licence: str  # empty where it does not say


def find_libraries() -> list[Library]:
    """Return the libraries that the app needs and that say what they are, by name."""
    found = []
    for name in NEEDED:
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(Library(name, _loaded_version(name) or about["Version"] or "", _licence(about)))
    return found


def describe_system() -> str:
    """Return versions and the machine as lines for a report; in English, as whoever reads it may know no other."""
    versions = {library.name: library.version for library in find_libraries()}
    lines = {
        "CNN Explorer": app_version(),
        "Python": platform.python_version(),
        "Qt": qVersion(),
        "Qt platform": QGuiApplication.platformName(),
        "System": platform.platform(),
        "Processor": platform.machine(),
    } | versions
    return "\n".join(f"{name}: {value}" for name, value in lines.items())


def app_version() -> str:
    """Return the version of the app. The package itself stands above this room, and so is not imported by it."""
    return _loaded_version("explorer")


def _loaded_version(name: str) -> str:
    """Return what a loaded module says of itself: torch's names its build too, "2.10.0+cpu"; empty when not loaded."""
    return str(getattr(sys.modules.get(name), "__version__", ""))


def _licence(about: metadata.PackageMetadata) -> str:
    """Return what a library says of its licence: an SPDX expression, a line, or what it is classified as."""
    if expression := about["License-Expression"]:
        return str(expression)
    said = about["License"] or ""
    if said and "\n" not in said and len(said) <= 60:  # and not its whole text
        return said
    classified = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return ", ".join(c.rpartition(" :: ")[2] for c in classified)
