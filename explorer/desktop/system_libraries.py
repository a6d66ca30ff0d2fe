"""Libraries of the system that Qt needs for a window on Linux, looked for before Qt is loaded.

Qt itself only aborts the process when its platform plugin does not load. So its shared libraries are asked what they
need, and each of these is loaded once on trial; what misses is said as the one command that installs it.
"""

from __future__ import annotations

import ctypes
import importlib.util
import mmap
import os
import re
import shutil
import struct
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path

from explorer.base.languages import join_list, tr
from explorer.desktop.library_packages import PACKAGES, PackageNames

#: Loads a shared library by its name; raises OSError where it or one that it needs is missing.
Loader = Callable[[str], object]

_PLATFORMS = {"xcb": "libqxcb.so", "wayland": "libqwayland.so"}
_SCREENS = {"xcb": "DISPLAY", "wayland": "WAYLAND_DISPLAY"}
_WINDOW_LIBRARIES = ("libQt6Widgets.so.6", "libQt6Gui.so.6")
_PT_LOAD, _PT_DYNAMIC, _DT_NEEDED, _DT_STRTAB = 1, 2, 1, 5
#: In the order of preference where several are there.
_INSTALLERS: dict[str, tuple[str, Callable[[PackageNames], str]]] = {
    "apt-get": ("sudo apt-get install", lambda names: names.apt),
    "dnf": ("sudo dnf install", lambda names: names.dnf),
    "pacman": ("sudo pacman -S", lambda names: names.pacman),
}


class MissingLibrariesError(RuntimeError):
    """There can be no window. The message names what is missing and the command that installs it."""


def choose_platform(
    environ: MutableMapping[str, str] = os.environ,
    folder: Path | None = None,
    load: Loader = ctypes.CDLL,
    reaches_x: Callable[[], bool] = lambda: reaches_x(),
) -> None:
    """Make sure that Qt finds a platform that works, before it is loaded: where the one lacks libraries, the other is
    chosen (`QT_QPA_PLATFORM`), if there is a screen for it.

    Args:
        environ: where `DISPLAY`, `WAYLAND_DISPLAY` and `QT_QPA_PLATFORM` are.
        folder: of Qt's libraries and plugins; by default that of PySide6.
        load: loads a shared library of the system.
        reaches_x: returns whether the X server answers.

    Raises:
        MissingLibrariesError: nothing works.
    """
    folder = folder or _find_qt()
    if folder is None:
        return  # of a distribution, which knows what it needs
    chosen = re.split("[:;]", environ.get("QT_QPA_PLATFORM", ""))[0]
    if chosen:
        _require(find_missing(folder, _PLATFORMS.get(chosen), load))
        return
    screens = [platform for platform, variable in _SCREENS.items() if environ.get(variable)]
    if not screens:
        _require(find_missing(folder, None, load))
        raise MissingLibrariesError(
            tr("There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set. The command line works without one.")
        )
    missing = {platform: find_missing(folder, _PLATFORMS[platform], load) for platform in screens}
    complete = [platform for platform in screens if not missing[platform]]
    if not complete:
        _require(missing[screens[0]])
    if complete[0] == "xcb" and not reaches_x():
        del complete[0]
    if not complete:
        raise MissingLibrariesError(tr("The screen {name} cannot be reached.", name=environ["DISPLAY"]))
    if complete != screens:
        environ["QT_QPA_PLATFORM"] = complete[0]


def reaches_x() -> bool:
    """Return whether the X server that `DISPLAY` names answers. Raises OSError without the library that asks it."""
    library = ctypes.CDLL("libxcb.so.1")
    library.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(library.xcb_connect(None, None))
    failed = library.xcb_connection_has_error(connection)
    library.xcb_disconnect(connection)
    return not failed


def find_missing(folder: Path, plugin: str | None, load: Loader = ctypes.CDLL) -> tuple[str, ...]:
    """Return names of the libraries that a window lacks, with a platform plugin or (None) without one, sorted."""
    start = [folder / "lib" / name for name in _WINDOW_LIBRARIES]
    if plugin is not None:
        start.append(folder / "plugins" / "platforms" / plugin)
    missing: set[str] = set()
    for name in sorted(_needed_by_all(start, folder / "lib")):
        try:
            load(name)
        except OSError as failure:  # the message begins with the library that is not there, perhaps a deeper one
            found = re.match(r"([\w.+-]+\.so[\w.]*):", str(failure))
            missing.add(found[1] if found else name)
    return tuple(sorted(missing))


def install_command(missing: tuple[str, ...], which: Callable[[str], str | None] = shutil.which) -> str:
    """Return the command that installs libraries on this system; their names where its packages are not known."""
    for program, (command, name_of) in _INSTALLERS.items():
        if which(program):
            packages = {name_of(PACKAGES[name]) for name in missing if name in PACKAGES}
            others = [name for name in missing if name not in PACKAGES]
            return " ".join([command, *sorted(packages), *others])
    return " ".join(missing)


def _require(missing: tuple[str, ...]) -> None:
    if missing:
        raise MissingLibrariesError(
            tr(
                "The window needs libraries that this system does not have ({names}). Install them with: {command}",
                names=join_list(missing),
                command=install_command(missing),
            )
        )


def _find_qt() -> Path | None:
    """Return the folder of Qt inside PySide6, without importing it; None where it brings none."""
    spec = importlib.util.find_spec("PySide6")
    locations = spec.submodule_search_locations if spec is not None else None
    folder = Path(next(iter(locations)), "Qt") if locations else None
    return folder if folder is not None and (folder / "lib" / _WINDOW_LIBRARIES[0]).exists() else None


def _needed_by_all(start: list[Path], own: Path) -> set[str]:
    """Return names of the libraries from outside the folder `own` that libraries need, directly or by one inside."""
    waiting, seen, outside = [path for path in start if path.exists()], set(start), set[str]()
    while waiting:
        for name in needed_by(waiting.pop()):
            inside = own / name
            if not inside.exists():
                outside.add(name)
            elif inside not in seen:
                seen.add(inside)
                waiting.append(inside)
    return outside


def needed_by(library: Path) -> tuple[str, ...]:
    """Return the names of the libraries that a shared library needs (DT_NEEDED of a 64-bit little-endian ELF file, see
    elf(5)); none for any other file. Raises OSError."""
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:6] != b"\x7fELF\x02\x01":
            return ()
        return tuple(_read_needed(content))


def _read_needed(content: mmap.mmap) -> Iterator[str]:
    (table,) = struct.unpack_from("<Q", content, 0x20)
    size, count = struct.unpack_from("<HH", content, 0x36)
    # Of each segment: kind, flags, offset in the file, address, physical address, size in the file.
    segments = [struct.unpack_from("<IIQQQQ", content, table + size * index) for index in range(count)]
    entries: list[tuple[int, int]] = []
    for kind, _, offset, _, _, length in segments:
        if kind == _PT_DYNAMIC:
            entries = [struct.unpack_from("<qQ", content, offset + at) for at in range(0, length, 16)]
    texts = next((value for tag, value in entries if tag == _DT_STRTAB), 0)
    base = next(
        (
            texts - address + offset
            for kind, _, offset, address, _, length in segments
            if kind == _PT_LOAD and address <= texts < address + length
        ),
        0,
    )
    for tag, value in entries:
        if tag == _DT_NEEDED:
            yield content[base + value : content.find(b"\0", base + value)].decode()
