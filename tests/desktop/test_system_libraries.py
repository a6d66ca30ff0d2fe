"""Libraries that the system lacks are named before Qt is loaded, with the command that installs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from explorer.desktop import system_libraries
from explorer.desktop.library_packages import PACKAGES
from explorer.desktop.system_libraries import MissingLibrariesError, choose_platform, find_missing, install_command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="shared libraries of Linux")

#: Of every Linux: without these there is no Python either.
_EVERYWHERE = {"libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}


@pytest.fixture(scope="module")
def qt() -> Path:
    found = system_libraries._find_qt()
    assert found is not None
    return found


def lacking(*names: str) -> system_libraries.Loader:
    """Return a loader of a system without some libraries, in the words of the real one."""

    def load(name: str) -> None:
        if name in names:
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    return load


def chosen(environ: dict[str, str], qt: Path, *missing: str, answers: bool = True) -> str:
    choose_platform(environ, qt, lacking(*missing), lambda: answers)
    return environ.get("QT_QPA_PLATFORM", "")


def test_this_machine_lacks_nothing(qt: Path) -> None:
    assert find_missing(qt, "libqxcb.so") == ()


@pytest.mark.parametrize("plugin", ["libqxcb.so", "libqwayland.so"])
def test_every_library_that_qt_needs_has_its_package(qt: Path, plugin: str) -> None:
    start = [qt / "lib" / "libQt6Widgets.so.6", qt / "plugins" / "platforms" / plugin]
    assert all(path.exists() for path in start)
    needed = system_libraries._needed_by_all(start, qt / "lib")
    assert {"libEGL.so.1", "libfontconfig.so.1", "libxkbcommon.so.0"} <= needed
    assert ("libxcb-cursor.so.0" in needed) == (plugin == "libqxcb.so")
    assert needed - _EVERYWHERE <= PACKAGES.keys()


def test_a_file_that_is_no_library_needs_nothing(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("none of that")
    assert system_libraries.needed_by(tmp_path / "text") == ()


def test_all_that_is_missing_is_said_at_once_with_one_command(qt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "install_command", lambda missing: f"install {len(missing)}")
    with pytest.raises(MissingLibrariesError, match=r"libEGL.so.1, libxcb-cursor.so.0\).*install 2"):
        chosen({"DISPLAY": ":0"}, qt, "libxcb-cursor.so.0", "libEGL.so.1", "libwayland-client.so.0")


def test_a_library_deeper_down_is_named(qt: Path) -> None:
    def load(name: str) -> None:
        if name == "libxcb-cursor.so.0":
            raise OSError("libxcb-image.so.0: cannot open shared object file: No such file or directory")

    assert find_missing(qt, "libqxcb.so", load) == ("libxcb-image.so.0",)


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        (("apt-get", "dnf"), "sudo apt-get install libxcb-cursor0 libxcb-icccm4"),
        (("dnf",), "sudo dnf install xcb-util-cursor xcb-util-wm"),
        (("pacman",), "sudo pacman -S xcb-util-cursor xcb-util-wm"),
        ((), "libxcb-cursor.so.0 libxcb-icccm.so.4"),
    ],
)
def test_the_command_is_that_of_the_system(programs: tuple[str, ...], command: str) -> None:
    missing = ("libxcb-cursor.so.0", "libxcb-icccm.so.4")
    assert install_command(missing, lambda name: name if name in programs else None) == command


def test_a_package_is_named_once_and_an_unknown_library_by_its_own_name() -> None:
    missing = ("libglib-2.0.so.0", "libgthread-2.0.so.0", "libstrange.so.1")
    assert install_command(missing, lambda _: "there") == "sudo apt-get install libglib2.0-0 libstrange.so.1"


BOTH = {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}


def test_wayland_is_used_where_x_lacks_something_and_the_other_way_round(qt: Path) -> None:
    assert chosen(dict(BOTH), qt) == ""  # Qt's own choice
    assert chosen(dict(BOTH), qt, "libxcb-cursor.so.0") == "wayland"
    assert chosen(dict(BOTH), qt, "libwayland-client.so.0") == "xcb"
    assert chosen(dict(BOTH), qt, answers=False) == "wayland"
    with pytest.raises(MissingLibrariesError, match="libxcb-cursor"):  # no screen for Wayland
        chosen({"DISPLAY": ":0"}, qt, "libxcb-cursor.so.0")


def test_what_the_user_chose_stays_and_is_looked_at(qt: Path) -> None:
    assert chosen({"QT_QPA_PLATFORM": "offscreen"}, qt, "libxcb-cursor.so.0") == "offscreen"
    with pytest.raises(MissingLibrariesError, match="libxcb-cursor"):
        chosen(BOTH | {"QT_QPA_PLATFORM": "xcb"}, qt, "libxcb-cursor.so.0")
    with pytest.raises(MissingLibrariesError, match="libEGL"):
        chosen({"QT_QPA_PLATFORM": "offscreen"}, qt, "libEGL.so.1")


def test_without_a_screen_that_is_said(qt: Path) -> None:
    with pytest.raises(MissingLibrariesError, match="neither DISPLAY nor WAYLAND_DISPLAY"):
        chosen({}, qt)
    with pytest.raises(MissingLibrariesError, match=":77 cannot be reached"):
        chosen({"DISPLAY": ":77"}, qt, answers=False)


def test_a_screen_that_is_not_there_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":7777")
    assert not system_libraries.reaches_x()


def test_a_system_whose_own_packages_bring_qt_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "_find_qt", lambda: None)
    choose_platform({}, None, lacking("libEGL.so.1"))
