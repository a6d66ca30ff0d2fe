"""The sub-command `desktop`: the app in the user's menu."""

from __future__ import annotations

import argparse

from explorer.base.languages import tr
from explorer.desktop import launcher


def add_desktop_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the sub-command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--install", action="store_true", help="put it there, or bring it up to date")
    what.add_argument("--remove", action="store_true", help="take it away again")
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> None:
    if parsed.install:
        files = launcher.install()
        print(tr("CNN Explorer is in your menu, and opens .cnnx files. {n} files in {folder}.", **_list_values(files)))
    else:
        print(tr("Removed {n} files from {folder}.", **_list_values(launcher.remove())))


def _list_values(files: tuple[object, ...]) -> dict[str, object]:
    return {"n": len(files), "folder": launcher.user_data_folder()}
