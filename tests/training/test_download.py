"""Downloads of data sets, from a server on this machine: progress, cancel, checksums, a full disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from torchvision import datasets

from explorer.base.cancellation import Cancelled
from explorer.cli import main
from explorer.training.data_spec import DataError, DataSpec
from explorer.training.datasets import load_dataset
from explorer.training.download import download_set, list_published_files
from explorer.training.published_sets import PUBLISHED_SETS, DownloadRequired, published_folder
from tests.fashion_server import serve_fashion_mnist

SPEC = DataSpec("fashion_mnist")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that a small Fashion-MNIST is served from."""
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path / "data"))
    with serve_fashion_mnist(tmp_path / "served", monkeypatch) as folder:
        yield folder


def test_a_set_is_downloaded_once_and_can_be_trained_on(served: Path) -> None:
    with pytest.raises(DownloadRequired):
        load_dataset(SPEC, (1, 28, 28))
    seen: list[float] = []
    download_set(SPEC, lambda done: seen.append(done) or True)
    dataset = load_dataset(SPEC, (1, 28, 28))
    assert (len(dataset.train), len(dataset.test), dataset.class_count) == (40, 20, 10)
    assert len(seen) == 4
    assert seen == sorted(seen)
    for file in served.iterdir():
        file.unlink()
    download_set(SPEC)  # nothing is left to bring


def test_a_cancelled_download_leaves_no_half_file(served: Path) -> None:
    with pytest.raises(Cancelled):
        download_set(SPEC, lambda done: False)
    assert [path for path in published_folder().rglob("*") if path.is_file()] == []


def test_a_changed_file_is_refused_and_not_kept(served: Path) -> None:
    (served / "train-labels-idx1-ubyte.gz").write_bytes(b"something else")
    with pytest.raises(DataError, match=r"train-labels.*checksum is wrong"):
        download_set(SPEC)
    names = [path.name for path in published_folder().rglob("*") if path.is_file()]
    assert names == ["train-images-idx3-ubyte.gz"]  # what came whole is not brought again


def test_a_damaged_file_that_is_there_is_brought_again(served: Path) -> None:
    download_set(SPEC)
    damaged = list_published_files(SPEC.name)[0]
    shutil.rmtree(damaged.path.parent)
    damaged.path.parent.mkdir()
    damaged.path.write_bytes(b"half of it")
    download_set(SPEC)
    assert damaged.is_here
    assert len(load_dataset(SPEC, (1, 28, 28)).train) == 40


def test_a_disk_without_room_is_said_before(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(DataError, match=r"Fashion-MNIST needs .* are free"):
        download_set(SPEC)


def test_a_server_that_is_not_there_is_named(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(DataError, match=r"cannot be downloaded: http://127.0.0.1:9/"):
        download_set(SPEC)


@pytest.mark.parametrize("name", PUBLISHED_SETS)
def test_every_set_has_files_with_checksums(name: str) -> None:
    files = list_published_files(name)
    assert all(len(file.md5) == 32 and file.urls and file.path.name in file.urls[0] for file in files)


def test_the_command_line_downloads_where_it_may(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "shufflenet_v2_x0_5", "--data", "fashion_mnist", "--epochs", "1", "--json"]
    assert main(command) == 2
    assert "is not on this computer" in (said := capsys.readouterr().err)
    assert "with --download it is brought here" in said
    assert main([*command, "--download"]) == 0
    assert '"data": "fashion_mnist"' in capsys.readouterr().out


@pytest.mark.parametrize("count", ["0", "-1", "some"])
def test_a_count_of_seeds_is_one_at_least(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["compare", "alexnet", "--seeds", count])
    assert f"argument --seeds: {count!r} is no number from 1 on" in capsys.readouterr().err
