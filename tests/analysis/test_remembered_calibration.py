"""What calibration found is remembered on disk, and is what would be measured."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import explorer
from explorer.analysis import calibration
from explorer.analysis.calibration import build_seeded_weights
from explorer.analysis.remembered_calibration import VERSION, calibration_file, read_calibration
from explorer.graph.fingerprint import NoFingerprint, fingerprint
from explorer.graph.trace import trace
from explorer.network import Network

#: Small ones: with norms and without, with classes made by a convolution, with tables.
KEYS = ("alexnet", "squeezenet1_1", "resnet18", "shufflenet_v2_x0_5", "mobilenet_v3_small")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is remembered in it yet."""
    monkeypatch.setenv("CNN_EXPLORER_CACHE", str(tmp_path))
    return tmp_path / "calibrations"


def _no_measuring(*_: object) -> None:
    raise AssertionError("measured although it is remembered")


@pytest.mark.parametrize("key", KEYS)
def test_remembered_is_what_was_measured(
    key: str, folder: Path, opened: Callable[[str], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    architecture = opened(key).baseline.architecture
    measured = build_seeded_weights(architecture)
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(calibration, "_measure", _no_measuring)
    again = build_seeded_weights(architecture)
    assert {path: found.key for path, found in again.calibration.items()} == {
        path: found.key for path, found in measured.calibration.items()
    }


def test_another_seed_size_or_network_is_another_file(folder: Path, opened: Callable[[str], Network]) -> None:
    architecture, photos = opened("resnet18").baseline.architecture, [torch.zeros(1, 3, 8, 8)]
    other = explorer.open("resnet18", input_shape=(1, 3, 64, 64)).architecture
    files = {
        calibration_file(architecture, 0, {}, photos),
        calibration_file(architecture, 1, {}, photos),
        calibration_file(architecture, 0, {"table": torch.ones(1)}, photos),
        calibration_file(architecture, 0, {}, [torch.ones(1, 3, 8, 8)]),
        calibration_file(other, 0, {}, photos),
        calibration_file(opened("resnet34").baseline.architecture, 0, {}, photos),
    }
    assert None not in files
    assert len(files) == 6


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "sizes"])
def test_a_file_that_does_not_fit_is_measured_anew(damage: str, folder: Path, opened: Callable[[str], Network]) -> None:
    architecture = opened("resnet18").baseline.architecture
    build_seeded_weights(architecture)
    (path,) = folder.iterdir()
    content = path.read_bytes()
    if damage == "sizes":  # of another network
        build_seeded_weights(opened("alexnet").baseline.architecture)
        (other,) = (file for file in folder.iterdir() if file != path)
        path.write_bytes(other.read_bytes())
    else:
        path.write_bytes({"cut": content[:-5], "empty": b"", "other": b"{" * 1000}[damage])
    assert read_calibration(path, architecture) is None
    build_seeded_weights(architecture)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[str], Network]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("CNN_EXPLORER_CACHE", str(blocked))
    assert build_seeded_weights(opened("alexnet").baseline.architecture).calibration


def test_edited_networks_and_code_of_others_are_not_remembered(folder: Path, opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(explorer.MultiplyWidth("*", 0.5))
    assert calibration_file(edited.architecture, 0, {}, []) is None

    class Foreign(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2

    with pytest.raises(NoFingerprint):
        fingerprint(trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Softmax2d()), (1, 3, 8, 8)), Foreign)


def test_a_fingerprint_is_the_same_in_another_process(opened: Callable[[str], Network]) -> None:
    code = (
        "import explorer; from explorer.graph.fingerprint import fingerprint\n"
        "for key in ('mobilenet_v3_small', 'swin_t'): print(fingerprint(explorer.open(key).architecture))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    expected = [fingerprint(opened(key).baseline.architecture) for key in ("mobilenet_v3_small", "swin_t")]
    assert said.stdout.split() == expected


def test_the_version_goes_with_the_numbers(folder: Path, opened: Callable[[str], Network]) -> None:
    """Where this fails, calibration finds other numbers than before: raise VERSION and put the new ones here."""
    found = build_seeded_weights(opened("resnet18").baseline.architecture).calibration
    assert VERSION == 1
    assert found["bn1"].scale == pytest.approx(BN1_SCALE, rel=0.02)
    assert found["layer4.1.bn2"].scale == pytest.approx(LAST_SCALE, rel=0.02)
    assert found["fc"].scale == pytest.approx(CLASSIFIER_SCALE, rel=0.02)


BN1_SCALE, LAST_SCALE, CLASSIFIER_SCALE = 6.09, 1.32, 6.44  # of version 1
