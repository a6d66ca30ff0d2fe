"""What a file is, by what it holds: its first bytes, and the names in it where it is an archive. Nothing is run."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from explorer.base.file_signatures import is_safetensors
from explorer.base.languages import tr, tr_noop
from explorer.base.system_errors import system_reason
from explorer.opening.errors import OpeningError

FileKind = Literal["project", "python", "onnx", "exported", "script", "pickled", "weights", "image"]


@dataclass(frozen=True)
class Format:
    """A format of files: what it is called in a sentence, and whether reading one can run code."""

    kind: FileKind
    english_name: str
    runs_code: bool = False

    @property
    def name(self) -> str:
        """What it is called in a sentence: "an ONNX model"."""
        return tr(self.english_name)


PROJECT = Format("project", tr_noop("a project or a list of edits"))
PYTHON = Format("python", tr_noop("a file of Python"), runs_code=True)
ONNX = Format("onnx", tr_noop("an ONNX model"))
EXPORTED = Format("exported", tr_noop("a program of torch.export"), runs_code=True)
SCRIPT = Format("script", tr_noop("a TorchScript program"), runs_code=True)
PICKLED = Format("pickled", tr_noop("a pickled module"), runs_code=True)
WEIGHTS = Format("weights", tr_noop("a file of weights"))
IMAGE = Format("image", tr_noop("an image"))

#: First bytes of what is often tried and cannot be opened: what it is, and the way on.
_REFUSED = (
    (b"\x89HDF", tr_noop("a Keras or HDF5 file: export it as ONNX (tf2onnx)")),
    (b"GGUF", tr_noop("a GGUF file of a language model")),
    (b"7z\xbc\xaf", tr_noop("a 7-Zip archive: unpack it first")),
    (b"Rar!", tr_noop("a RAR archive: unpack it first")),
    (b"\x1f\x8b", tr_noop("a gzip archive: unpack it first")),
    (b"MZ", tr_noop("a Windows program")),
    (b"\x7fELF", tr_noop("a Linux program")),
    (b"%PDF", tr_noop("a PDF document")),
    (b"<", tr_noop("a page of the web: the download has gone wrong")),
    (b"version https://git-lfs", tr_noop("a pointer of Git LFS: fetch the file itself (git lfs pull)")),
)
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")


def recognise_format(path: str | Path) -> Format:
    """Return the format of a file. Raises OpeningError for one that is not there, or is nothing that can be opened."""
    path = Path(path)
    if path.exists() and not path.is_file():  # a folder, or a pipe that would never answer
        raise OpeningError(tr("{path} is no file", path=path))
    if path.suffix.lower() == ".py":
        return PYTHON
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as failure:
        raise OpeningError(tr("cannot read {path}: {reason}", path=path, reason=system_reason(failure))) from failure
    if not start:
        raise OpeningError(tr("{file} is empty", file=path.name))
    if is_safetensors(start):
        return WEIGHTS
    if start[:2] == b"PK":
        return _recognise_archive(path)
    if start[:1] == b"\x80":
        return _recognise_pickle(path)
    if start.lstrip()[:1] in (b"{", b"["):
        return PROJECT
    if start[4:8] == b"TFL3":
        raise OpeningError(
            tr("{file} is a TensorFlow Lite file: convert the model that it was made of to ONNX", file=path.name)
        )
    if start.startswith(_IMAGES):
        return IMAGE
    for magic, what in _REFUSED:
        if start.startswith(magic):
            raise OpeningError(tr("{file} is {what}", file=path.name, what=tr(what)))
    if start[:1] == b"\x08" or path.suffix.lower() == ".onnx":  # a message whose first field is the version
        return ONNX
    raise OpeningError(
        tr(
            "{file} is nothing that can be opened: projects (.cnnx), Python (.py), ONNX (.onnx), "
            "programs of torch.export (.pt2), TorchScript and weights (.pt, .pth, .safetensors) "
            "can",
            file=path.name,
        )
    )


def _recognise_archive(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as failure:
        raise OpeningError(
            tr("{file} is damaged or was cut off: {reason}", file=path.name, reason=failure)
        ) from failure
    if any(name.endswith("/constants.pkl") for name in names):
        return SCRIPT
    if any("/models/" in name and name.endswith(".json") for name in names) or (
        "serialized_exported_program.json" in names
    ):
        return EXPORTED
    if any(name.endswith("data.pkl") for name in names):
        packed = [m for m in members if m.filename.endswith("data.pkl") and m.compress_type != zipfile.ZIP_STORED]
        if packed or sum(member.file_size for member in members) > path.stat().st_size:
            raise OpeningError(tr("{file} is packed, and torch.save packs nothing: it is not read", file=path.name))
        return _recognise_pickle(path)
    if any(name.endswith("config.json") for name in names) and any(name.endswith(".h5") for name in names):
        raise OpeningError(tr("{file} is a Keras file: export it as ONNX (tf2onnx)", file=path.name))
    raise OpeningError(tr("{file} is a zip archive, but of no model", file=path.name))


def _recognise_pickle(path: Path) -> Format:
    """Weights, or a module: a pickle that names classes beyond torch's tensors. It is looked at, not unpickled."""
    import pickle

    from torch.serialization import get_unsafe_globals_in_checkpoint

    try:
        unsafe = get_unsafe_globals_in_checkpoint(path)
    except (RuntimeError, ValueError, OSError, EOFError, KeyError, IndexError, pickle.UnpicklingError):
        return WEIGHTS  # damaged, or of before 2020: whoever reads it says so
    return PICKLED if any(".nn." in name or "nn.modules" in name for name in unsafe) else WEIGHTS
