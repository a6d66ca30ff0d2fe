"""Opening a module is verified: it is run once as it is, and what was traced must compute the same.

The user's object is never touched: a copy in eval mode is traced and run. The fast symbolic trace is kept where its
output equals the module's own; where it is refused or differs, the module is captured by a recorded run instead. What
is opened says which of the two it is and how it compared; only what agrees is called live.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from explorer.analysis.analysis import analyse
from explorer.analysis.copied_functions import rebind_functions
from explorer.analysis.example_inputs import Example, build_examples, complete_inputs, input_value
from explorer.analysis.forward.engine import ForwardEngine
from explorer.base.languages import tr, tr_noop
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import tensors_in
from explorer.graph.call_arguments import required_parameters
from explorer.graph.capture import Capture, capture
from explorer.graph.ops import Constant, Layer
from explorer.graph.trace import TraceError, trace
from explorer.networks.input_spec import InputSpec
from explorer.weights.loaded import LoadedWeights
from explorer.weights.seeded import SeededWeights

_WAY_ON = tr_noop(
    "Figures and edits are those of the graph that is shown. Move that part into a module of its own, which is then "
    "shown as one card, or open the part that matters."
)

#: Reads of values that lead to another path, but to no number of the graph.
_BRANCHES = frozenset({"bool", "equal", "allclose", "is_nonzero", "contains"})

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
    first_node: str = ""  # where the values begin to differ, as far as that is known

    @property
    def text(self) -> str:
        """One sentence for the user; empty where there is nothing to say."""
        if self.status == "not run":
            return tr("Not compared with the module itself: {reason}.", reason=self.reason)
        if self.status == "differs":
            return " ".join(filter(None, (self._difference_text, self._reads_text, tr(_WAY_ON))))
        return self._reads_text

    @property
    def _reads_text(self) -> str:
        if not self.value_reads:
            return ""
        where = ", ".join(dict.fromkeys(path or tr("the outermost module") for path, _ in self.value_reads))
        if self.status == "differs":
            return tr("The code computes outside of torch in {where}: the example's numbers are kept.", where=where)
        return tr("The code looks at values in {where}: what is shown is the path that the example took.", where=where)

    @property
    def _difference_text(self) -> str:
        if math.isinf(self.difference):
            size = tr("The output is of another form than the module's own")
        else:
            percent = f"{100 * self.difference:.2g}"
            size = tr("The output differs from the module's own by {percent} %", percent=percent)
        return tr("{size}, first at {node}.", size=size, node=self.first_node) if self.first_node else f"{size}."


@dataclass(frozen=True)
class VerifiedModule:
    """A module as it was opened."""

    architecture: Architecture
    tensors: Mapping[str, torch.Tensor] = field(repr=False)  # parameters and buffers by path; shared ones under each
    module: nn.Module | None = field(repr=False)  # the copy in eval mode that was traced; None from another process
    verification: Verification = field(default_factory=lambda: Verification("not run", "traced"))
    inputs: tuple[InputSpec, ...] = ()  # what it was opened with


def unwrap(module: nn.Module) -> nn.Module:
    """The module inside DataParallel, DistributedDataParallel and torch.compile's wrapper."""
    while not isinstance(module, torch.jit.ScriptModule):
        inner = module.__dict__.get("_modules", {}).get("_orig_mod")
        if inner is None and isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = module.module
        if not isinstance(inner, nn.Module):
            break
        module = inner
    return module


def open_verified(module: nn.Module, inputs: Iterable[InputSpec] = ()) -> VerifiedModule:
    """Trace a copy of `module` and compare what it computes with the module itself.

    Args:
        inputs: what its forward takes; without any, what its signature suggests.

    Raises:
        TraceError: the module fails on these inputs, or its run cannot be recorded.
        ShapeError: it does not take an input of that shape.
        InputError: an input cannot be made, or the forward has no such argument.
    """
    twin = _copy_for_tracing(unwrap(module))
    specs = complete_inputs(twin, inputs)
    title = _title(twin)
    if any(tensor.is_meta for tensor in _tensors_by_path(twin).values()):
        (example,) = itertools.islice(build_examples(twin, specs), 1)
        main = example.main
        architecture = trace(twin, tuple(main.shape), title=title, input_op=example.ops[id(main)])
        reason = tr("its weights are on the meta device, which holds no numbers")
        return VerifiedModule(architecture, {}, twin, Verification("not run", "traced", reason=reason), example.specs)
    example, reference = _run_reference(twin, specs)
    traced = _try_trace(twin, example, reference)
    if isinstance(traced, _Compared) and traced.difference <= TOLERANCE:
        return _verified(traced, twin, example)
    refusal = traced if isinstance(traced, Exception) else None
    try:
        captured = _capture(twin, example, reference)
    except Exception as failure:  # what it was refused for, or what the module raises when it is watched
        if refusal is not None:
            raise TraceError(f"{title} cannot be shown as a graph: {_first_line(failure)}") from failure
    else:
        if isinstance(traced, Exception) or captured.difference <= traced.difference:
            return _verified(captured, twin, example, reference)
    assert isinstance(traced, _Compared)
    return _verified(traced, twin, example, reference)


