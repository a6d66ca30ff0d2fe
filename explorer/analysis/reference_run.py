"""The run of a module as it was brought, which all that is shown of it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.example_inputs import Example, build_examples
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.analysis.fitting_inputs import likely_inputs
from explorer.analysis.module_comparison import as_brought, same_random_numbers
from explorer.analysis.module_twin import advice_on, first_line, put_weights_back
from explorer.analysis.torch_count import TorchCount, count_with_torch
from explorer.base.languages import join_arguments, join_list, join_with_and, tr
from explorer.graph.call_arguments import required_parameters
from explorer.graph.trace import TraceError, describe_place, trace
from explorer.networks.input_spec import InputSpec

#: Most inputs that are tried in place of the usual ones.
_MOST_TRIES = 64


@dataclass(frozen=True)
class ReferenceRun:
    """What a module was given, what it made of it, and what torch counted meanwhile."""

    example: Example
    output: Any = field(repr=False)
    count: TorchCount
    refused: tuple[InputSpec, ...] = ()  # the usual inputs, where others were looked for


def run_reference(
    module: nn.Module, specs: tuple[InputSpec, ...], brought: nn.Module, *, are_given: bool
) -> ReferenceRun:
    """Run a module on example inputs: `specs`, or, where nobody gave those and they are refused, others that it takes.

    Args:
        brought: the module of which `module` is a copy; a try that fails leaves nothing in the copy.

    Raises:
        ShapeError: a layer does not take an input of that shape.
        TraceError: the module fails on these inputs; the message says where, and which it takes.
        InputError: an input cannot be made.
    """
    other: ReferenceRun | None = None
    is_refused = not are_given and _is_surely_refused(module, specs)
    if is_refused and (other := _find_fitting(module, specs, brought)) is not None:
        return replace(other, refused=specs)  # without the run, which takes seconds in a network for small images
    run = _try_run(module, specs)
    if isinstance(run, ReferenceRun):
        return run
    if advice_on(run, module):
        raise _refusal(module, specs, run, advice_on(run, module)) from run
    if not is_refused and (other := _find_fitting(module, specs, brought)) is not None and not are_given:
        return replace(other, refused=specs)
    advice = "" if other is None else tr("{inputs} is taken: give that.", inputs=describe_inputs(other.example.specs))
    if (error := _find_shape_error(module, specs)) is not None:
        if advice:
            error.add_advice(advice)
        raise error
    raise _refusal(module, specs, run, advice) from run


def _try_run(module: nn.Module, specs: tuple[InputSpec, ...]) -> ReferenceRun | Exception:
    failure: Exception | None = None
    for example in build_examples(module, specs):
        args, kwargs = example.fresh_arguments()
        try:
            with same_random_numbers(), as_brought(module), count_with_torch() as count:
                output = module(*args, **kwargs)
        except Exception as raised:
            failure = failure or raised
            continue
        return ReferenceRun(example, output, count)
    assert failure is not None
    return failure


def _find_fitting(module: nn.Module, specs: tuple[InputSpec, ...], brought: nn.Module) -> ReferenceRun | None:
    for other in islice(likely_inputs(module, specs), _MOST_TRIES):
        if _is_surely_refused(module, other):
            continue
        put_weights_back(module, brought)
        run = _try_run(module, other)
        if isinstance(run, ReferenceRun):
            return run
    return None


def _refusal(module: nn.Module, specs: tuple[InputSpec, ...], failure: Exception, advice: str) -> TraceError:
    required = required_parameters(module)
    if len(required) > 1:
        return TraceError(
            tr(
                "{module} takes {count} inputs ({names}), and fails on inputs=[{given}]{where}: {reason}. {advice}",
                module=title_of(module),
                count=len(required),
                names=join_list(required),
                given=join_arguments(repr(spec.text) for spec in specs),
                where=describe_place(failure),
                reason=first_line(failure),
                advice=advice or tr("Give each the shape, number format and values that it is made for."),
            )
        )
    return TraceError(
        tr(
            "{module} itself fails on an input of {given}{where}: {reason}. {advice}",
            module=title_of(module),
            given=describe_inputs(specs),
            where=describe_place(failure),
            reason=first_line(failure),
            advice=advice or tr("Give the shape that it is made for."),
        )
    )


def describe_inputs(specs: tuple[InputSpec, ...]) -> str:
    """Return inputs as a sentence names them: "1×3×224×224"."""
    if len(specs) == 1 and not specs[0].is_plain:
        return "×".join(map(str, specs[0].shape))
    return join_with_and([spec.text for spec in specs])


def title_of(module: nn.Module) -> str:
    """Return the name of a module's class, also of one that was scripted."""
    return str(getattr(module, "original_name", "") or type(module).__name__)


def _is_surely_refused(module: nn.Module, specs: tuple[InputSpec, ...]) -> bool:
    """Whether one of torch's layers does not take what it would get, found without a run. A part that could not be
    looked into may refuse what has no numbers, and take what has."""
    error = _find_shape_error(module, specs)
    part = dict(module.named_modules()).get(error.node) if error is not None else None
    return error is not None and (part is None or type(part).__module__.startswith("torch."))


def _find_shape_error(module: nn.Module, specs: tuple[InputSpec, ...]) -> ShapeError | None:
    """What a layer has against one tensor of a shape, where the module can be traced; found without a run."""
    if len(specs) != 1 or specs[0].is_plain or specs[0].dtype:
        return None
    try:
        with as_brought(module):
            analyse(trace(module, specs[0].shape))
    except ShapeError as refusal:
        return refusal
    except Exception:  # whatever the module's own code does with a proxy
        return None
    return None
