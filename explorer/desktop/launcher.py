"""The app in the user's menu on Linux: launcher, icons and the type of project files, installed and removed again.

Follows the Desktop Entry, Icon Theme and Shared MIME-info specifications of freedesktop.org. Only files below the
user's own data folder are written; what belongs to other programs there is not touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.base.resources import resource_path

#: Icons by name, with the kind of icon that each is.
ICONS = {"cnn-explorer": "apps", "application-x-cnnx": "mimetypes"}
ICON_SIZES = (16, 32, 48, 64, 128, 256, 512)  # pixels of a side

#: Programs that bring a folder's index up to date, where they are installed; without them, desktops do it themselves.
_UPDATES = {
    "applications": ("update-desktop-database", "-q"),
    "mime": ("update-mime-database",),
    "icons/hicolor": ("gtk-update-icon-cache", "-q", "-t", "-f"),
}


class LauncherError(RuntimeError):
    """The launcher cannot be installed here. The message says why."""


def user_data_folder() -> Path:
    """Return where the user's launchers, icons and types of files are (`$XDG_DATA_HOME`)."""
    named = os.environ.get("XDG_DATA_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "share"


def install(folder: Path | None = None, command: list[str] | None = None) -> tuple[Path, ...]:
    """Install launcher, icons and file type, or bring them up to date; return the files that were written.

    `folder` is by default the user's `user_data_folder`; `command` starts the app, by default this one.

    Raises:
        LauncherError: this system has no such menus.
        OSError: a file cannot be written.
    """
    _check_system()
    folder = folder or user_data_folder()
    files = dict(_files(folder))
    for target, source in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        if target.suffix == ".desktop":
            content = _with_command(content.decode(), command or find_command()).encode()
        write_atomic(target, partial(_write_bytes, content))
    _update_indexes(folder)
    return tuple(files)


def remove(folder: Path | None = None) -> tuple[Path, ...]:
    """Remove what `install` wrote; return the files that were there. Raises LauncherError and OSError."""
    _check_system()
    folder = folder or user_data_folder()
    found = tuple(target for target, _ in _files(folder) if target.exists())
    for target in found:
        target.unlink()
    _update_indexes(folder)
    return found


def find_command() -> list[str]:
    """Return the command that starts this installation of the app: a bundle, the installed script, or a checkout."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    script = Path(sys.executable).with_name("cnn-explorer")
    if script.is_file():
        return [str(script)]
    main = Path(__file__).parent.parent.parent / "main.py"
    return [sys.executable, *([str(main)] if main.is_file() else ["-m", "explorer.cli"])]


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _check_system() -> None:
    if sys.platform != "linux":
        raise LauncherError(
            tr("The launcher is for the menus of Linux; on Windows and macOS the installer of the bundle makes it.")
        )


def _files(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file to install, with the resource that it is made from."""
    yield folder / "applications" / "cnn-explorer.desktop", resource_path("desktop/cnn-explorer.desktop")
    yield folder / "mime" / "packages" / "cnn-explorer.xml", resource_path("desktop/cnn-explorer.xml")
    for name, kind in ICONS.items():
        theme = folder / "icons" / "hicolor"
        yield theme / "scalable" / kind / f"{name}.svg", resource_path(f"desktop/{name}.svg")
        for size in ICON_SIZES:
            yield theme / f"{size}x{size}" / kind / f"{name}.png", resource_path(f"desktop/{name}-{size}.png")


def _with_command(launcher: str, command: list[str]) -> str:
    """Return a launcher that starts `command` in place of the plain name of the program."""
    lines = []
    for line in launcher.splitlines():
        key, _, value = line.partition("=")
        if key == "Exec":
            line = "=".join((key, " ".join([*map(_quote, command), *value.split()[1:]])))
        elif key == "TryExec":
            line = f"{key}={_escape(command[0])}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _quote(argument: str) -> str:
    """Quote an argument of Exec, as the Desktop Entry specification has it."""
    for special in ("\\", '"', "`", "$"):
        argument = argument.replace(special, f"\\{special}")
    return _escape(f'"{argument}"').replace("%", "%%")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\")


def _update_indexes(folder: Path) -> None:
    for name, (program, *options) in _UPDATES.items():
        if (folder / name).is_dir() and shutil.which(program):
            subprocess.run([program, *options, str(folder / name)], check=False, capture_output=True, timeout=60)
