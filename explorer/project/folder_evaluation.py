"""Evaluation on a folder of images: how often the edits change the likeliest class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explorer.analysis.output_divergence import js_divergence, probabilities, top_classes
from explorer.analysis.sample import IMAGE_SUFFIXES, ImageError, class_labels, read_image
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.network import Network

MAX_IMAGES = 1000  # images of a folder that are looked at


@dataclass(frozen=True, slots=True)
class ImageResult:
    """Likeliest class of one image in the baseline and after the edits."""

    path: Path
    baseline_class: str
    edited_class: str
    divergence: float | None  # Jensen–Shannon, bits; None where the classes are others

    @property
    def changed(self) -> bool:
        """Whether the likeliest class is another after the edits."""
        return self.baseline_class != self.edited_class


@dataclass(frozen=True, slots=True)
class FolderResult:
    """Results of all images of a folder."""

    results: tuple[ImageResult, ...]
    unreadable: tuple[tuple[str, str], ...]  # name, why

    @property
    def changed(self) -> tuple[ImageResult, ...]:
        """The results whose likeliest class changed."""
        return tuple(seen for seen in self.results if seen.changed)

    @property
    def summary(self) -> str:
        """One sentence: "The likeliest class is another on 3 of 12 images (25 %); mean divergence 0.104 bits." """
        if not self.results:
            return "No image could be read."
        share = 100 * len(self.changed) / len(self.results)
        text = f"The likeliest class is another on {len(self.changed)} of {len(self.results)} images ({share:.0f} %)"
        apart = [seen.divergence for seen in self.results if seen.divergence is not None]
        if apart:
            text += f"; mean divergence {sum(apart) / len(apart):.3f} bits"
        if self.unreadable:
            text += f"; {len(self.unreadable)} could not be read"
        return f"{text}."


def list_images(folder: str | Path) -> tuple[Path, ...]:
    """Return the images directly in a folder, by name, at most `MAX_IMAGES`. Raises ImageError when there is none."""
    folder = Path(folder)
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
    except OSError as failure:
        raise ImageError(f"cannot read {folder}: {failure.strerror or failure}") from failure
    if not found:
        raise ImageError(f"there is no image in {folder}; {', '.join(IMAGE_SUFFIXES)} are looked for")
    return tuple(found[:MAX_IMAGES])


def evaluate_folder(network: Network, folder: str | Path, keep_going: KeepGoing = always) -> FolderResult:
    """Run the baseline and the edited network on every image of a folder.

    `keep_going` is called with the fraction done (0 to 1). Images that cannot be read are listed with the reason.

    Raises:
        ImageError: the folder holds no images.
        PassError: an op fails.
        Cancelled: `keep_going` returned False.
    """
    paths = list_images(folder)
    seen: list[ImageResult] = []
    unreadable: list[tuple[str, str]] = []
    for number, path in enumerate(paths):
        if not keep_going(number / len(paths)):
            raise Cancelled
        try:
            seen.append(_evaluate_image(network, path, lambda done, n=number: keep_going((n + done / 2) / len(paths))))  # type: ignore[misc]
        except ImageError as failure:
            unreadable.append((path.name, str(failure)))
    return FolderResult(tuple(seen), tuple(unreadable))


def _evaluate_image(network: Network, path: Path, keep_going: KeepGoing) -> ImageResult:
    sample = read_image(path)
    q, p = (probabilities(of.run_uncached(sample, keep_going).result.main_output) for of in (network.baseline, network))
    apart = js_divergence(p, q) if p.shape == q.shape else None
    before, now = (class_labels(r.numel())[top_classes(r, 1)[0]] for r in (q, p))
    return ImageResult(path, before, now, apart)
