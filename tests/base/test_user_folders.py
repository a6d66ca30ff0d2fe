"""The folder for what may be deleted at any time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from explorer.base.user_folders import cache_folder, trim_folder


def test_the_files_used_last_stay(tmp_path: Path) -> None:
    for number in range(5):
        file = tmp_path / str(number)
        file.write_bytes(b"x" * 100)
        os.utime(file, (number, number))
    trim_folder(tmp_path, 250)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["3", "4"]


def test_a_folder_that_is_not_there_is_trimmed_already(tmp_path: Path) -> None:
    trim_folder(tmp_path / "none", 0)


@pytest.mark.parametrize(
    ("platform", "variable", "ending"),
    [("linux", "XDG_CACHE_HOME", "cnn-explorer"), ("win32", "LOCALAPPDATA", "cnn-explorer/Cache")],
)
def test_it_is_where_the_system_has_it(
    platform: str, variable: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNN_EXPLORER_CACHE")
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_folder() == tmp_path / ending
