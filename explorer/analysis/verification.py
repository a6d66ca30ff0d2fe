"""Opening a module is verified: it is run once as it is, and what was traced must compute the same.

The user's object is never touched: a copy in eval mode is traced and run. The fast symbolic trace is kept where its
output equals the module's own; where it is refused or differs, the module is captured by a recorded run instead. What
is opened says which of the two it is and how it compared; only what agrees is called live.
"""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.analysis.forward.engine import ForwardEngine
from explorer.analysis.sample import load_sample, preprocess
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import tensors_in
from explorer.graph.capture import CaptureError, capture
from explorer.graph.trace import TraceError, trace
from explorer.weights.loaded import LoadedWeights
from explorer.weights.seeded import SeededWeights

#: Outputs that differ by less than this part of their largest number are equal: kernels may add up in another order.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Verification:
    """How what was opened compares with the module itself."""

    status: Literal["equal", "differs", "not run"]
    way: Literal["traced", "captured"]
    difference: float = 0.0  # largest difference of the outputs, as a part of the module's largest number
    value_reads: tuple[tuple[str, str], ...] = ()  # where the code read values: (module, function)
    reason: str = ""  # why it was not run

    @property
    def text(self) -> str:
        """One sentence for the user; empty where there is nothing to say."""
        if self.status == "not run":
            return f"Not compared with the module itself: {self.reason}."
        if self.status == "differs":
            return f"The output differs from the module's own by {self.difference:.2g} of its largest value."
        if self.value_reads:
            where = ", ".join(dict.fromkeys(path or "the outermost module" for path, _ in self.value_reads))
            return f"The code looks at values in {where}: what is shown is the path that the example took."
        return ""


@dataclass(frozen=True)
class VerifiedModule:
    """A module as it was opened."""

    architecture: Architecture
    tensors: Mapping[str, torch.Tensor] = field(repr=False)  # parameters and buffers by path; shared ones under each
    module: nn.Module | None = field(repr=False)  # the copy in eval mode that was traced; None from another process
    verification: Verification = field(default_factory=lambda: Verification("not run", "traced"))


def unwrap(module: nn.Module) -> nn.Module:
    """The module inside DataParallel, DistributedDataParallel and torch.compile's wrapper.

    Raises TraceError for a scripted module, of which torch keeps no Python code.
    """
    while not isinstance(module, torch.jit.ScriptModule):
        inner = module.__dict__.get("_modules", {}).get("_orig_mod")
        if inner is None and isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = module.module
        if not isinstance(inner, nn.Module):
            break
        module = inner
    if isinstance(module, torch.jit.ScriptModule):
        raise TraceError(
            f"{getattr(module, 'original_name', type(module).__name__)} is a scripted module, whose Python code torch "
            "does not keep: open the module that was passed to torch.jit.script or torch.jit.trace instead."
        )
    return module


def open_verified(module: nn.Module, input_shape: tuple[int, ...]) -> VerifiedModule:
    """Trace a copy of `module` and compare what it computes with the module itself.

    Args:
        input_shape: of the example, batch included: (batch, channels, height, width) for an image.

    Raises:
        TraceError: the module fails on an input of that shape, or its run cannot be recorded.
        ShapeError: it does not take an input of that shape.
    """
    twin = _copy_for_tracing(unwrap(module))
    title = type(twin).__name__
    if any(tensor.is_meta for tensor in _tensors_by_path(twin).values()):
        architecture = trace(twin, input_shape, title=title)
        reason = "its weights are on the meta device, which holds no numbers"
        return VerifiedModule(architecture, {}, twin, Verification("not run", "traced", reason=reason))
    example, reference = _run_reference(twin, input_shape)
    refusal: Exception
    try:
        traced = trace(twin, input_shape, title=title, dtype=example.dtype)
        difference = _compare(traced, twin, example, reference)
        if difference <= TOLERANCE:
            return _verified(traced, twin, Verification("equal", "traced", difference))
        refusal = TraceError(f"the trace of {title} differs from the module itself by {difference:.2g}")
    except (TraceError, ShapeError, RuntimeError, ValueError, TypeError, LookupError, AttributeError) as failure:
        traced, difference, refusal = None, math.inf, failure
    try:
        captured = capture(twin, (example,), title=title)
        found = _compare(captured.architecture, twin, example, reference)
        if found <= TOLERANCE and not captured.value_reads:
            found = max(found, _compare_on_another_input(captured.architecture, twin, example))
    except CaptureError as failure:
        if traced is None:
            raise TraceError(f"{title} cannot be shown as a graph: {failure}") from refusal
    except Exception as failure:
        if traced is None:
            raise TraceError(f"{title} cannot be shown as a graph: {_first_line(failure)}") from failure
    else:
        if found <= difference:
            status: Literal["equal", "differs"] = "equal" if found <= TOLERANCE else "differs"
            verification = Verification(status, "captured", found, captured.value_reads)
            return _verified(captured.architecture, twin, verification)
    assert traced is not None
    return _verified(traced, twin, Verification("differs", "traced", difference))


def _verified(architecture: Architecture, twin: nn.Module, verification: Verification) -> VerifiedModule:
    return VerifiedModule(architecture, _tensors_by_path(twin), twin, verification)


