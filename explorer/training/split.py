"""Images with their labels, split by class."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from explorer.training.seeding import generator


@dataclass(frozen=True)
class Images:
    """8-bit images, (count, channels, height, width), and the numbers of their classes, (count,) int64."""

    pixels: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: torch.Tensor) -> Images:
        """Return the images of these rows."""
        return Images(self.pixels[rows], self.labels[rows])


def split_by_class(images: Images, test_share: float, seed: int) -> tuple[Images, Images]:
    """Return images to train on and to test on: of each class the same share, at least one where there are two."""
    train, test = [], []
    order = torch.randperm(len(images), generator=generator(seed, "split"))
    for number in sorted(set(images.labels.tolist())):
        rows = order[images.labels[order] == number]
        held_out = min(max(1, round(test_share * len(rows))), len(rows) - 1)
        test.append(rows[:held_out])
        train.append(rows[held_out:])
    return images.take(torch.cat(train).sort().values), images.take(torch.cat(test).sort().values)


def limit_per_class(images: Images, count: int, classes: int) -> Images:
    """Return the first `count` images, as evenly over the classes as they go; 0 for all."""
    if not count or count >= len(images):
        return images
    place = torch.empty(len(images), dtype=torch.long)  # of an image among those of its class
    for number in range(classes):
        rows = (images.labels == number).nonzero().flatten()
        place[rows] = torch.arange(len(rows))
    kept = torch.argsort(place, stable=True)[:count]
    return images.take(kept.sort().values)