def _title(module: nn.Module) -> str:
    return str(getattr(module, "original_name", "") or type(module).__name__)


@dataclass(frozen=True)
class _Compared:
    """A snapshot, and how far its output is from the module's."""

    architecture: Architecture
    way: Literal["traced", "captured"]
    difference: float
    capture: Capture | None = None


def _try_trace(module: nn.Module, example: Example, reference: Any) -> _Compared | Exception:
    """The symbolic trace, compared; or why there is none. It knows one tensor, by position."""
    if len(example.specs) != 1 or example.kwargs or isinstance(module, torch.jit.ScriptModule):
        return TraceError("only a module of one tensor is traced")
    op = example.ops[id(example.main)]
    try:
        architecture = trace(module, op.shape, title=_title(module), input_op=op)
        difference = _compare(architecture, module, example, reference)
        held = any(isinstance(node.op, Constant) and node.op.value is not None for node in architecture.live.values())
        if held and difference <= TOLERANCE:  # what an earlier run left in the module is no constant
            difference = _compare_on_another_input(architecture, module, example)
        return _Compared(architecture, "traced", difference)
    except Exception as failure:  # whatever the module's own code does with a proxy
        return failure


def _capture(module: nn.Module, example: Example, reference: Any) -> _Compared:
    args, kwargs = example.args, example.kwargs
    with _same_random_numbers():
        found = capture(module, args, kwargs, inputs=example.ops, title=_title(module))
    difference = _compare(found.architecture, module, example, reference)
    branches_only = found.value_reads and all(read in _BRANCHES for _, read in found.value_reads)
    if difference <= TOLERANCE and not branches_only:
        difference = max(difference, _compare_on_another_input(found.architecture, module, example))
    return _Compared(found.architecture, "captured", difference, found)


def _verified(compared: _Compared, twin: nn.Module, example: Example, reference: Any = None) -> VerifiedModule:
    equal = compared.difference <= TOLERANCE
    reads = compared.capture.value_reads if compared.capture is not None else ()
    where = "" if equal else _first_difference(compared.architecture, twin, example)
    status: Literal["equal", "differs"] = "equal" if equal else "differs"
    verification = Verification(status, compared.way, compared.difference, reads, first_node=where)
    return VerifiedModule(compared.architecture, _tensors_by_path(twin), twin, verification, example.specs)


def verify_capture(module: nn.Module, example: Example, reference: Any, title: str) -> VerifiedModule:
    """Capture a module that was converted from another format, and compare it with what that format's own runtime
    made of the example; without a `reference` (None), with the module itself.

    Raises TraceError where the module fails on the example, or its run cannot be recorded.
    """
    try:
        with _same_random_numbers():
            found = capture(module, example.args, example.kwargs, inputs=example.ops, title=title)
    except Exception as failure:
        raise TraceError(f"{title} cannot be shown as a graph: {_first_line(failure)}") from failure
    return verify_snapshot(found.architecture, module, example, title, reference, found)


def verify_snapshot(
    architecture: Architecture,
    module: nn.Module,
    example: Example,
    title: str,
    reference: Any = None,
    captured: Capture | None = None,
) -> VerifiedModule:
    """Compare a snapshot that was made of a module's graph with a `reference`, or with the module itself.

    Raises TraceError where one of the two fails on the example.
    """
    try:
        if reference is None:
            args, kwargs = example.fresh_arguments()
            with _same_random_numbers():
                reference = module(*args, **kwargs)
        difference = _compare(architecture, module, example, reference)
    except Exception as failure:
        raise TraceError(f"{title} cannot be shown as a graph: {_first_line(failure)}") from failure
    way: Literal["traced", "captured"] = "traced" if captured is None else "captured"
    return _verified(_Compared(architecture, way, difference, captured), module, example, reference)


