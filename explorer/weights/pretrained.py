"""Weights trained on ImageNet, as torchvision publishes them: which there are, and their download.

Files go to torch hub's cache, so that nothing is downloaded twice, whoever did first. torch's own download cannot be
cancelled or show progress, hence this one.
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

from explorer.base.atomic_write import write_atomic
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.base.number_format import format_bytes
from explorer.base.system_errors import system_reason
from explorer.weights.checkpoint import CheckpointError

_CHUNK_BYTES = 256 * 2**10  # bytes
_TIMEOUT_SECONDS = 20  # seconds without a byte


class DownloadCancelled(Exception):
    """Raised when a download is cancelled."""


@dataclass(frozen=True, slots=True)
class PretrainedWeights:
    """File of weights that torchvision publishes."""

    name: str  # "ResNet50_Weights.IMAGENET1K_V2"
    url: str
    size_bytes: int  # about
    top1: float | None = None  # per cent on ImageNet, as torchvision measured it

    @property
    def title(self) -> str:
        """Title in menus: "ImageNet V2"."""
        return self.name.partition(".")[2].replace("IMAGENET1K", "ImageNet").replace("_", " ")

    @property
    def file_name(self) -> str:
        """Name of the file, the last part of its URL."""
        return Path(urllib.parse.urlparse(self.url).path).name

    @property
    def cache_path(self) -> Path:
        """Path of the file in torch hub's cache, whether it is there or not."""
        return Path(torch.hub.get_dir()) / "checkpoints" / self.file_name

    @property
    def is_cached(self) -> bool:
        """Whether the file is in the cache; its hash is checked when it is fetched."""
        return self.cache_path.is_file()

    @property
    def sha256_prefix(self) -> str:
        """The first eight digits of its SHA-256, which torchvision writes into the name."""
        return Path(self.file_name).stem.rpartition("-")[2]


def list_pretrained(weights_name: str | None, input_size: int) -> tuple[PretrainedWeights, ...]:
    """Return the weights torchvision publishes for a network, those called `weights_name` first.

    Weights for another input size are left out, as their position embeddings may not fit. Empty for None.
    """
    if weights_name is None:
        return ()
    from torchvision.models import get_weight

    default = get_weight(weights_name)
    weights = [default, *(other for other in type(default) if other is not default)]
    return tuple(
        _build_pretrained(entry)
        for entry in weights
        if entry is default or getattr(entry.transforms(), "crop_size", None) == [input_size]
    )


def _build_pretrained(entry: object) -> PretrainedWeights:
    meta = entry.meta  # type: ignore[attr-defined]
    top1 = meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
    return PretrainedWeights(str(entry), entry.url, round(meta["_file_size"] * 2**20), top1)  # type: ignore[attr-defined]


def fetch(pretrained: PretrainedWeights, keep_going: KeepGoing = always) -> Path:
    """Return the path of the file, downloaded into the cache if it is not there or is damaged.

    `keep_going` is called with the fraction done (0 to 1). Only complete files of the right hash are kept.

    Raises:
        CheckpointError: the download failed; the message says what to do.
        DownloadCancelled: `keep_going` returned False; nothing is left behind.
    """
    path = pretrained.cache_path
    if path.is_file() and _has_right_hash(path, pretrained):
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if free < pretrained.size_bytes:
            raise CheckpointError(
                tr(
                    "{file} has {size}, but only {free} are free at {folder}. Make room, or "
                    "set TORCH_HOME to another disk.",
                    file=pretrained.file_name,
                    size=format_bytes(pretrained.size_bytes),
                    free=format_bytes(free),
                    folder=path.parent,
                )
            )
        write_atomic(path, lambda temporary: _download(pretrained, temporary, keep_going))
    except urllib.error.HTTPError as failure:
        raise CheckpointError(
            f"{pretrained.url} answers {failure.code} {failure.reason}. {_manual_download_hint(pretrained)}"
        ) from failure
    except OSError as failure:
        raise CheckpointError(_explain_error(failure, pretrained)) from failure
    return path


def _has_right_hash(path: Path, pretrained: PretrainedWeights) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(pretrained.sha256_prefix)


def _download(pretrained: PretrainedWeights, path: Path, keep_going: KeepGoing) -> None:
    digest = hashlib.sha256()
    with urllib.request.urlopen(pretrained.url, timeout=_TIMEOUT_SECONDS) as answer, path.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        for chunk in _chunks(answer):
            if not keep_going(min(done / (total or pretrained.size_bytes or 1), 1.0)):
                raise DownloadCancelled
            if done + len(chunk) > 4 * max(total, pretrained.size_bytes):
                raise CheckpointError(
                    tr(
                        "{url} sends more than {file} can have. {hint}",
                        url=pretrained.url,
                        file=pretrained.file_name,
                        hint=_manual_download_hint(pretrained),
                    )
                )
            digest.update(chunk)
            file.write(chunk)
            done += len(chunk)
    if done < total:
        raise CheckpointError(
            tr(
                "The download of {file} was cut off after {done} of {total}. Nothing was kept; try again.",
                file=pretrained.file_name,
                done=format_bytes(done),
                total=format_bytes(total),
            )
        )
    if not digest.hexdigest().startswith(pretrained.sha256_prefix):
        raise CheckpointError(
            tr(
                "What came from {url} is not {file}: its hash does not match. Nothing was kept; try again.",
                url=pretrained.url,
                file=pretrained.file_name,
            )
        )


def _chunks(answer: BinaryIO) -> Iterator[bytes]:
    while True:
        try:
            chunk = answer.read(_CHUNK_BYTES)
        except http.client.IncompleteRead as failure:
            chunk = failure.partial
        if not chunk:
            return
        yield chunk


def _explain_error(failure: OSError, pretrained: PretrainedWeights) -> str:
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return tr(
            "The disk is full: {file} ({size}) does not fit at {folder}.",
            file=pretrained.file_name,
            size=format_bytes(pretrained.size_bytes),
            folder=pretrained.cache_path.parent,
        )
    if isinstance(failure, PermissionError):
        return tr(
            "{folder} may not be written to. Set TORCH_HOME to a folder of your own.",
            folder=pretrained.cache_path.parent,
        )
    cause = failure.reason if isinstance(failure, urllib.error.URLError) else failure
    reason = system_reason(cause) if isinstance(cause, BaseException) else cause
    return tr(
        "Cannot reach {host} ({reason}). {hint}",
        host=urllib.parse.urlparse(pretrained.url).hostname,
        reason=reason,
        hint=_manual_download_hint(pretrained),
    )


def _manual_download_hint(pretrained: PretrainedWeights) -> str:
    damaged = tr(" (the file that is there is damaged)") if pretrained.is_cached else ""
    return tr(
        "If you have the file from elsewhere ({url}), put it at {path}{more} and choose it again.",
        url=pretrained.url,
        path=pretrained.cache_path,
        more=damaged,
    )
