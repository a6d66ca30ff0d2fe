"""A folder of images as a batch: how often the likeliest class is another after the edits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explorer.analysis.comparison import divergence, probabilities, top
from explorer.analysis.sample import SUFFIXES, ImageError, labels, read
from explorer.network import Network
from explorer.wanted import Cancelled, Wanted, always

MOST = 1000  # images of a folder that are looked at


@dataclass(frozen=True, slots=True)
class Seen:
    """What was said of one image."""

    path: Path
    before: str
    now: str
    divergence: float | None  # Jensen–Shannon, bits; None where the classes are others

    @property
    def changed(self) -> bool:
        return self.before != self.now


@dataclass(frozen=True, slots=True)
class Batch:
    seen: tuple[Seen, ...]
    unreadable: tuple[tuple[str, str], ...]  # name, why

    @property
    def changed(self) -> tuple[Seen, ...]:
        return tuple(seen for seen in self.seen if seen.changed)

    @property
    def sentence(self) -> str:
        """ "The likeliest class is another on 3 of 12 images (25 %); mean divergence 0.104 bits." """
        if not self.seen:
            return "No image could be read."
        share = 100 * len(self.changed) / len(self.seen)
        text = f"The likeliest class is another on {len(self.changed)} of {len(self.seen)} images ({share:.0f} %)"
        apart = [seen.divergence for seen in self.seen if seen.divergence is not None]
        if apart:
            text += f"; mean divergence {sum(apart) / len(apart):.3f} bits"
        if self.unreadable:
            text += f"; {len(self.unreadable)} could not be read"
        return f"{text}."


def images_in(folder: str | Path) -> tuple[Path, ...]:
    """The images right in a folder, by name, the first `MOST`. Raises ImageError when there is none."""
    folder = Path(folder)
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    except OSError as failure:
        raise ImageError(f"cannot read {folder}: {failure.strerror or failure}") from failure
    if not found:
        raise ImageError(f"there is no image in {folder}; {', '.join(SUFFIXES)} are looked for")
    return tuple(found[:MOST])


def across(network: Network, folder: str | Path, wanted: Wanted = always) -> Batch:
    """Show every image of a folder to the network as opened and as edited.

    `wanted` is asked with the part that is done. An image that cannot be read is left out and named. Raises ImageError
    for a folder without images, PassError, Cancelled.
    """
    paths = images_in(folder)
    seen: list[Seen] = []
    unreadable: list[tuple[str, str]] = []
    for number, path in enumerate(paths):
        if not wanted(number / len(paths)):
            raise Cancelled
        try:
            seen.append(_seen(network, path, lambda done, n=number: wanted((n + done / 2) / len(paths))))  # type: ignore[misc]
        except ImageError as failure:
            unreadable.append((path.name, str(failure)))
    return Batch(tuple(seen), tuple(unreadable))


def _seen(network: Network, path: Path, wanted: Wanted) -> Seen:
    sample = read(path)
    q, p = (probabilities(of.top1(sample, wanted).result.main) for of in (network.baseline, network))
    apart = divergence(p, q) if p.shape == q.shape else None
    before, now = (labels(r.numel())[top(r, 1)[0]] for r in (q, p))
    return Seen(path, before, now, apart)
