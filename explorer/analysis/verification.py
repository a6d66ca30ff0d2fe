"""Opening a module is verified: it is run once as it is, and what was traced must compute the same.

The user's object is never touched: a copy in eval mode is traced and run. The fast symbolic trace is kept where its
output equals the module's own; where it is refused or differs, the module is captured by a recorded run instead. What
is opened says which of the two it is and how it compared; only what agrees is called live.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.example_inputs import Example, build_examples, complete_inputs
from explorer.analysis.module_comparison import (
    TOLERANCE,
    OtherInput,
    as_brought,
    compare_on_another_input,
    find_first_difference,
    measure_difference,
    same_random_numbers,
    tensors_by_path,
)
from explorer.analysis.module_twin import advice_on, copy_for_tracing, first_line, put_weights_back, unwrap
from explorer.analysis.other_sizes import hold_sizes
from explorer.analysis.torch_count import TorchCount, count_with_torch
from explorer.analysis.verification_result import Verification
from explorer.base.languages import tr
from explorer.graph.architecture import Architecture
from explorer.graph.call_arguments import required_parameters
from explorer.graph.capture import Capture, capture
from explorer.graph.interception import as_written
from explorer.graph.missing_devices import MissingDevices, on_processor
from explorer.graph.ops import Constant
from explorer.graph.trace import TraceError, describe_place, trace
from explorer.networks.input_spec import InputSpec

#: Reads of values that lead to another path, but to no number of the graph.
_BRANCHES = frozenset({"bool", "equal", "allclose", "is_nonzero", "contains"})


@dataclass(frozen=True)
class VerifiedModule:
    """A module as it was opened."""

    architecture: Architecture
    tensors: Mapping[str, torch.Tensor] = field(repr=False)  # parameters and buffers by path; shared ones under each
    module: nn.Module | None = field(repr=False)  # the copy in eval mode that was traced; None from another process
    verification: Verification = field(default_factory=lambda: Verification("not run", "traced"))
    inputs: tuple[InputSpec, ...] = ()  # what it was opened with


def open_verified(module: nn.Module, inputs: Iterable[InputSpec] = ()) -> VerifiedModule:
    """Trace a copy of `module` and compare what it computes with the module itself.

    Args:
        inputs: what its forward takes; without any, what its signature suggests.

    Raises:
        TraceError: the module fails on these inputs, or its run cannot be recorded.
        ShapeError: it does not take an input of that shape.
        InputError: an input cannot be made, or the forward has no such argument.
    """
    twin = copy_for_tracing(unwrap(module))
    specs = complete_inputs(twin, inputs)
    if any(tensor.is_meta for tensor in tensors_by_path(twin).values()):
        (example,) = itertools.islice(build_examples(twin, specs), 1)
        main = example.main
        architecture = trace(twin, tuple(main.shape), title=_title(twin), input_op=example.ops[id(main)])
        reason = tr("its weights are on the meta device, which holds no numbers")
        return VerifiedModule(architecture, {}, twin, Verification("not run", "traced", reason=reason), example.specs)
    with as_written(), on_processor() as devices:
        found = _open_run(twin, unwrap(module), specs, devices)
    moved = tuple(dict.fromkeys(devices.calls))
    return replace(found, verification=replace(found.verification, missing_devices=moved)) if moved else found


def _open_run(
    twin: nn.Module, brought: nn.Module, specs: tuple[InputSpec, ...], devices: MissingDevices
) -> VerifiedModule:
    """Run the copy, trace it or record a run, and compare. `brought`: what it is a copy of."""
    before = len(devices.calls)
    example, reference, count = _run_reference(twin, specs)
    put_weights_back(twin, brought)
    traced: _Compared | Exception
    if len(devices.calls) > before:
        traced = TraceError(tr("only a module of one tensor is traced"))
    else:
        traced = _try_trace(twin, example, reference)
    if isinstance(traced, _Compared) and traced.difference <= TOLERANCE:
        return _verified(traced, twin, example, count)
    refusal = traced if isinstance(traced, Exception) else None
    try:
        put_weights_back(twin, brought)
        captured = _capture(twin, example, reference, brought)
    except Exception as failure:  # what it was refused for, or what the module raises when it is watched
        if refusal is not None:
            raise TraceError(
                tr("{title} cannot be shown as a graph: {reason}", title=_title(twin), reason=first_line(failure))
            ) from failure
    else:
        if isinstance(traced, Exception) or captured.difference <= traced.difference:
            return _verified(captured, twin, example, count)
    assert isinstance(traced, _Compared)
    return _verified(traced, twin, example, count)


def _title(module: nn.Module) -> str:
    return str(getattr(module, "original_name", "") or type(module).__name__)


@dataclass(frozen=True)
class _Compared:
    """A snapshot, and how far its output is from the module's."""

    architecture: Architecture
    way: Literal["traced", "captured"]
    difference: float
    capture: Capture | None = None
    other_input: str = ""  # why it does not take another input


