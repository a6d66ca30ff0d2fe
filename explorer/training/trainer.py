"""The loop: steps on batches, the curve, and the state that a checkpoint holds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F

from explorer.base.languages import tr
from explorer.training.augmentation import augment, cut_out, mix_up
from explorer.training.datasets import Dataset, normalise
from explorer.training.health import dead_unit_share, first_bad_op
from explorer.training.initialisation import initialise_layers, is_norm
from explorer.training.optimisation import build_optimizer, learning_rate_at
from explorer.training.recipe import Recipe
from explorer.training.seeding import derive_seed, generator, seed_device
from explorer.training.split import Images

_TEST_BATCH = 256


@dataclass(frozen=True)
class StepResult:
    """What a step saw: its number from 1, the loss of its batch, the part of it that was right, the norm of the
    gradient before it was clipped, and the learning rate."""

    step: int
    loss: float
    accuracy: float
    gradient_norm: float
    learning_rate: float


@dataclass(frozen=True)
class Evaluation:
    """Loss and accuracy (0 to 1) on images that were not trained on."""

    loss: float
    accuracy: float
    dead_units: float  # part (0 to 1) of the channels behind ReLUs that no image moves
    confusion: tuple[tuple[int, ...], ...]  # rows: the true class, columns: the likeliest


class Diverged(ArithmeticError):
    """Raised when the loss is no number any more; `step` is when, `op` names the first op that gave none."""

    def __init__(self, step: int, op: str, learning_rate: float) -> None:
        super().__init__(
            tr("the loss is not a number from step {step} on, first in {op}", step=step, op=op or tr("the loss itself"))
        )
        self.step, self.op, self.learning_rate = step, op, learning_rate


class Trainer:
    """A module being trained on a data set by a recipe.

    Each step depends on the state and (seed, step) only, so a state that was saved goes on as if nothing had been.
    """

    def __init__(
        self,
        module: nn.Module,
        dataset: Dataset,
        recipe: Recipe,
        seed: int,
        *,
        new_layers: frozenset[str] | None = None,
        device: str = "cpu",
    ) -> None:
        """Prepare the module for training: it is changed in place.

        Args:
            new_layers: paths of the layers without loaded weights, where the recipe trains only these.
        """
        self.dataset, self.recipe, self.seed = dataset, recipe, seed
        self.device = torch.device(device)
        only = new_layers if recipe.trained == "new" else None
        initialise_layers(module, recipe.initialisation, seed, only)
        self.module = module.to(self.device)
        self._frozen_norms = _freeze(self.module, recipe.frozen_until, only)
        self.module.eval()
        self._parameters = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        self.optimizer = build_optimizer(recipe, self._parameters)
        self.step = 0
        self.steps = recipe.epochs * self.steps_per_epoch
        self.parts = 1  # a batch is computed in so many parts, whose gradients are added
        self._order: tuple[int, torch.Tensor] = (-1, torch.empty(0))

    @property
    def steps_per_epoch(self) -> int:
        """Number of whole batches of the images; one where there are fewer images than a batch takes."""
        return max(1, len(self.dataset.train) // self.recipe.batch_size)

    @property
    def epoch(self) -> int:
        """Number of epochs that are done."""
        return self.step // self.steps_per_epoch

    @property
    def is_finished(self) -> bool:
        """Whether all steps were made."""
        return self.step >= self.steps

    def train_step(self) -> StepResult:
        """Make one step.

        Raises:
            Diverged: the loss is not a number; the weights are those before the step.
            torch.OutOfMemoryError, RuntimeError: the batch does not fit in memory; the weights are those before.
        """
        rate = learning_rate_at(self.recipe, self.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self._train_mode()
        self.optimizer.zero_grad(set_to_none=True)
        seed_device(self.device, derive_seed(self.seed, "step", self.step))
        values, targets, labels = self._batch()
        loss, right = self._backward(values, targets, labels, rate)
        norm = nn.utils.clip_grad_norm_(self._parameters, self.recipe.clip or math.inf)
        if not bool(torch.isfinite(norm)):
            raise Diverged(self.step + 1, self._first_bad_op(values), rate)
        self.optimizer.step()
        self.step += 1
        return StepResult(self.step, loss, right / len(labels), float(norm), rate)

    def _batch(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Normalised images, what is to be said of them (labels, or class probabilities), and the labels."""
        images = self.dataset.train.take(self._rows())
        values = normalise(augment(images.pixels, self.recipe))
        targets = images.labels
        if self.recipe.cutout:
            values = cut_out(values, self.recipe.cutout)
        if self.recipe.mixup:
            likely = F.one_hot(images.labels, self.dataset.class_count).float()
            values, targets = mix_up(values, likely, self.recipe.mixup)
        return values.to(self.device), targets.to(self.device), images.labels.to(self.device)

    def _rows(self) -> torch.Tensor:
        epoch, place = divmod(self.step, self.steps_per_epoch)
        if self._order[0] != epoch:
            order = torch.randperm(len(self.dataset.train), generator=generator(self.seed, "order", epoch))
            self._order = (epoch, order)
        return self._order[1][place * self.recipe.batch_size :][: self.recipe.batch_size]

    def _backward(
        self, values: torch.Tensor, targets: torch.Tensor, labels: torch.Tensor, rate: float
    ) -> tuple[float, int]:
        loss, right = 0.0, 0
        parts = (tensor.tensor_split(self.parts) for tensor in (values, targets, labels))
        for images, said, true in zip(*parts, strict=True):
            with self._precision():
                outputs = logits(self.module(images))
            share = F.cross_entropy(outputs.float(), said, label_smoothing=self.recipe.label_smoothing)
            share = share * (len(true) / len(labels))
            loss += float(share.detach())
            if not math.isfinite(loss):
                raise Diverged(self.step + 1, self._first_bad_op(values), rate)
            right += int((outputs.detach().argmax(1) == true).sum())
            share.backward()  # type: ignore[no-untyped-call]
        return loss, right

    def _precision(self) -> AbstractContextManager[object]:
        if self.recipe.precision != "bfloat16":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def _first_bad_op(self, values: torch.Tensor) -> str:
        with torch.no_grad():
            return first_bad_op(self.module, values) if isinstance(self.module, fx.GraphModule) else ""

    def _train_mode(self) -> None:
        if self.module.training:  # it goes through all layers, and only a test has changed them
            return
        self.module.train()
        for norm in self._frozen_norms:
            norm.eval()

    @torch.no_grad()
    def evaluate(self, images: Images | None = None) -> Evaluation:
        """Compute loss and accuracy on images; without any, on those to test on."""
        self.module.eval()
        images, count = images or self.dataset.test, self.dataset.class_count
        loss, confusion = 0.0, torch.zeros(count, count, dtype=torch.long)
        for first in range(0, len(images), _TEST_BATCH):
            labels = images.labels[first : first + _TEST_BATCH]
            values = normalise(images.pixels[first : first + _TEST_BATCH]).to(self.device)
            with self._precision():
                outputs = logits(self.module(values)).float().cpu()
            loss += float(F.cross_entropy(outputs, labels, reduction="sum"))
            confusion += torch.bincount(labels * count + outputs.argmax(1), minlength=count**2).view(count, count)
        dead = dead_unit_share(self.module, values) if isinstance(self.module, fx.GraphModule) else 0.0
        rows = tuple(tuple(row) for row in confusion.tolist())
        return Evaluation(loss / len(images), int(confusion.trace()) / len(images), dead, rows)

    # the state that a checkpoint holds

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return all numbers that a later step depends on: "module." and "optimizer." before their names."""
        found = {f"module.{name}": tensor for name, tensor in self.module.state_dict().items()}
        return found | {f"optimizer.{name}": tensor for name, tensor in self._optimizer_tensors()}

    def _optimizer_tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        for number, state in self.optimizer.state_dict()["state"].items():
            for name, value in state.items():
                yield f"{number}.{name}", torch.as_tensor(value)

    def restore(self, tensors: Mapping[str, torch.Tensor], step: int, steps: int) -> None:
        """Go back to a state that `tensors` returned after `step` of `steps`. Raises ValueError where it is that of
        another network."""
        held = {name.removeprefix("module."): t for name, t in tensors.items() if name.startswith("module.")}
        try:
            self.module.load_state_dict(held)
        except RuntimeError as failure:
            raise ValueError(f"the checkpoint is of another network: {failure}") from failure
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, number, key = name.split(".")
                state.setdefault(int(number), {})[key] = tensor
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": state})
        self.step, self.steps = step, steps


def logits(output: Any) -> torch.Tensor:
    """Return the scores of the classes, (batch, classes): the first tensor that a network returns.

    Raises ValueError where it has another shape.
    """
    while isinstance(output, (tuple, list)) or (isinstance(output, Mapping) and output):
        output = next(iter(output.values())) if isinstance(output, Mapping) else output[0]
    if not isinstance(output, torch.Tensor) or output.dim() != 2:
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise ValueError(f"the network returns {shape}, and classes are learned from (batch, classes)")
    return output


def _freeze(module: nn.Module, until: str, only: frozenset[str] | None) -> list[nn.Module]:
    """Keep the weights of all layers up to a path, and of all but `only`; return the norms among them."""
    frozen: list[nn.Module] = []
    paths = [path for path, part in module.named_modules() if not list(part.children())]
    inside = [n for n, path in enumerate(paths) if until and (path == until or path.startswith(f"{until}."))]
    last = max(inside, default=-1)
    if until and last < 0:
        raise ValueError(f"there is no layer or block {until!r} to freeze up to")
    for number, path in enumerate(paths):
        if number <= last or (only is not None and path not in only):
            part = module.get_submodule(path)
            part.requires_grad_(False)
            frozen += [part] if is_norm(part) else []
    return frozen
