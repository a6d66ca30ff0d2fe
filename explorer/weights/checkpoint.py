"""Tensors from a checkpoint: what `torch.save` wrote, or safetensors; recognised by content, not by name.

No code in a file is run: torch reads with `weights_only=True`, always. Nor are its claims believed: the unpacked size
is checked before reading, checksums are compared, and tensors that claim more elements than they store are refused.
"""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import torch

from explorer.base.file_signatures import is_safetensors
from explorer.base.languages import join_list, tr
from explorer.base.number_format import format_bytes
from explorer.base.system_errors import system_reason
from explorer.weights.inert_objects import find_objects, load_inert

CHECKPOINT_SUFFIXES = (".pth", ".pt", ".bin", ".safetensors")

#: Names under which training scripts keep the weights beside other things.
_STATE_DICT_KEYS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "module",
)
MAX_TENSORS = 20_000  # of one file; the largest networks of the catalogue have 2,000, and torch takes 0.1 ms for each

_MAX_HEADER_BYTES = 16 * 2**20  # bytes of a safetensors file's table of contents; those of large networks have 100 KiB


class CheckpointError(ValueError):
    """Checkpoint that cannot be read, is unsafe, or is for another network. The message says what to do, in at most
    `MAX_MESSAGE_LENGTH` letters: names in a file may be of any length."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= MAX_MESSAGE_LENGTH else f"{message[: MAX_MESSAGE_LENGTH - 1]}…")


#: Of what is said of a file.
MAX_MESSAGE_LENGTH = 1000


def read_checkpoint(path: str | Path) -> dict[str, torch.Tensor]:
    """Return all tensors of a file by name, on the CPU. Raises CheckpointError naming the file."""
    path = Path(path)
    try:
        length = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as failure:
        raise CheckpointError(
            tr("Cannot read {path}: {reason}.", path=path, reason=system_reason(failure))
        ) from failure
    if not start:
        raise CheckpointError(tr("{file} is empty.", file=path.name))
    if length > (free := psutil.virtual_memory().available):
        raise CheckpointError(
            tr(
                "{file} has {size}, and only {free} of memory are free.",
                file=path.name,
                size=format_bytes(length),
                free=format_bytes(free),
            )
        )
    try:
        return _read_by_format(path, start, length)
    except CheckpointError:
        raise
    except OSError as failure:
        raise CheckpointError(
            tr("Cannot read {path}: {reason}.", path=path, reason=system_reason(failure))
        ) from failure
    except MemoryError as failure:
        raise CheckpointError(
            tr("{file} claims to hold more than fits in memory; it is not read.", file=path.name)
        ) from failure


def _read_by_format(path: Path, magic: bytes, length: int) -> dict[str, torch.Tensor]:
    header = int.from_bytes(magic[:8], "little")  # of safetensors
    if is_safetensors(magic):
        return _load_safetensors(path, header, length)
    if magic[:2] == b"PK":
        _check_archive(path, length)
        return _checked_tensors(path, _load_pickle(path))
    if magic[:1] == b"\x80":  # a pickle: torch.save before 1.6
        return _checked_tensors(path, _load_pickle(path))
    if magic[8:9] == b"{":
        return _load_safetensors(path, header, length)
    raise CheckpointError(
        tr(
            "{file} is no file of weights. What torch.save wrote ({names}) and {suffix} can be read.",
            file=path.name,
            names=join_list(CHECKPOINT_SUFFIXES[:3]),
            suffix=CHECKPOINT_SUFFIXES[3],
        )
    )


def _check_archive(path: Path, length: int) -> None:
    """Raise CheckpointError when a zip would unpack to more than its size, or a checksum is wrong."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > length:
                raise CheckpointError(
                    tr(
                        "{file} has {size} and would unpack to {unpacked}. torch.save packs nothing, so "
                        "this is not read.",
                        file=path.name,
                        size=format_bytes(length),
                        unpacked=format_bytes(unpacked),
                    )
                )
            _check_count(path, len(members))
            if any(member.filename.endswith("/constants.pkl") for member in members):
                raise CheckpointError(
                    tr(
                        "{file} is a TorchScript program, which is code. Save the weights alone: "
                        "torch.save(module.state_dict(), …).",
                        file=path.name,
                    )
                )
            if not any(member.filename.endswith("data.pkl") for member in members):
                raise CheckpointError(tr("{file} is a zip archive, but not one that torch.save wrote.", file=path.name))
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as failure:
        if isinstance(failure, CheckpointError):
            raise
        raise CheckpointError(
            tr("{file} is damaged or was cut off: {reason}.", file=path.name, reason=failure)
        ) from failure
    if damaged is not None:
        raise CheckpointError(
            tr(
                "{file} is damaged: the checksum of {name} is wrong. Fetch it again.",
                file=path.name,
                name=damaged,
            )
        )


