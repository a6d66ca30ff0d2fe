"""What a run may use: in how many parts a batch fits in memory, and how many steps its budget allows."""

from __future__ import annotations

import time

from explorer.analysis.forward.memory_check import free_memory
from explorer.base.languages import tr
from explorer.network import Network
from explorer.training.trainer import Trainer

_TIMED_STEPS = 3  # of a run that is limited in minutes, after one to warm up


def count_parts_that_fit(network: Network, trainer: Trainer) -> int:
    """Return in how many parts a batch is computed so that its activations fit in the free memory.

    Raises MemoryError where not even the weights do.
    """
    figures = network.figures
    weights = 4 * 4 * figures.total.params  # themselves, their gradients, two numbers of the optimiser
    free = free_memory(str(trainer.device)) - weights
    if free <= 0:
        raise MemoryError(
            tr("the weights of {network} and their gradients do not fit in memory", network=network.title)
        )
    parts = 1
    per_image = 2 * figures.activations.bytes  # each map, and its gradient
    while per_image * trainer.recipe.batch_size / parts > 0.8 * free and 2 * parts <= trainer.recipe.batch_size:
        parts *= 2
    return parts


def plan_steps(network: Network, trainer: Trainer) -> int:
    """Return the number of steps that the budget of the recipe allows."""
    recipe, steps = trainer.recipe, trainer.steps
    if recipe.macs:
        per_step = 3 * network.figures.total.macs * recipe.batch_size
        steps = min(steps, max(1, int(recipe.macs / per_step)))
    if recipe.minutes:
        steps = min(steps, max(1, int(60 * recipe.minutes / _seconds_per_step(trainer))))
    return steps


def _seconds_per_step(trainer: Trainer) -> float:
    """How long a step takes here; the trainer is afterwards as it was."""
    held = {name: tensor.clone() for name, tensor in trainer.tensors().items()}
    trainer.train_step()
    start = time.monotonic()
    for _ in range(_TIMED_STEPS):
        trainer.train_step()
    seconds = (time.monotonic() - start) / _TIMED_STEPS
    start = time.monotonic()
    trainer.evaluate()
    seconds += (time.monotonic() - start) / trainer.steps_per_epoch
    trainer.restore(held, 0, trainer.steps)
    return seconds
