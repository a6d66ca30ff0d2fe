"""Downloads of published data sets: with progress, a cancel that leaves nothing half done, and checksums.

Files go where torchvision looks for its own downloads; torchvision unpacks them, and compares their checksums again.
"""

from __future__ import annotations

import hashlib
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.base.atomic_write import write_atomic
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import tr
from explorer.base.number_format import format_bytes
from explorer.training.data_spec import DataError, DataSpec
from explorer.training.published_sets import PUBLISHED_SETS, load_published, published_folder

_CHUNK_BYTES = 256 * 2**10
_TIMEOUT_SECONDS = 20  # without a byte
_ROOM = 3  # times the download: what is unpacked lies beside it


@dataclass(frozen=True)
class PublishedFile:
    """A file of a set: its addresses, of which one is enough, the MD5 sum its publishers name, and where it goes."""

    urls: tuple[str, ...]
    md5: str
    path: Path

    @property
    def is_here(self) -> bool:
        """Whether the file is there, and is the one that was published."""
        if not self.path.is_file():
            return False
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest() == self.md5


def list_published_files(name: str) -> tuple[PublishedFile, ...]:
    """Return the files of a set of `PUBLISHED_SETS`, as torchvision names them."""
    from torchvision import datasets

    root = published_folder() / name
    made: Any = getattr(datasets, PUBLISHED_SETS[name].class_name)
    if hasattr(made, "mirrors"):
        folder = root / made.__name__ / "raw"
        return tuple(
            PublishedFile(tuple(mirror + file for mirror in made.mirrors), md5, folder / file)
            for file, md5 in made.resources
        )
    if hasattr(made, "tgz_md5"):
        return (PublishedFile((made.url,), made.tgz_md5, root / made.filename),)
    url, md5 = made._ARCHIVES[PUBLISHED_SETS[name].splits[0]["size"]]  # private, and nowhere else
    return (PublishedFile((url,), md5, root / Path(url).name),)


def download_set(spec: DataSpec, keep_going: KeepGoing = always) -> None:
    """Bring a published set here, and unpack it. Files that are here already are not downloaded again.

    Args:
        keep_going: asked with the part (0 to 1) that is done; False stops: no half file is left.

    Raises:
        Cancelled: `keep_going` returned False.
        DataError: it cannot be reached, its checksum is wrong, or the disk is full; the message says which.
    """
    size = PUBLISHED_SETS[spec.name].size_bytes
    files = [file for file in list_published_files(spec.name) if not file.is_here]
    _check_room(spec, size)
    progress = _Progress(keep_going, size)
    for file in files:
        _fetch(file, progress)
    load_published(spec, (3, 32, 32), download=True)


def _check_room(spec: DataSpec, size: int) -> None:
    folder = published_folder()
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < _ROOM * size:
        raise DataError(
            tr(
                "{title} needs {size} with what is unpacked, and {free} are free at {folder}",
                title=spec.title,
                size=format_bytes(_ROOM * size),
                free=format_bytes(free),
                folder=folder,
            )
        )


class _Progress:
    """Counts the bytes of all files of a set."""

    def __init__(self, keep_going: KeepGoing, size: int) -> None:
        self._keep_going, self._size, self._done = keep_going, size, 0

    def add(self, count: int) -> None:
        self._done += count
        if not self._keep_going(min(0.99, self._done / self._size)):
            raise Cancelled


def _fetch(file: PublishedFile, progress: _Progress) -> None:
    """Download one file from the first address that has it."""
    reasons: list[str] = []
    file.path.parent.mkdir(parents=True, exist_ok=True)
    for url in file.urls:
        try:
            write_atomic(file.path, lambda path, url=url: _copy(url, path, file.md5, progress))  # type: ignore[misc]
        except (OSError, DataError) as failure:
            reasons.append(f"{url}: {getattr(failure, 'reason', None) or failure}")
        else:
            return
    raise DataError(tr("{name} cannot be downloaded: {reasons}", name=file.path.name, reasons="; ".join(reasons)))


def _copy(url: str, path: Path, md5: str, progress: _Progress) -> None:
    digest = hashlib.md5(usedforsecurity=False)  # the sum that the publishers name
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer, path.open("wb") as file:
        while chunk := answer.read(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
            progress.add(len(chunk))
    if digest.hexdigest() != md5:
        raise DataError(tr("its checksum is wrong: it was cut off or changed on the way"))
