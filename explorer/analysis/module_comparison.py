"""What a snapshot computes beside what the module that it was made of computes, and where the two part."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from explorer.analysis.analysis import analyse
from explorer.analysis.example_inputs import Example, input_value
from explorer.analysis.forward.engine import ForwardEngine
from explorer.analysis.forward.forward_pass import PassError
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import tensors_in
from explorer.graph.ops import Layer
from explorer.weights.loaded import LoadedWeights
from explorer.weights.seeded import SeededWeights

#: Outputs that differ by less than this part of their largest number are equal: kernels may add up in another order.
TOLERANCE = 1e-4


def measure_difference(architecture: Architecture, module: nn.Module, example: Example, reference: Any) -> float:
    """How far the snapshot's output is from `reference`, as a part of its largest number; inf for another structure.

    Raises ShapeError where the snapshot does not hold together, and whatever an op raises.
    """
    analyse(architecture).figures.output_shape  # noqa: B018 - the shapes must hold as well
    return difference_of(run_snapshot(architecture, module, example.main.clone()), reference)


@dataclass(frozen=True)
class OtherInput:
    """How a snapshot compares with the module on another input than the example."""

    difference: float = 0.0
    failure: str = ""  # why the snapshot does not take it: what depends on values is another there


def compare_on_another_input(architecture: Architecture, module: nn.Module, example: Example) -> OtherInput:
    """As `compare`, on noise: numbers that only one input has must not have been taken for constants. A module that
    refuses noise says nothing."""
    other = input_value(example.ops[id(example.main)], seed=1)
    args, kwargs = example.fresh_arguments(other)
    try:
        with same_random_numbers(), as_brought(module):
            reference = module(*args, **kwargs)
    except Exception:
        return OtherInput()
    try:
        return OtherInput(difference_of(run_snapshot(architecture, module, other), reference))
    except PassError as failure:
        return OtherInput(failure=str(failure).splitlines()[0][:200])


def varies_by_itself(module: nn.Module, example: Example) -> bool:
    """Whether a module's own output is another one at each run, although torch's random numbers are the same: it draws
    others, such as numpy's."""
    outputs = []
    for _ in range(2):
        args, kwargs = example.fresh_arguments()
        try:
            with same_random_numbers(), as_brought(module):
                outputs.append(module(*args, **kwargs))
        except Exception:  # only an explanation is lost
            return False
    return difference_of(*outputs) > TOLERANCE


def run_snapshot(architecture: Architecture, module: nn.Module, main: torch.Tensor) -> Any:
    """What the snapshot makes of the main input with the module's own tensors, on the CPU."""
    return run_with_tensors(architecture, tensors_by_path(module), main)


def run_with_tensors(architecture: Architecture, tensors: Mapping[str, torch.Tensor], main: torch.Tensor) -> Any:
    """What the snapshot makes of the main input with these tensors, by path, on the CPU."""
    engine = ForwardEngine(budget=0)
    engine.configure(device="cpu")
    weights = LoadedWeights(tensors, SeededWeights())
    with same_random_numbers():
        return engine.run(architecture, weights, main).value


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """No gradients, and the same random numbers for the module and for what was traced of it."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        yield


@contextmanager
def as_brought(module: nn.Module) -> Iterator[None]:
    """What a run writes into buffers, a count or a running average, is put back after it: each run begins with the
    numbers that the module was brought with."""
    kept = [
        (part, name, tensor, tensor.clone())
        for part in module.modules()
        for name, tensor in part._buffers.items()
        if tensor is not None and not is_lazy(tensor)
    ]
    try:
        yield
    finally:
        for part, name, tensor, numbers in kept:
            now = getattr(part, name, None)
            grown = isinstance(now, torch.Tensor) and (now.shape, now.dtype) != (numbers.shape, numbers.dtype)
            if now is not None and not grown:
                tensor.data.copy_(numbers)
                if now is not tensor and not isinstance(part, torch.jit.ScriptModule):
                    part._buffers[name] = tensor


def difference_of(value: Any, reference: Any) -> float:
    """The largest difference of two outputs as a part of the largest number of the second; inf for other shapes."""
    ours, theirs = list(tensors_in(value)), list(tensors_in(reference))
    if len(ours) != len(theirs) or any(a.shape != b.shape for a, b in zip(ours, theirs, strict=True)):
        return math.inf
    worst = 0.0
    for a, b in zip(ours, theirs, strict=True):
        if not b.numel():
            continue
        a, b = (t.to(torch.complex128 if t.is_complex() else torch.float64) for t in (a, b))
        if not torch.equal(torch.isfinite(a), torch.isfinite(b)):
            return math.inf
        a, b = torch.where(torch.isfinite(a), a, 0), torch.where(torch.isfinite(b), b, 0)
        worst = max(worst, float((a - b).abs().max()) / max(float(b.abs().max()), 1e-12))
    return worst


def tensors_by_path(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return parameters and buffers by their names in the module; one that several names share is there for each."""
    parameters: Callable[..., Any] = module.named_parameters
    return {**dict(parameters(remove_duplicate=False)), **dict(module.named_buffers(remove_duplicate=False))}


def find_first_difference(architecture: Architecture, module: nn.Module, example: Example) -> str:
    """The first node, in order, that stands for a module whose own output is another one; empty where none is."""
    own: dict[str, list[Any]] = {}

    def note(path: str, result: Any) -> None:  # a copy, as what reads it may write into it
        own.setdefault(path, []).append(result.clone() if isinstance(result, torch.Tensor) else result)

    hooks = [
        part.register_forward_hook(lambda _, __, result, path=path: note(path, result))
        for path, part in module.named_modules()
        if path and not isinstance(part, torch.jit.ScriptModule)
    ]
    try:
        args, kwargs = example.fresh_arguments()
        with same_random_numbers(), as_brought(module):
            module(*args, **kwargs)
        return _find_unlike(architecture, module, example, own)
    except Exception:  # only a hint is lost
        return ""
    finally:
        for hook in hooks:
            hook.remove()


def _find_unlike(architecture: Architecture, module: nn.Module, example: Example, own: dict[str, list[Any]]) -> str:
    ends: dict[str, list[str]] = {}
    for name, node in architecture.live.items():
        path = node.path if isinstance(node.op, Layer) else ""
        for around in dict.fromkeys((*node.scope, *([path] if path else []))):
            ends.setdefault(around, []).append(name)
    engine = ForwardEngine(budget=0)
    engine.configure(device="cpu")
    weights = LoadedWeights(tensors_by_path(module), SeededWeights())
    last = {names[-1]: path for path, names in reversed(ends.items()) if len(own.get(path, ())) == 1}
    with same_random_numbers():
        for name, value in engine.values(list(last), architecture, weights, example.main.clone()):
            (result,) = own[last[name]]
            if isinstance(result, torch.Tensor) and difference_of(value, result) > TOLERANCE:
                return name
    return ""
