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
    varies_by_itself,
)
from explorer.analysis.module_twin import copy_for_tracing, first_line, put_weights_back, unwrap
from explorer.analysis.other_sizes import hold_sizes
from explorer.analysis.reference_run import ReferenceRun, describe_inputs, run_reference, title_of
from explorer.analysis.torch_count import TorchCount
from explorer.analysis.verification_result import Verification
from explorer.analysis.written_shuffles import fold_written_shuffles
from explorer.base.languages import tr
from explorer.graph.architecture import Architecture
from explorer.graph.capture import Capture, capture
from explorer.graph.interception import as_written
from explorer.graph.missing_devices import MissingDevices, on_processor
from explorer.graph.ops import Constant, Layer
from explorer.graph.trace import TraceError, trace
from explorer.networks.input_spec import InputSpec

#: Reads of values that lead to another path, but to no number of the graph.
_BRANCHES = frozenset({"bool", "equal", "allclose", "is_nonzero", "contains"})

#: Whose layers stay one card, also where they are made of others.
_LIBRARIES = ("torch.", "torchvision.")


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
    twin, given = copy_for_tracing(unwrap(module)), tuple(inputs)
    specs = complete_inputs(twin, given)
    if any(tensor.is_meta for tensor in tensors_by_path(twin).values()):
        (example,) = itertools.islice(build_examples(twin, specs), 1)
        main = example.main
        architecture = trace(twin, tuple(main.shape), title=title_of(twin), input_op=example.ops[id(main)])
        reason = tr("its weights are on the meta device, which holds no numbers")
        return VerifiedModule(architecture, {}, twin, Verification("not run", "traced", reason=reason), example.specs)
    with as_written(), on_processor() as devices:
        run = run_reference(twin, specs, unwrap(module), are_given=bool(given))
        found = _open_run(twin, unwrap(module), run, devices)
    verification = replace(
        found.verification,
        missing_devices=tuple(dict.fromkeys(devices.calls)),
        refused_inputs=describe_inputs(run.refused) if run.refused else "",
        found_inputs=describe_inputs(found.inputs) if run.refused else "",
    )
    return replace(found, verification=verification)


def _open_run(twin: nn.Module, brought: nn.Module, run: ReferenceRun, devices: MissingDevices) -> VerifiedModule:
    """Trace the copy or record a run of it, and compare. `brought`: what it is a copy of."""
    example, reference, count = run.example, run.output, run.count
    put_weights_back(twin, brought)
    traced: _Compared | Exception
    if devices.calls:
        traced = TraceError(tr("only a module of one tensor is traced"))
    else:
        traced = _try_trace(twin, example, reference)
    if isinstance(traced, _Compared) and traced.difference <= TOLERANCE:
        opened = _open_closed_parts(traced, twin, example, reference, brought)
        return _verified(opened or traced, twin, example, count)
    refusal = traced if isinstance(traced, Exception) else None
    try:
        put_weights_back(twin, brought)
        captured = _capture(twin, example, reference, brought)
    except Exception as failure:  # what it was refused for, or what the module raises when it is watched
        if refusal is not None:
            raise TraceError(
                tr("{title} cannot be shown as a graph: {reason}", title=title_of(twin), reason=first_line(failure))
            ) from failure
    else:
        if isinstance(traced, Exception) or captured.difference <= traced.difference:
            return _verified(captured, twin, example, count)
    assert isinstance(traced, _Compared)
    return _verified(traced, twin, example, count)


def _open_closed_parts(
    traced: _Compared, twin: nn.Module, example: Example, reference: Any, brought: nn.Module
) -> _Compared | None:
    """A recorded run, where the trace could not look into a part that is made of others, such as one that checks its
    image's size: its layers are cards too, if they are the same for all inputs of that size."""
    layers = (node.op.module for node in traced.architecture.live.values() if isinstance(node.op, Layer))
    if not any(any(layer.children()) and not type(layer).__module__.startswith(_LIBRARIES) for layer in layers):
        return None
    try:
        captured = _capture(twin, example, reference, brought)
    except Exception:  # what no run can follow stays one card
        return None
    reads_values = captured.capture is not None and captured.capture.value_reads
    if reads_values or captured.other_input or captured.difference > TOLERANCE:
        return None
    return captured


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
            architecture = trace(module, op.shape, title=title_of(module), input_op=op)
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
        found = capture(module, args, kwargs, inputs=example.ops, title=title_of(module))
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
    architecture = fold_written_shuffles(architecture)
    verification = Verification(
        status,
        compared.way,
        compared.difference,
        reads,
        first_node=where,
        count=counted,
        other_input=compared.other_input,
        varies=not equal and varies_by_itself(twin, example),
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