def _try_trace(module: nn.Module, example: Example, reference: Any) -> _Compared | Exception:
    """The symbolic trace, compared; or why there is none. It knows one tensor, by position."""
    if len(example.specs) != 1 or example.kwargs or isinstance(module, torch.jit.ScriptModule):
        return TraceError(tr("only a module of one tensor is traced"))
    op = example.ops[id(example.main)]
    try:
        with as_brought(module):
            architecture = trace(module, op.shape, title=_title(module), input_op=op)
        difference = measure_difference(architecture, module, example, reference)
        if _holds_numbers(architecture) and difference <= TOLERANCE:  # what a run left in the module is no constant
            other = compare_on_another_input(architecture, module, example)
            if other.failure:
                return TraceError(other.failure)
            difference = other.difference
        return _Compared(architecture, "traced", difference)
    except Exception as failure:  # whatever the module's own code does with a proxy
        return failure


def _holds_numbers(architecture: Architecture) -> bool:
    """Whether tensors that are no weights were kept with their numbers."""
    return any(isinstance(node.op, Constant) and node.op.value is not None for node in architecture.live.values())


def _capture(module: nn.Module, example: Example, reference: Any, brought: nn.Module) -> _Compared:
    args, kwargs = example.args, example.kwargs
    with same_random_numbers(), as_brought(module):
        found = capture(module, args, kwargs, inputs=example.ops, title=_title(module))
    put_weights_back(module, brought)
    difference = measure_difference(found.architecture, module, example, reference)
    branches_only = found.value_reads and all(read in _BRANCHES for _, read in found.value_reads)
    other = OtherInput()
    if difference <= TOLERANCE and not branches_only:
        other = compare_on_another_input(found.architecture, module, example)
        put_weights_back(module, brought)
    return _Compared(found.architecture, "captured", max(difference, other.difference), found, other.failure)


def _verified(
    compared: _Compared, twin: nn.Module, example: Example, count: TorchCount | None = None
) -> VerifiedModule:
    equal = compared.difference <= TOLERANCE
    reads = compared.capture.value_reads if compared.capture is not None else ()
    where = "" if equal else find_first_difference(compared.architecture, twin, example)
    status: Literal["equal", "differs"] = "equal" if equal else "differs"
    counted = "" if count is None else count.compare(analyse(compared.architecture).figures.total.macs)
    architecture = compared.architecture
    if equal and (compared.way == "captured" or _holds_numbers(architecture)):
        architecture = hold_sizes(architecture, twin, example)
    verification = Verification(
        status,
        compared.way,
        compared.difference,
        reads,
        first_node=where,
        count=counted,
        other_input=compared.other_input,
    )
    return VerifiedModule(architecture, tensors_by_path(twin), twin, verification, example.specs)


def verify_capture(module: nn.Module, example: Example, reference: Any, title: str) -> VerifiedModule:
    """Capture a module that was converted from another format, and compare it with what that format's own runtime
    made of the example; without a `reference` (None), with the module itself.

    Raises TraceError where the module fails on the example, or its run cannot be recorded.
    """
    try:
        with same_random_numbers():
            found = capture(module, example.args, example.kwargs, inputs=example.ops, title=title)
    except Exception as failure:
        raise TraceError(
            tr("{title} cannot be shown as a graph: {reason}", title=title, reason=first_line(failure))
        ) from failure
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
            with same_random_numbers():
                reference = module(*args, **kwargs)
        difference = measure_difference(architecture, module, example, reference)
    except Exception as failure:
        raise TraceError(
            tr("{title} cannot be shown as a graph: {reason}", title=title, reason=first_line(failure))
        ) from failure
    way: Literal["traced", "captured"] = "traced" if captured is None else "captured"
    return _verified(_Compared(architecture, way, difference, captured), module, example)


def _run_reference(module: nn.Module, specs: tuple[InputSpec, ...]) -> tuple[Example, Any, TorchCount]:
    """Example inputs, what the module makes of them, and what torch counted meanwhile."""
    failure: Exception | None = None
    example: Example | None = None
    for example in build_examples(module, specs):
        args, kwargs = example.fresh_arguments()
        try:
            with same_random_numbers(), as_brought(module), count_with_torch() as count:
                output = module(*args, **kwargs)
        except Exception as raised:
            failure = failure or raised
            continue
        return example, output, count
    assert failure is not None
    required = required_parameters(module)
    if len(required) > 1:
        given = ", ".join(repr(spec.text) for spec in specs)
        raise TraceError(
            tr(
                "{module} takes {count} inputs ({names}), and fails on inputs=[{given}]{where}: {reason}. {advice}",
                module=_title(module),
                count=len(required),
                names=", ".join(required),
                given=given,
                where=describe_place(failure),
                reason=first_line(failure),
                advice=advice_on(failure, module)
                or tr("Give each the shape, number format and values that it is made for."),
            )
        ) from failure
    if len(specs) == 1 and not specs[0].is_plain and not advice_on(failure, module):
        _check_shapes(module, specs[0].shape)
    given = " and ".join(spec.text if len(specs) > 1 else "×".join(map(str, spec.shape)) for spec in specs)
    raise TraceError(
        tr(
            "{module} itself fails on an input of {given}{where}: {reason}. {advice}",
            module=_title(module),
            given=given,
            where=describe_place(failure),
            reason=first_line(failure),
            advice=advice_on(failure, module) or tr("Give the shape that it is made for."),
        )
    ) from failure


def _check_shapes(module: nn.Module, shape: tuple[int, ...]) -> None:
    """Raise ShapeError, which names the layer that refuses an input, where the module can be traced without a run."""
    try:
        architecture = trace(module, shape)
    except Exception:
        return
    analyse(architecture)
