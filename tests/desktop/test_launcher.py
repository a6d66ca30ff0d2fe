"""The app in the menus of Linux: what is installed is valid, is found by the desktop, and goes away whole."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from explorer.base.resources import resource_path
from explorer.cli import main
from explorer.desktop import launcher

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="menus of Linux")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "share"


def read_launcher(folder: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(folder / "applications" / "cnn-explorer.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


def test_install_and_remove_leave_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = home / "applications" / "other.desktop"
    other.parent.mkdir(parents=True)
    other.write_text("[Desktop Entry]\n")
    assert main(["desktop", "--install"]) == 0
    assert str(home) in capsys.readouterr().out
    installed = [path for path in home.rglob("*") if path.name.startswith(("cnn-explorer", "application-x-cnnx"))]
    assert len(installed) == 2 + 2 * (1 + len(launcher.ICON_SIZES))
    assert main(["desktop", "--install"]) == 0  # again: brought up to date
    assert main(["desktop", "--remove"]) == 0
    left = [path for path in home.rglob("*cnn*") if path.is_file()]
    assert left == []
    assert other.exists()
    assert main(["desktop", "--remove"]) == 0


def test_what_to_do_must_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["desktop"])
    assert "--install" in capsys.readouterr().err


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-utils is not installed")
def test_the_launcher_is_valid(home: Path) -> None:
    launcher.install()
    file = home / "applications" / "cnn-explorer.desktop"
    checked = subprocess.run(["desktop-file-validate", file], capture_output=True, text=True, check=False)
    assert (checked.stdout, checked.returncode) == ("", 0)


@pytest.mark.parametrize("command", [["/opt/my apps/cnn-explorer"], ['/a"b$c`d\\e/100%', "/it's/main.py"]])
def test_any_path_starts_the_app(home: Path, command: list[str]) -> None:
    launcher.install(command=command)
    entry = read_launcher(home)
    started = entry["Exec"].replace("\\\\", "\\").replace("%%", "%")  # as a value, then field codes, then as a shell
    words = subprocess.run(["sh", "-c", f"printf '%s\\n' {started}"], capture_output=True, text=True, check=True).stdout
    assert words.splitlines() == [*command, "%u"]
    assert entry["TryExec"].replace("\\\\", "\\") == command[0]
    assert entry["MimeType"] == "application/x-cnnx;x-scheme-handler/cnn-explorer;"


def test_the_command_is_this_installation(home: Path) -> None:
    command = launcher.find_command()
    assert Path(command[0]).is_absolute()
    assert Path(command[0]).name == "cnn-explorer" or command[1].endswith("main.py")


def test_the_type_of_file_has_name_suffix_and_icon(home: Path) -> None:
    launcher.install()
    tree = ElementTree.parse(home / "mime" / "packages" / "cnn-explorer.xml")
    space = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
    kind = tree.find("m:mime-type", space)
    assert kind is not None
    assert kind.get("type") == "application/x-cnnx"
    assert [glob.get("pattern") for glob in kind.findall("m:glob", space)] == ["*.cnnx"]
    icon = kind.find("m:icon", space)
    assert icon is not None
    assert (home / "icons/hicolor/scalable/mimetypes" / f"{icon.get('name')}.svg").exists()


@pytest.mark.parametrize("name", launcher.ICONS)
def test_icons_have_their_sizes_and_are_of_the_drawings(name: str) -> None:
    from tests.icons import draw_icon

    for size in launcher.ICON_SIZES:
        with Image.open(resource_path(f"desktop/{name}-{size}.png")) as image:
            assert image.size == (size, size)
    with Image.open(resource_path(f"desktop/{name}-64.png")) as kept:
        drawn = draw_icon(name, 64)
        apart = [
            abs(a - b) for a, b in zip(kept.convert("RGBA").tobytes(), drawn.convert("RGBA").tobytes(), strict=True)
        ]
    assert sum(apart) / len(apart) < 2  # else: python -m tests.icons


def test_icons_of_the_other_systems_are_whole() -> None:
    with Image.open(resource_path("desktop/cnn-explorer.ico")) as image:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= set(image.info["sizes"])
    with Image.open(resource_path("desktop/cnn-explorer.icns")) as image:
        assert (512, 512, 2) in image.info["sizes"]


def test_other_systems_say_that_they_have_no_such_menus(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main(["desktop", "--install"]) == 2
    assert "menus of Linux" in capsys.readouterr().err
