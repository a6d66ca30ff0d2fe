"""A file is what it holds, whatever it is called; nothing of it is run while it is looked at."""

from __future__ import annotations

import os
import pickle
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from explorer.opening.errors import OpeningError
from explorer.opening.formats import recognise_format


class Evil:
    """Whoever unpickles this leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize(
    ("name", "kind", "runs_code"),
    [
        ("net.onnx", "onnx", False),
        ("old.onnx", "onnx", False),
        ("net.pt2", "exported", True),
        ("script.pt", "script", True),
        ("trace.pt", "script", True),
        ("module.pt", "pickled", True),
    ],
)
def test_models_are_recognised_under_any_name(
    files: Path, tmp_path: Path, name: str, kind: str, runs_code: bool
) -> None:
    for called in (name, "model.bin", "weights.safetensors", "x"):
        path = tmp_path / called
        path.write_bytes((files / name).read_bytes())
        found = recognise_format(path)
        assert (found.kind, found.runs_code) == (kind, runs_code)


def test_weights_are_weights_whoever_wrote_them(tmp_path: Path) -> None:
    tensors = {"a.weight": torch.zeros(2)}
    torch.save(tensors, tmp_path / "zip.safetensors")
    torch.save({"state_dict": tensors, "epoch": 3}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file(tensors, tmp_path / "st.pth")
    for path in tmp_path.iterdir():
        assert recognise_format(path).kind == "weights", path


def test_looking_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    torch.save({"a": Evil(mark), "b": torch.nn.ReLU()}, tmp_path / "evil.pt")
    assert recognise_format(tmp_path / "evil.pt").kind == "pickled"
    (tmp_path / "evil.bin").write_bytes(pickle.dumps(Evil(mark)))
    recognise_format(tmp_path / "evil.bin")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x89HDF\r\n\x1a\n", "Keras or HDF5"),
        (b"GGUF" + b"\0" * 20, "GGUF"),
        (b"\0\0\0\0TFL3", "TensorFlow Lite"),
        (b"\x1f\x8b\x08", "unpack it first"),
        (b"<html>", "a page of the web"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"MZ\x90", "a Windows program"),
        (b"PK\x03\x04 and no more", "damaged or was cut off"),
        (b"hello", "nothing that can be opened"),
    ],
)
def test_what_is_no_model_is_named_as_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(OpeningError, match=said):
        recognise_format(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe would never answer."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(OpeningError, match="is no file"):
            recognise_format(path)


def test_what_is_packed_is_refused_however_small_or_large(tmp_path: Path) -> None:
    small = b"".join(number.to_bytes(2, "little") for number in range(99))  # packing makes it no smaller
    with zipfile.ZipFile(tmp_path / "small.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", small)
    with zipfile.ZipFile(tmp_path / "beside.pt", "w") as archive:
        archive.writestr("archive/data.pkl", small)
        archive.writestr("archive/data/0", b"\0" * 2**20, zipfile.ZIP_DEFLATED)
    for name in ("small", "beside"):
        with pytest.raises(OpeningError, match="packs nothing"):
            recognise_format(tmp_path / f"{name}.pt")


def test_bombs_and_other_archives_are_refused_at_once(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 2**26)
    with zipfile.ZipFile(tmp_path / "words.pt", "w") as archive:
        archive.writestr("words.txt", "hello")
    with zipfile.ZipFile(tmp_path / "many.pt", "w") as archive:
        for number in range(50_000):
            archive.writestr(f"x/{number}", b"")
    started = time.process_time()
    for name, said in (("bomb", "packs nothing"), ("words", "of no model"), ("many", "of no model")):
        with pytest.raises(OpeningError, match=said):
            recognise_format(tmp_path / f"{name}.pt")
    assert time.process_time() - started < 2
    with pytest.raises(OpeningError, match="cannot read"):
        recognise_format(tmp_path / "gone.pt")
