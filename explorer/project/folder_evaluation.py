"""Evaluation on a folder of images: how often the edits change the likeliest class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from explorer.analysis.image_file import IMAGE_SUFFIXES, ImageError, read_image
from explorer.analysis.output_divergence import js_divergence, probabilities, top_classes
from explorer.analysis.sample import class_labels
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import as_sentence, join_list, tr
from explorer.base.system_errors import system_reason
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
        return tuple(result for result in self.results if result.changed)

    @property
    def summary(self) -> str:
        """One sentence: "The likeliest class is another on 3 of 12 images (25 %); mean divergence 0.104 bits." """
        if not self.results:
            return tr("No image could be read.")
        share = 100 * len(self.changed) / len(self.results)
        text = tr(
            "The likeliest class is another on {count} of {total} images ({share:.0f} %)",
            count=len(self.changed),
            total=len(self.results),
            share=share,
        )
        divergences = [result.divergence for result in self.results if result.divergence is not None]
        if divergences:
            text += tr("; mean divergence {mean:.3f} bits", mean=sum(divergences) / len(divergences))
        if self.unreadable:
            text += tr("; {count} could not be read", count=len(self.unreadable))
        return as_sentence(text)


def list_images(folder: str | Path) -> tuple[Path, ...]:
    """Return the images directly in a folder, by name, at most `MAX_IMAGES`. Raises ImageError when there is none."""
    folder = Path(folder)
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
    except OSError as failure:
        raise ImageError(
            tr("cannot read {folder}: {reason}", folder=folder, reason=system_reason(failure))
        ) from failure
    if not paths:
        raise ImageError(
            tr("there is no image in {folder}; {names} are looked for", folder=folder, names=join_list(IMAGE_SUFFIXES))
        )
    return tuple(paths[:MAX_IMAGES])


def evaluate_folder(network: Network, folder: str | Path, keep_going: KeepGoing = always) -> FolderResult:
    """Run the baseline and the edited network on every image of a folder.

    `keep_going` is called with the fraction done (0 to 1). Images that cannot be read are listed with the reason.

    Raises:
        ImageError: the folder holds no images.
        PassError: an op fails.
        Cancelled: `keep_going` returned False.
    """
    paths = list_images(folder)
    results: list[ImageResult] = []
    unreadable: list[tuple[str, str]] = []
    for number, path in enumerate(paths):
        if not keep_going(number / len(paths)):
            raise Cancelled
        try:
            results.append(_evaluate_image(network, path, partial(_report_progress, keep_going, number, len(paths))))
        except ImageError as failure:
            unreadable.append((path.name, str(failure)))
    return FolderResult(tuple(results), tuple(unreadable))


def _report_progress(keep_going: KeepGoing, number: int, count: int, done: float) -> bool:
    """Report the fraction done of one of two passes on the image with this number."""
    return keep_going((number + done / 2) / count)


def _evaluate_image(network: Network, path: Path, keep_going: KeepGoing) -> ImageResult:
    sample = read_image(path)
    baseline_p, edited_p = (
        probabilities(of.run_uncached(sample, keep_going).result.main_output) for of in (network.baseline, network)
    )
    divergence = js_divergence(edited_p, baseline_p) if edited_p.shape == baseline_p.shape else None
    baseline_class, edited_class = (class_labels(r.numel())[top_classes(r, 1)[0]] for r in (baseline_p, edited_p))
    return ImageResult(path, baseline_class, edited_class, divergence)
