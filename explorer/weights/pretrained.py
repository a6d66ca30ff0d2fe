"""Weights trained on ImageNet, as torchvision offers them: what there is, and how it gets onto this machine.

Files go to torch hub's own cache, so that nothing is fetched twice, whoever fetched it first. torch's own download
cannot be stopped or watched, hence this one.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch

from explorer.files import write_whole
from explorer.numbers import size
from explorer.wanted import Wanted, always
from explorer.weights.checkpoint import CheckpointError

_CHUNK = 256 * 2**10  # bytes
_PATIENCE = 20  # seconds without a byte


class Stopped(Exception):
    """The download is no longer wanted."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A file of weights that torchvision offers."""

    name: str  # "ResNet50_Weights.IMAGENET1K_V2"
    url: str
    bytes: int  # about
    top1: float | None = None  # per cent on ImageNet, as torchvision measured it

    @property
    def title(self) -> str:
        """ "ImageNet V2" """
        return self.name.partition(".")[2].replace("IMAGENET1K", "ImageNet").replace("_", " ")

    @property
    def file(self) -> str:
        return Path(urllib.parse.urlparse(self.url).path).name

    @property
    def path(self) -> Path:
        """Where torch hub keeps it."""
        return Path(torch.hub.get_dir()) / "checkpoints" / self.file

    @property
    def is_here(self) -> bool:
        return self.path.is_file()

    @property
    def digest(self) -> str:
        """The first eight digits of its SHA-256, which torchvision writes into the name."""
        return Path(self.file).stem.rpartition("-")[2]


def offered(weights: str | None, size_of_input: int) -> tuple[Pretrained, ...]:
    """What torchvision offers for the network of an entry such as "ResNet50_Weights.IMAGENET1K_V2", that one first;
    those made for another size of image are left out, as their position embeddings may not fit."""
    if weights is None:
        return ()
    from torchvision.models import get_weight

    own = get_weight(weights)
    found = [own, *(other for other in type(own) if other is not own)]
    return tuple(
        _pretrained(entry)
        for entry in found
        if entry is own or getattr(entry.transforms(), "crop_size", None) == [size_of_input]
    )


def _pretrained(entry: object) -> Pretrained:
    meta = entry.meta  # type: ignore[attr-defined]
    top1 = meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
    return Pretrained(str(entry), entry.url, round(meta["_file_size"] * 2**20), top1)  # type: ignore[attr-defined]


def fetch(offer: Pretrained, wanted: Wanted = always) -> Path:
    """The file on this machine: from the cache, or downloaded into it, whole and of the right hash or not at all.

    `wanted` is asked with the part that is done; once it says no, Stopped is raised and nothing is left behind. A
    damaged file of the cache is replaced once there is a good one. Raises CheckpointError, whose message says what
    to do.
    """
    path = offer.path
    if path.is_file() and _is_good(path, offer):
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if free < offer.bytes:
            raise CheckpointError(
                f"{offer.file} has {size(offer.bytes)}, but only {size(free)} are free at {path.parent}. "
                "Make room, or set TORCH_HOME to another disk."
            )
        write_whole(path, lambda beside: _download(offer, beside, wanted))
    except urllib.error.HTTPError as failure:
        raise CheckpointError(f"{offer.url} answers {failure.code} {failure.reason}. {_by_hand(offer)}") from failure
    except OSError as failure:
        raise CheckpointError(_said(failure, offer)) from failure
    return path


def _is_good(path: Path, offer: Pretrained) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(offer.digest)


def _download(offer: Pretrained, path: Path, wanted: Wanted) -> None:
    digest = hashlib.sha256()
    with urllib.request.urlopen(offer.url, timeout=_PATIENCE) as answer, path.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        for chunk in _chunks(answer):
            if not wanted(min(done / (total or offer.bytes or 1), 1.0)):
                raise Stopped
            if done + len(chunk) > 4 * max(total, offer.bytes):
                raise CheckpointError(f"{offer.url} sends more than {offer.file} can have. {_by_hand(offer)}")
            digest.update(chunk)
            file.write(chunk)
            done += len(chunk)
    if done < total:
        raise CheckpointError(
            f"The download of {offer.file} was cut off after {size(done)} of {size(total)}. "
            "Nothing was kept; try again."
        )
    if not digest.hexdigest().startswith(offer.digest):
        raise CheckpointError(
            f"What came from {offer.url} is not {offer.file}: its hash does not match. Nothing was kept; try again."
        )


def _chunks(answer: BinaryIO) -> Iterator[bytes]:
    while True:
        try:
            chunk = answer.read(_CHUNK)
        except http.client.IncompleteRead as failure:
            chunk = failure.partial
        if not chunk:
            return
        yield chunk


def _said(failure: OSError, offer: Pretrained) -> str:
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {offer.file} ({size(offer.bytes)}) does not fit at {offer.path.parent}."
    if isinstance(failure, PermissionError):
        return f"{offer.path.parent} may not be written to. Set TORCH_HOME to a folder of your own."
    reason = failure.reason if isinstance(failure, urllib.error.URLError) else failure.strerror or failure
    return f"Cannot reach {urllib.parse.urlparse(offer.url).hostname} ({reason}). {_by_hand(offer)}"


def _by_hand(offer: Pretrained) -> str:
    damaged = " (the file that is there is damaged)" if offer.is_here else ""
    return f"If you have the file from elsewhere ({offer.url}), put it at {offer.path}{damaged} and choose it again."
