"""Optimisers and learning rates of a recipe."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from explorer.training.recipe import Recipe


def build_optimizer(recipe: Recipe, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Return the recipe's optimiser. Vectors (biases, scales and shifts of norms) get no weight decay."""
    kept = [p for p in parameters if p.requires_grad]
    groups = [
        {"params": [p for p in kept if p.dim() > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in kept if p.dim() <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    is_fused = (
        True if all(p.device.type == "cpu" and p.is_floating_point() for p in kept) else None
    )  # else torch's choice
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=recipe.momentum, fused=is_fused)
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=is_fused)


def learning_rate_at(recipe: Recipe, step: int, steps: int) -> float:
    """Return the learning rate of a step (from 0) out of `steps`."""
    warmup = round(recipe.warmup * steps)
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    if recipe.schedule == "cosine":
        return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    if recipe.schedule == "step":
        return recipe.learning_rate * (1 if done < 0.5 else 0.1 if done < 0.75 else 0.01)
    return recipe.learning_rate
