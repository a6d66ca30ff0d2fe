"""Faults on the way, each said in a sentence that names the way out: images, memory, data, processes, windows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer.network import Network
from explorer.training import step_plan
from explorer.training.data_spec import DataSpec
from explorer.training.datasets import load_dataset
from explorer.training.execution import execute
from explorer.training.groups import create_group, open_group
from explorer.training.launch import create_run
from explorer.training.progress import ProgressReader
from explorer.training.published_sets import DownloadRequired, published_folder
from explorer.training.recipe import Recipe
from explorer.training.run_folder import CurvePoint, RunFolder, RunSpec, wait_until_done
from explorer.training.train import fit_network

DATA = DataSpec("digits", train_images=64)


@pytest.fixture(scope="module")
def network() -> Network:
    """LeNet-5, which takes digits as it is."""
    return explorer.open("design:lenet_5")


def spec(**changes: object) -> RunSpec:
    return RunSpec("digits", DATA, Recipe(**{"epochs": 2, "batch_size": 32, **changes}), threads=1)  # type: ignore[arg-type]


def test_images_of_all_kinds_are_read_and_the_broken_ones_counted(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        folder = tmp_path / name
        folder.mkdir()
        pixels = Image.fromarray(chance.integers(0, 256, (40, 30, 3), np.uint8))
        for mode, suffix in (
            ("L", "png"), ("P", "gif"), ("RGBA", "png"), ("CMYK", "jpg"), ("1", "bmp"), ("LA", "png"), ("RGB", "webp"),
            ("I;16", "tiff"),
        ):  # fmt: skip
            image = Image.fromarray(np.full((40, 30), 30_000, np.uint16)) if mode == "I;16" else pixels.convert(mode)
            image.save(folder / f"{mode.replace(';', '')}.{suffix}")
        pixels.save(folder / "turned.jpg", exif=_turned())
        pixels.resize((1, 1)).save(folder / "tiny.png")
        pixels.resize((2000, 3)).save(folder / "wide.png")
        (folder / "empty.png").touch()
        (folder / "half.jpg").write_bytes((folder / "CMYK.jpg").read_bytes()[:200])
        (folder / "text.png").write_text("no image")
        (folder / "notes.txt").write_text("no image, and not meant as one")
    dataset = load_dataset(DataSpec("folder", path=str(tmp_path)), (3, 16, 16))
    assert len(dataset.train) + len(dataset.test) + len(dataset.skipped) == 2 * 14
    assert len(dataset.skipped) == 2 * 3
    assert all(any(name in said for name in ("empty.png", "half.jpg", "text.png")) for said in dataset.skipped)
    assert dataset.train.pixels.shape[1:] == (3, 16, 16)


def _turned() -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = 6  # a quarter turn
    return found


def test_the_first_layer_without_numbers_is_named(network: Network, tmp_path: Path) -> None:
    wild = spec(learning_rate=100.0, clip=0.0, optimizer="sgd", warmup=0.0, epochs=50)
    state = execute(create_run(network, wild, tmp_path / "run"), network)
    assert state.state == "failed"
    layers = [path for path, layer in network.module().named_modules() if path and not list(layer.children())]
    assert any(f"first in {path}." in state.message for path in layers), state.message
    assert "Try a learning rate of 10 or less." in state.message


def test_what_does_not_fit_in_memory_is_estimated_before(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = 16 * network.figures.total.params
    maps = 2 * 32 * network.figures.activations.bytes
    monkeypatch.setattr(step_plan, "free_memory", lambda device: weights + maps)
    state = execute(create_run(network, spec(), tmp_path / "parts"), network)
    assert (state.state, state.message) == (
        "finished", "Batches of 32 images do not fit in memory: each is computed in 2 parts."
    )  # fmt: skip
    monkeypatch.setattr(step_plan, "free_memory", lambda device: weights - 1)
    state = execute(create_run(network, spec(), tmp_path / "none"), network)
    assert state.state == "failed"
    assert "do not fit in memory" in state.message
    assert not (tmp_path / "none" / "curve.jsonl").exists()


def test_a_set_that_is_half_downloaded_is_offered_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path))
    folder = published_folder() / "cifar10" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    (folder / "data_batch_1").write_bytes(b"half")
    with pytest.raises(DownloadRequired, match=r"CIFAR-10 .* is damaged or half downloaded"):
        load_dataset(DataSpec("cifar10"), (3, 32, 32))


def test_an_output_that_does_not_fit_the_classes_gets_a_named_edit() -> None:
    opened = explorer.open("mobilenet_v1_x0_25")
    fitted = fit_network(opened, DATA)
    titles = [edit.title for edit in fitted.history.applied_edits]
    assert titles == ["Made for images of 16 pixels", "10 classes"]
    assert fitted.undo().undo().figures.output_shape == opened.figures.output_shape
    with pytest.raises(ValueError, match=r"training needs \(batch, 10\)"):
        fit_network(explorer.open("design:autoencoder"), DATA)


def test_a_run_outlives_the_window_that_started_it(network: Network, tmp_path: Path) -> None:
    folder = create_run(network, spec(epochs=3), tmp_path / "run")
    code = f"from explorer.training.launch import start_run, RunFolder; start_run(RunFolder({str(folder.path)!r}))"
    window = subprocess.Popen([sys.executable, "-c", f"{code}; import time; time.sleep(600)"])
    while not folder.read_state().pid:  # of the process that trains
        assert window.poll() is None
        time.sleep(0.05)
    os.kill(window.pid, signal.SIGKILL)
    window.wait()
    assert wait_until_done(folder).state == "finished"


def test_two_windows_follow_one_run_and_either_may_pause_it(network: Network, tmp_path: Path) -> None:
    group = create_group({"a": network}, DATA, Recipe(epochs=2, batch_size=32), (0,), tmp_path / "group")
    first, second = ProgressReader(open_group(group.path)), ProgressReader(open_group(group.path))
    (run,) = group.folders

    def look(point: CurvePoint) -> bool:
        assert first.read().done == second.read().done
        if point.step == 1:
            RunFolder(run.path).request_pause()
        return True

    assert execute(run, network, look).state == "paused"
    assert replace(first.read(), group=group) == replace(second.read(), group=group)
    assert execute(run, network).state == "finished"
    assert first.read().comparison == second.read().comparison is not None


def test_a_network_that_returns_no_classes_is_said() -> None:
    from explorer.training.trainer import logits

    with pytest.raises(ValueError, match=r"classes are learned from \(batch, classes\)"):
        logits(torch.zeros(2, 10, 4, 4))