def _copy_for_tracing(module: nn.Module) -> nn.Module:
    """A copy in eval mode: what tracing and running do to it, they do not do to the user's object."""
    made_later: dict[int, Any] = {}  # what a lazy layer does not hold yet cannot be copied
    for tensor in (*module.parameters(), *module.buffers()):
        if isinstance(tensor, (UninitializedParameter, UninitializedBuffer)):
            made_later[id(tensor)] = cast(Any, type(tensor))(device=tensor.device, dtype=tensor.dtype)
    try:
        twin = copy.deepcopy(module, made_later)
    except Exception as failure:
        raise TraceError(
            f"{type(module).__name__} cannot be copied, and is not touched without a copy: {_first_line(failure)}"
        ) from failure
    try:
        return twin.eval()
    except NotImplementedError:  # an exported program's module has no modes
        return twin


def _run_reference(module: nn.Module, shape: tuple[int, ...]) -> tuple[torch.Tensor, Any]:
    """An example input, and what the module makes of it."""
    failure: Exception | None = None
    for example in _examples(module, shape):
        try:
            with _same_random_numbers():
                output = module(example.clone())
        except Exception as raised:
            failure = failure or raised
            continue
        return example, output
    sides = "×".join(map(str, shape))
    assert failure is not None
    required = _required_inputs(module)
    if len(required) > 1:
        raise TraceError(
            f"{type(module).__name__} takes {len(required)} inputs ({', '.join(required)}); one image is needed."
        ) from failure
    _check_shapes(module, shape)
    raise TraceError(
        f"{type(module).__name__} itself fails on an input of {sides}: {_first_line(failure)}. "
        "Give the shape that it is made for."
    ) from failure


def _check_shapes(module: nn.Module, shape: tuple[int, ...]) -> None:
    """Raise ShapeError, which names the layer that refuses an input, where the module can be traced without a run."""
    try:
        architecture = trace(module, shape)
    except Exception:
        return
    analyse(architecture)


def _required_inputs(module: nn.Module) -> list[str]:
    """Names of the arguments that the forward cannot do without."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional and p.default is inspect.Parameter.empty]


def _examples(module: nn.Module, shape: tuple[int, ...]) -> Iterator[torch.Tensor]:
    """Inputs to try: a photo or noise in the module's own number format, then whole numbers, as tokens are."""
    kinds = (tensor.dtype for tensor in module.parameters() if tensor.dtype.is_floating_point or tensor.is_complex())
    dtype = next(kinds, torch.float32)
    yield example_input(shape, dtype)
    yield example_input(shape, torch.int64)


def example_input(shape: tuple[int, ...], dtype: torch.dtype = torch.float32, seed: int = 0) -> torch.Tensor:
    """An input of this shape and number format, the same each time: a photo where it is an image, noise elsewhere,
    small whole numbers where the format has no fractions."""
    generator = torch.Generator().manual_seed(seed)
    if not (dtype.is_floating_point or dtype.is_complex):
        return torch.randint(0, 2, shape, generator=generator, dtype=dtype)
    if len(shape) == 4 and shape[1] in (1, 3) and not seed:
        image: torch.Tensor = preprocess(load_sample("astronaut"), shape)
        return image.expand(shape).to(dtype).contiguous()
    return torch.randn(shape, generator=generator).to(dtype)


def _compare(architecture: Architecture, module: nn.Module, example: torch.Tensor, reference: Any) -> float:
    """How far the snapshot's output is from `reference`, as a part of its largest number; inf for another structure.

    Raises ShapeError where the snapshot does not hold together, and whatever an op raises.
    """
    analyse(architecture).figures.output_shape  # noqa: B018 - the shapes must hold as well
    return _difference(_run(architecture, module, example.clone()), reference)


def _compare_on_another_input(architecture: Architecture, module: nn.Module, example: torch.Tensor) -> float:
    """As `_compare`, on noise: numbers that only one input has must not have been taken for constants."""
    other = example_input(tuple(example.shape), example.dtype, seed=1)
    with _same_random_numbers():
        reference = module(other.clone())
    return _difference(_run(architecture, module, other), reference)


def _run(architecture: Architecture, module: nn.Module, example: torch.Tensor) -> Any:
    """What the snapshot makes of the example with the module's own tensors, on the CPU."""
    engine = ForwardEngine(budget=0)
    engine.configure(device="cpu")
    weights = LoadedWeights(_tensors_by_path(module), SeededWeights())
    with _same_random_numbers():
        return engine.run(architecture, weights, example).value


@contextmanager
def _same_random_numbers() -> Iterator[None]:
    """No gradients, and the same random numbers for the module and for what was traced of it."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        yield


def _difference(value: Any, reference: Any) -> float:
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


def _tensors_by_path(module: nn.Module) -> dict[str, torch.Tensor]:
    parameters: Callable[..., Any] = module.named_parameters
    return {**dict(parameters(remove_duplicate=False)), **dict(module.named_buffers(remove_duplicate=False))}


def _first_line(failure: BaseException) -> str:
    lines = str(failure).strip().splitlines()
    return lines[0][:300] if lines else type(failure).__name__
