"""On a screen with twice the pixels the window shows the same, sharper: with `--long` every panel too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

_BLUR = 4  # pixels: edges of letters and lines are elsewhere by a fraction of a pixel
_MOST = 30  # of 255, that anything of this size may differ in brightness: thin lines of charts do by 26


def _grab_all(folder: Path, scale: int, *, with_panels: bool) -> dict[str, Path]:
    folder.mkdir()
    environment = {**os.environ, "QT_SCALE_FACTOR": str(scale), "XDG_STATE_HOME": str(folder / "state")}
    command = [sys.executable, "-m", "tests.ui.shell.sharp_screen", str(folder), *(["panels"] if with_panels else [])]
    subprocess.run(command, check=True, timeout=600, env=environment, capture_output=True)
    return {path.name: path for path in sorted(folder.glob("*.png"))}


def _read(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("L")


def _soft(picture: Image.Image, size: tuple[int, int]) -> NDArray[np.float64]:
    smaller = picture.resize(size, Image.Resampling.BOX)
    return np.asarray(smaller.filter(ImageFilter.GaussianBlur(_BLUR)), dtype=float)


def test_a_sharper_screen_shows_the_same(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    with_panels = bool(pytestconfig.getoption("--long"))
    plain = _grab_all(tmp_path / "plain", 1, with_panels=with_panels)
    sharp = _grab_all(tmp_path / "sharp", 2, with_panels=with_panels)
    assert plain.keys() == sharp.keys()
    assert len(plain) > 15 or not with_panels
    for name, path in plain.items():
        one, two = _read(path), _read(sharp[name])
        assert two.size == (2 * one.width, 2 * one.height), name
        difference = np.abs(_soft(one, one.size) - _soft(two, one.size))
        y, x = np.unravel_index(difference.argmax(), difference.shape)
        assert difference.max() < _MOST, f"{name}: by {difference.max():.0f} at {x}, {y}"
