"""Random changes of the images of a batch, by torchvision's transforms and one generator per step."""

from __future__ import annotations

import torch
from torchvision.transforms import v2

from explorer.training.recipe import Recipe


def augment(images: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Return a batch of 8-bit images (batch, channels, height, width) changed as the recipe says, each by its own
    draw; from torch's global generator, which the step has seeded."""
    if recipe.crop:
        images = _shift(images)
    if recipe.flip:
        mirrored = torch.rand(len(images)) < 0.5
        images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    if recipe.colour:
        strength = 0.6 * recipe.colour
        jitter = v2.ColorJitter(strength, strength, strength if images.shape[1] == 3 else 0.0)
        images = torch.stack([jitter(image) for image in images])
    return images


def _shift(images: torch.Tensor) -> torch.Tensor:
    """Crop each image at its own place after padding it by an eighth of its side, as is usual for CIFAR."""
    batch, _, height, width = images.shape
    pad = max(1, height // 8)
    padded = torch.nn.functional.pad(images, (pad, pad, pad, pad))
    tops, lefts = (torch.randint(0, 2 * pad + 1, (batch,)) for _ in range(2))
    rows = tops[:, None] + torch.arange(height)
    columns = lefts[:, None] + torch.arange(width)
    at = torch.arange(batch)[:, None, None]
    return padded.permute(0, 2, 3, 1)[at, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()


def cut_out(values: torch.Tensor, part: float) -> torch.Tensor:
    """Return a batch of normalised images with a square of `part` of the side set to zero in each, at any place.

    Source: DeVries and Taylor, "Improved Regularization of CNNs with Cutout", 2017.
    """
    batch, _, height, width = values.shape
    half = max(1, round(part * height)) / 2
    rows, columns = torch.rand(batch, 1, 1) * height, torch.rand(batch, 1, 1) * width
    inside = (torch.arange(height)[None, :, None] + 0.5 - rows).abs() < half
    inside = inside & ((torch.arange(width)[None, None, :] + 0.5 - columns).abs() < half)
    return values.masked_fill(inside[:, None], 0.0)


def mix_up(values: torch.Tensor, targets: torch.Tensor, alpha: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images and class probabilities, (batch, classes), mixed in pairs by a share drawn from Beta(α, α).

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2017.
    """
    share = float(torch._sample_dirichlet(torch.tensor([alpha, alpha]))[0])
    partner = torch.randperm(len(values))
    return share * values + (1 - share) * values[partner], share * targets + (1 - share) * targets[partner]