def _load_pickle(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = load_inert(path)
    except pickle.UnpicklingError as failure:
        match = re.search(r"(?:Unsupported global: GLOBAL|Unsupported class|GLOBAL) ([\w.]+)", str(failure))
        if match is None:
            raise CheckpointError(tr("{file} is damaged, or no file of weights.", file=path.name)) from failure
        raise _object_error(path, match[1]) from failure
    except (OSError, MemoryError):
        raise
    except Exception as failure:  # damaged pickles raise anything
        lines = str(failure).strip().splitlines() or [type(failure).__name__]
        if "allocate" in lines[0]:
            raise MemoryError from failure
        raise CheckpointError(
            tr("{file} is damaged or was cut off: {reason}.", file=path.name, reason=lines[0][:200])
        ) from failure
    if not _unwrap_state_dict(content) and (names := find_objects(path)):  # all is in these: a module, say
        raise _object_error(path, names[0])
    return content


def _object_error(path: Path, name: str) -> CheckpointError:
    return CheckpointError(
        tr(
            "{file} holds a Python object ({name}) that is no tensor. Making it could run code, so the file is not "
            "read. Save the weights alone: torch.save(module.state_dict(), …).",
            file=path.name,
            name=name,
        )
    )


def _load_safetensors(path: Path, header: int, length: int) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError, safe_open

    if header > _MAX_HEADER_BYTES:
        raise CheckpointError(
            tr(
                "{file} has a table of contents of {size}; more than 16 MiB is not read.",
                file=path.name,
                size=format_bytes(header),
            )
        )
    if header + 8 > length:
        raise CheckpointError(
            tr("{file} was cut off: its table of contents alone is longer than the file.", file=path.name)
        )
    try:
        with safe_open(path, framework="pt") as file:
            _check_count(path, len(file.keys()))
            return _checked_tensors(path, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except CheckpointError:
        raise
    except (SafetensorError, ValueError, RuntimeError, TypeError, KeyError) as failure:
        raise CheckpointError(
            tr("{file} is damaged or was cut off: {reason}.", file=path.name, reason=failure)
        ) from failure


def _check_count(path: Path, count: int) -> None:
    if count > MAX_TENSORS:
        raise CheckpointError(
            tr(
                "{file} holds {count:,} tensors, which is no network; more than {maximum:,} are not read.",
                file=path.name,
                count=count,
                maximum=MAX_TENSORS,
            )
        )


def _checked_tensors(path: Path, content: Any) -> dict[str, torch.Tensor]:
    tensors = {name: value for name, value in _unwrap_state_dict(content).items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise CheckpointError(tr("{file} holds no named tensors, so it is no file of weights.", file=path.name))
    for name, tensor in tensors.items():
        plain = tensor.layout == torch.strided and not (tensor.is_quantized or tensor.is_nested)
        if not plain or tensor.device.type != "cpu":
            raise CheckpointError(
                tr(
                    "{file}: {name} is a sparse, nested, quantized or empty tensor, which is not read.",
                    file=path.name,
                    name=name,
                )
            )
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise CheckpointError(
                tr(
                    "{file}: {name} claims shape {shape} but holds only {size}. It is not read.",
                    file=path.name,
                    name=name,
                    shape=tuple(tensor.shape),
                    size=format_bytes(tensor.untyped_storage().nbytes()),
                )
            )
    return tensors


def _unwrap_state_dict(content: Any) -> Mapping[str, Any]:
    """Return the mapping that holds the tensors of a network: of a file's own and those inside, the first with about as
    many as any. Training scripts keep much beside it: the best accuracy as a tensor, the optimiser's averages."""
    found = list(_mappings(content, 4, set()))
    counts = [sum(isinstance(value, torch.Tensor) for value in held.values()) for held in found]
    most = max(counts, default=0)
    first = next((held for held, count in zip(found, counts, strict=True) if 2 * count > most), {})
    return {str(name): value for name, value in first.items()}


def _mappings(content: Any, depth: int, seen: set[int]) -> Iterator[Mapping[Any, Any]]:
    """Yield each mapping inside one: what names of weights lead to first, then itself, then the others."""
    if not isinstance(content, Mapping) or depth == 0 or id(content) in seen:
        return
    seen.add(id(content))  # one that holds itself a thousand times is no more than one
    for name in _STATE_DICT_KEYS:
        yield from _mappings(content.get(name), depth - 1, seen)
    yield content
    for value in content.values():
        yield from _mappings(value, depth - 1, seen)