def _first_difference(architecture: Architecture, module: nn.Module, example: Example) -> str:
    """The first node, in order, that stands for a module whose own output is another one; empty where none is."""
    own: dict[str, list[Any]] = {}
    hooks = [
        part.register_forward_hook(lambda _, __, result, path=path: own.setdefault(path, []).append(result))
        for path, part in module.named_modules()
        if path and not isinstance(part, torch.jit.ScriptModule)
    ]
    try:
        args, kwargs = example.fresh_arguments()
        with _same_random_numbers():
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
    weights = LoadedWeights(_tensors_by_path(module), SeededWeights())
    last = {names[-1]: path for path, names in reversed(ends.items()) if len(own.get(path, ())) == 1}
    with _same_random_numbers():
        for name, value in engine.values(list(last), architecture, weights, example.main.clone()):
            (result,) = own[last[name]]
            if isinstance(result, torch.Tensor) and _difference(value, result) > TOLERANCE:
                return name
    return ""


def _copy_for_tracing(module: nn.Module) -> nn.Module:
    """A copy in eval mode: what tracing and running do to it, they do not do to the user's object."""
    made_later: dict[int, Any] = {}  # what a lazy layer does not hold yet cannot be copied
    for tensor in (*module.parameters(), *module.buffers()):
        if isinstance(tensor, (UninitializedParameter, UninitializedBuffer)):
            made_later[id(tensor)] = cast("Any", type(tensor))(device=tensor.device, dtype=tensor.dtype)
    try:
        twin = copy.deepcopy(module, made_later)
        rebind_functions(twin, made_later)
    except Exception as failure:
        raise TraceError(
            f"{type(module).__name__} cannot be copied, and is not touched without a copy: {_first_line(failure)}"
        ) from failure
    try:
        return twin.eval()
    except NotImplementedError:  # an exported program's module has no modes
        return twin


def _run_reference(module: nn.Module, specs: tuple[InputSpec, ...]) -> tuple[Example, Any]:
    """Example inputs, and what the module makes of them."""
    failure: Exception | None = None
    example: Example | None = None
    for example in build_examples(module, specs):
        args, kwargs = example.fresh_arguments()
        try:
            with _same_random_numbers():
                output = module(*args, **kwargs)
        except Exception as raised:
            failure = failure or raised
            continue
        return example, output
    assert failure is not None
    required = required_parameters(module)
    if len(required) > 1:
        given = ", ".join(repr(spec.text) for spec in specs)
        raise TraceError(
            f"{_title(module)} takes {len(required)} inputs ({', '.join(required)}), and fails on "
            f"inputs=[{given}]: {_first_line(failure)}. "
            "Give each the shape, number format and values that it is made for."
        ) from failure
    if len(specs) == 1 and not specs[0].is_plain:
        _check_shapes(module, specs[0].shape)
    given = " and ".join(spec.text if len(specs) > 1 else "×".join(map(str, spec.shape)) for spec in specs)
    raise TraceError(
        f"{_title(module)} itself fails on an input of {given}: {_first_line(failure)}. "
        "Give the shape that it is made for."
    ) from failure


def _check_shapes(module: nn.Module, shape: tuple[int, ...]) -> None:
    """Raise ShapeError, which names the layer that refuses an input, where the module can be traced without a run."""
    try:
        architecture = trace(module, shape)
    except Exception:
        return
    analyse(architecture)


def _compare(architecture: Architecture, module: nn.Module, example: Example, reference: Any) -> float:
    """How far the snapshot's output is from `reference`, as a part of its largest number; inf for another structure.

    Raises ShapeError where the snapshot does not hold together, and whatever an op raises.
    """
    analyse(architecture).figures.output_shape  # noqa: B018 - the shapes must hold as well
    return _difference(_run(architecture, module, example.main.clone()), reference)


def _compare_on_another_input(architecture: Architecture, module: nn.Module, example: Example) -> float:
    """As `_compare`, on noise: numbers that only one input has must not have been taken for constants. A module that
    refuses noise says nothing."""
    other = input_value(example.ops[id(example.main)], seed=1)
    args, kwargs = example.fresh_arguments(other)
    try:
        with _same_random_numbers():
            reference = module(*args, **kwargs)
    except Exception:
        return 0.0
    return _difference(_run(architecture, module, other), reference)


def _run(architecture: Architecture, module: nn.Module, main: torch.Tensor) -> Any:
    """What the snapshot makes of the main input with the module's own tensors, on the CPU."""
    engine = ForwardEngine(budget=0)
    engine.configure(device="cpu")
    weights = LoadedWeights(_tensors_by_path(module), SeededWeights())
    with _same_random_numbers():
        return engine.run(architecture, weights, main).value


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
