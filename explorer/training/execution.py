"""Training a run to its end, in the process that holds its lock: what the worker does, and Python without one."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr, with_label
from explorer.base.system_errors import system_reason
from explorer.network import Network
from explorer.training.datasets import load_dataset_cached
from explorer.training.fitting import input_shape
from explorer.training.locked_folder import RunError, RunState
from explorer.training.run_folder import CurvePoint, RunFolder
from explorer.training.step_plan import count_parts_that_fit, plan_steps
from explorer.training.tensor_file import write_tensors
from explorer.training.trainer import Diverged, StepResult, Trainer

#: Called after each step and each evaluation; False asks for a pause.
Progress = Callable[[CurvePoint], bool]


def execute(folder: RunFolder, network: Network, progress: Progress | None = None) -> RunState:
    """Train a run until it is finished, paused, or cannot go on; from its checkpoint, where it has one.

    Args:
        network: the one that the run is of, with its edits.

    Returns:
        Where it stands then; what stopped it is in the message.

    Raises:
        RunError: another process trains it, or its files cannot be read.
    """
    with folder.hold():
        return _Execution(folder, network, progress).run()


class _Execution:
    """One process's part of a run."""

    def __init__(self, folder: RunFolder, network: Network, progress: Progress | None) -> None:
        self.folder, self.spec, self.progress = folder, folder.read_spec(), progress
        before = folder.read_state()
        self.state = RunState("running", message=before.message, seconds=before.seconds, pid=os.getpid())
        self.network = network
        self._seconds, self._started = before.seconds, time.monotonic()
        self._saved = 0.0

    def run(self) -> RunState:
        if self.spec.threads:
            torch.set_num_threads(self.spec.threads)
        try:
            self._write_state()
            trainer = self._prepare()
            return self._train(trainer)
        except Diverged as failure:
            return self._fail(_explain_divergence(failure))
        except OSError as failure:
            return self._fail(
                tr("cannot write to {path}: {reason}", path=self.folder.path, reason=system_reason(failure))
            )
        except (ValueError, RuntimeError, MemoryError) as failure:
            return self._fail(" ".join(str(failure).split())[:500] or type(failure).__name__)

    def _prepare(self) -> Trainer:
        module = self.network.module()
        self._load_start(module)
        dataset = load_dataset_cached(self.spec.data, input_shape(self.network))
        new = frozenset(_new_layers(self.network, module)) if self.spec.recipe.trained == "new" else None
        device = self.spec.device
        trainer = Trainer(module, dataset, self.spec.recipe, self.spec.seed, new_layers=new, device=device)
        if self.folder.checkpoint_path.exists():
            self._restore(trainer)
        else:
            self.folder.curve_path.unlink(missing_ok=True)
            trainer.parts = count_parts_that_fit(self.network, trainer)
            if trainer.parts > 1:
                self._report_parts(trainer)
            trainer.steps = plan_steps(self.network, trainer)
            self._checkpoint(trainer)
        return trainer

    def _load_start(self, module: nn.Module) -> None:
        if self.folder.start_path.exists():
            with safe_open(self.folder.start_path, "pt") as file:
                module.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118

    def _train(self, trainer: Trainer) -> RunState:
        with self.folder.curve_path.open("a", encoding="utf-8") as curve:
            while not trainer.is_finished:
                result = self._step(trainer)
                going = self._note(curve, _step_point(result, trainer))
                if trainer.step % trainer.steps_per_epoch == 0 or trainer.is_finished:
                    going &= self._note(curve, self._evaluate(trainer))
                    self._checkpoint(trainer)
                if not going or self.folder.pause_path.exists():
                    curve.flush()
                    self._checkpoint(trainer)
                    if not trainer.is_finished:
                        self.folder.pause_path.unlink(missing_ok=True)
                        return self._end(trainer, "paused")
        return self._end(trainer, "finished")

    def _step(self, trainer: Trainer) -> StepResult:
        """One step; where it does not fit in memory, in more parts."""
        while True:
            try:
                return trainer.train_step()
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as failure:
                if not _is_out_of_memory(failure) or 2 * trainer.parts > trainer.recipe.batch_size:
                    raise
            gc.collect()
            trainer.parts *= 2
            self._report_parts(trainer)

    def _note(self, curve: object, point: CurvePoint) -> bool:
        curve.write(point.as_json() + "\n")  # type: ignore[attr-defined]
        now = time.monotonic()
        if point.test_loss is not None or now - self._saved > 0.1:
            curve.flush()  # type: ignore[attr-defined]
            self._saved = now
        return self.progress is None or self.progress(point)

    def _evaluate(self, trainer: Trainer) -> CurvePoint:
        found = trainer.evaluate()
        return CurvePoint(
            trainer.step,
            epoch=trainer.step / trainer.steps_per_epoch,
            test_loss=found.loss,
            test_accuracy=found.accuracy,
            dead_units=found.dead_units,
            confusion=found.confusion,
        )

    # files

    def _checkpoint(self, trainer: Trainer) -> None:
        """Write the state after curve and weights are on the disk: a checkpoint never knows of what these lack."""
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in trainer.tensors().items()}
        weights = {name.removeprefix("module."): t for name, t in tensors.items() if name.startswith("module.")}
        names = json.dumps(list(trainer.dataset.class_names))
        write_tensors(self.folder.weights_path, weights, {"class_names": names, "data": self.spec.data.title})
        meta = {"step": trainer.step, "steps": trainer.steps, "parts": trainer.parts}
        write_tensors(self.folder.checkpoint_path, tensors, {name: str(value) for name, value in meta.items()})
        self._count(trainer)
        self._write_state()

    def _restore(self, trainer: Trainer) -> None:
        try:
            with safe_open(self.folder.checkpoint_path, "pt") as file:
                meta = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            trainer.restore(tensors, int(meta["step"]), int(meta["steps"]))
            trainer.parts = int(meta["parts"])
        except (SafetensorError, KeyError, ValueError) as failure:
            raise RunError(with_label(self.folder.checkpoint_path, failure)) from failure
        self._cut_curve(trainer.step)

    def _cut_curve(self, step: int) -> None:
        """Forget the points after the checkpoint: they come again, the same."""
        points, _ = self.folder.read_curve()
        kept = "".join(point.as_json() + "\n" for point in points if point.step <= step)
        write_atomic(self.folder.curve_path, lambda path: path.write_text(kept, encoding="utf-8"))

    def _count(self, trainer: Trainer) -> None:
        per_epoch = trainer.steps_per_epoch
        self._seconds, self._started = self._seconds + time.monotonic() - self._started, time.monotonic()
        self.state = replace(
            self.state,
            step=trainer.step,
            steps=trainer.steps,
            epoch=trainer.epoch,
            epochs=-(-trainer.steps // per_epoch),
            seconds=self._seconds,
        )

    def _write_state(self) -> None:
        self.folder.write_state(self.state)

    def _end(self, trainer: Trainer, state: str) -> RunState:
        self._count(trainer)
        self.state = replace(self.state, state=state)  # type: ignore[arg-type]
        self._write_state()
        return self.state

    def _fail(self, message: str) -> RunState:
        self.state = replace(self.state, state="failed", message=message)
        with contextlib.suppress(OSError):  # a full disk
            self._write_state()
        return self.state

    def _report_parts(self, trainer: Trainer) -> None:
        said = tr(
            "Batches of {batch} images do not fit in memory: each is computed in {parts} parts.",
            batch=trainer.recipe.batch_size,
            parts=trainer.parts,
        )
        self.state = replace(self.state, message=said)


def _new_layers(network: Network, module: nn.Module) -> list[str]:
    """The paths of the layers whose weights are not those that were loaded."""
    from explorer.graph.to_module import module_paths

    provenance, paths = network.provenance_of, module_paths(network.architecture)
    kept = {paths[node.name] for node in network.architecture.live.values() if node.name in paths}
    loaded = {paths[n.name] for n in network.architecture.live.values() if n.name in paths and provenance(n) == "kept"}
    return [
        path
        for path, part in module.named_modules()
        if not list(part.children()) and not any(path == p or path.startswith(f"{p}.") for p in loaded & kept)
    ]


def _step_point(result: StepResult, trainer: Trainer) -> CurvePoint:
    return CurvePoint(
        result.step,
        result.loss,
        result.accuracy,
        result.gradient_norm,
        result.learning_rate,
        epoch=result.step / trainer.steps_per_epoch,
    )


def _explain_divergence(failure: Diverged) -> str:
    return tr(
        "The loss is not a number from step {step} on, first in {op}. Try a learning rate of {rate:.2g} or less.",
        step=failure.step,
        op=failure.op or tr("the loss itself"),
        rate=failure.learning_rate / 10,
    )


def _is_out_of_memory(failure: BaseException) -> bool:
    text, said = str(failure).lower(), ("not enough memory", "can't allocate")
    return isinstance(failure, (torch.OutOfMemoryError, MemoryError)) or any(words in text for words in said)
