"""Shape and cost of every node, by rule or on the meta device, memoised by content.

The result of an op depends only on (op configuration, input shapes), so it is computed once for each such pair: the 48
like layers of a dense block are measured once, and an edit measures only the nodes it made.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import torch
from torch import nn

from explorer.analysis.figures.cost import Cost, compute_cost, may_multiply_matrices, takes_no_batch
from explorer.analysis.figures.op_rules import infer_shape
from explorer.analysis.figures.op_trace import EMPTY_TRACE, OpTrace, trace_op
from explorer.analysis.figures.shape import Shape, all_shapes, first_shape, without_batch
from explorer.analysis.figures.windows import MapWindow, find_window
from explorer.base.languages import join_sentences, join_with_and, tr, tr_noop
from explorer.base.memo import BoundedCache, Token
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.call_arguments import map_tensors
from explorer.graph.call_op import call_op
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Function, Layer, Method, Output
from explorer.graph.size_reads import SizeRead, exported_size, size_read_of

__all__ = [
    "Measure",
    "Shape",
    "ShapeError",
    "clear_cache",
    "first_shape",
    "measure_node",
    "measure_nodes",
    "measure_on_meta",
]


@dataclass(frozen=True, slots=True)
class Measure:
    """Result and cost of one op. `value` is a Shape, a tuple of such, or a plain value (a size read by the code)."""

    value: Any
    cost: Cost
    view: bool  # its result is its first input seen otherwise: no new memory
    elements: int  # numbers in its result, all tensors of a tuple together
    bytes: int
    window: MapWindow  # the places it reads of the maps that it takes
    inner: OpTrace = EMPTY_TRACE  # what it makes on its way, its result not counted

    @property
    def shape(self) -> Shape | None:
        """Shape of its (first) tensor; None when the op only reads sizes."""
        return first_shape(self.value)


class ShapeError(ValueError):
    """Raised for an op that cannot take its inputs. `node` names it; the message holds the shapes and the reason."""

    def __init__(self, node: str, shapes: tuple[Any, ...], reason: str) -> None:
        self.node = node
        self.shapes = shapes
        given = join_with_and(list(map(str, shapes))) or tr("no input")
        super().__init__(tr("{name} cannot take {shapes}: {reason}", name=node, shapes=given, reason=reason))

    def add_advice(self, advice: str) -> None:
        """Add a sentence on what would be taken."""
        self.args = (join_sentences((tr("{text}.", text=self), advice)),)


class SizeReadError(ShapeError):
    """Raised where code that was recorded looked at a size that is another one now: what it would do is not known."""

    def __init__(self, node: Node, read: SizeRead, values: tuple[Any, ...]) -> None:
        self.node = node.inputs[read.first.slot]
        self.shapes = values
        now = read.first.measure(tuple(map(_meta_tensors, values)))
        if read.call is exported_size:
            reason = tr(
                "the program was exported for a size of {before} and takes no {now}: export it with dynamic_shapes, or "
                "open the module itself",
                before=read.first.was,
                now=now,
            )
        else:
            reason = tr(
                "the code looked at the size of {name} when it was recorded ({before} then, {now} now), and may do "
                "something else for another one. Open the module anew with that size instead",
                name=self.node,
                before=read.first.was,
                now=now,
            )
        ValueError.__init__(self, reason)


#: Two halves, each larger than what an edit of a large network measures.
_CACHE: BoundedCache[tuple[Token, tuple[Any, ...]], Measure] = BoundedCache(2**13)
_MEASURING = threading.Lock()  # meta tensors are cheap; two threads measuring the same thing are not worth having


def measure_nodes(architecture: Architecture) -> Mapping[str, Measure]:
    """Return shape and cost of every live node, by name, in execution order.

    Raises:
        ShapeError: an op cannot take its inputs; names the node, the shapes and the reason.
    """
    _CACHE.reserve(2 * len(architecture.live))
    found: dict[str, Measure] = {}
    for node in architecture.live.values():
        found[node.name] = measure_node(node, tuple([found[name].value for name in node.inputs]))
    if architecture.size_reads:
        _check_size_reads(architecture, found)
    if any(takes_no_batch(architecture.live[name], measure.value) for name, measure in found.items()):
        # Somewhere the first dim is no batch: all are shown with all their dims.
        return {name: replace(measure, value=without_batch(measure.value)) for name, measure in found.items()}
    return found


def _check_size_reads(architecture: Architecture, found: Mapping[str, Measure]) -> None:
    """Raise SizeReadError where code that was recorded would read another size than it did."""
    values = {name: measure.value for name, measure in found.items()}
    for node in architecture.nodes.values():
        if node.name in values or not values.keys() >= set(node.inputs):
            continue
        inputs = tuple([values[name] for name in node.inputs])
        try:
            values[node.name] = measure_node(node, inputs).value
        except ShapeError:  # what reaches no output need not hold together
            continue
        read = size_read_of(node.op)
        if read is not None and values[node.name] != read.result:
            raise SizeReadError(node, read, inputs)


def measure_node(node: Node, inputs: tuple[Any, ...]) -> Measure:
    """Measure one op for inputs of these shapes (`Measure.value`s, one for each input slot). Raises ShapeError."""
    try:
        known = _CACHE.get((node.signature, inputs))
    except TypeError:  # an unhashable plain value; rare enough to measure each time
        return _measure(node, inputs)
    if known is None:
        with _MEASURING:
            known = _measure(node, inputs)
        return _CACHE.put((node.signature, inputs), known)
    return known


def clear_cache() -> None:
    """Drop all memoised shapes and costs, so that a test can compare with a fresh count."""
    _CACHE.clear()


def _measure(node: Node, inputs: tuple[Any, ...]) -> Measure:
    shape = infer_shape(node, inputs)
    if shape is None:
        return measure_on_meta(node, inputs)
    spent = compute_cost(node, inputs[0], shape)
    elements = shape.elements
    size = elements * shape.dtype.itemsize
    return Measure(shape, spent, _is_view(node), elements, size, find_window(node, first_shape(inputs[0]), shape))


def measure_on_meta(node: Node, inputs: tuple[Any, ...]) -> Measure:
    """Measure one op by running it on the meta device. Raises ShapeError."""
    tensors = {name: _meta_tensors(value) for name, value in zip(node.inputs, inputs, strict=True)}
    args, kwargs = node.bind_arguments(tensors)
    try:
        result, trace = trace_op(node, args, kwargs, list(tensors.values()))
    except NotImplementedError as failure:
        result, trace = _run_on_zeros(node, inputs, failure), EMPTY_TRACE
    except Exception as failure:
        given = without_batch(inputs) if inputs and takes_no_batch(node, inputs[0]) else inputs
        raise ShapeError(node.name, given, _reason(node, inputs, failure)) from failure
    value = _shapes(result)
    shapes = list(all_shapes(value))
    macs = trace.macs if may_multiply_matrices(node) else 0
    return Measure(
        value,
        compute_cost(node, _shapes(args[0]) if args else None, value, macs),
        _is_view(node) or any(result is tensor for tensor in tensors.values()),
        sum(shape.elements for shape in shapes),
        sum(shape.bytes for shape in shapes),
        find_window(node, first_shape(inputs[0]) if inputs else None, first_shape(value)),
        replace(trace, macs=0),
    )


def _run_on_zeros(node: Node, inputs: tuple[Any, ...], failure: Exception) -> Any:
    """The result of an op that torch knows no shapes of, such as `ctc_loss`, on zeros in place of the meta device.
    Raises ShapeError, for what it failed there, where it fails here too."""
    count = sum(shape.elements for value in inputs for shape in all_shapes(value))
    tensors = dict(zip(node.inputs, map(_meta_tensors, inputs), strict=True))
    try:
        if count > _MOST_ZEROS:
            raise failure
        zeros = map_tensors(tensors, lambda tensor: torch.zeros_like(tensor, device="cpu"))
        with torch.no_grad():
            return call_op(node, *node.bind_arguments(zeros))
    except Exception:
        raise ShapeError(node.name, inputs, _reason(node, inputs, failure)) from failure


#: Numbers that may be made for the sake of a shape.
_MOST_ZEROS = 2**24


def _reason(node: Node, inputs: tuple[Any, ...], failure: Exception) -> str:
    """Why an op refused, in plain words where torch's own are not."""
    given = first_shape(inputs)
    expected = getattr(node.layer, "in_channels", None)
    if given is not None and expected is not None and len(given.dims) == 4 and given.dims[1] != expected:
        return tr("it expects {expected} channels, not {given}", expected=expected, given=given.dims[1])
    expected = getattr(node.layer, "in_features", None)
    if given is not None and expected is not None and given.dims[-1] != expected:
        return tr("it expects {expected} features, not {given}", expected=expected, given=given.dims[-1])
    if given is not None and (expected_kind := _expected_kind(node.layer, len(given.dims))):
        return tr(expected_kind)
    text = str(failure).strip()
    if given is not None and op_kinds.kind(node) == "shuffle":
        groups = op_kinds.shuffle_groups(node)
        return tr("{groups} groups do not divide {count} channels", groups=groups, count=given.dims[1])
    for phrase, reason in _PLAIN_REASONS.items():
        if phrase in text and given is not None and len(given.dims) == 4:
            return _explain(reason, node, given)
    return text.splitlines()[0] if text else type(failure).__name__


def _expected_kind(layer: nn.Module | None, rank: int) -> str:
    """What a layer of torch's works on, where it is not given that; torch's own words count dimensions."""
    names = [cls.__name__ for cls in type(layer).__mro__ if cls.__module__.startswith("torch.")]
    for_maps = any(name.endswith("2d") or name in ("Upsample", "PixelShuffle", "PixelUnshuffle") for name in names)
    if for_maps and rank not in (3, 4):
        return tr_noop("it takes maps")
    if any(name.endswith("1d") for name in names) and rank not in (2, 3):
        return tr_noop("it takes signals")
    return ""


def _explain(reason: str, node: Node, given: Shape) -> str:
    window = _window_text(node.layer) if hasattr(node.layer, "kernel_size") else tr("its window")
    return tr(reason, window=window, height=given.dims[2], width=given.dims[3])


#: What torch says, and what it means.
_PLAIN_REASONS = {
    "Output size is too small": tr_noop("{window} does not fit a map of {height}×{width}"),
    "Kernel size can't be greater than": tr_noop("{window} does not fit a map of {height}×{width}"),
    "more than 1 spatial element": tr_noop(
        "a norm over positions needs more than one, and the map has {height}×{width}"
    ),
    "Sizes of tensors must match": tr_noop("maps of different sizes cannot be concatenated"),
    "broadcast a dimension": tr_noop("their shapes differ"),
}


def _window_text(layer: Any) -> str:
    sides, gaps = (
        value if isinstance(value, tuple) else (value, value)
        for value in (layer.kernel_size, getattr(layer, "dilation", 1))
    )
    size = f"{sides[0]}×{sides[-1]}"
    if max(gaps) > 1:
        return tr("a window of {size} with dilation {dilation}", size=size, dilation=gaps[0])
    return tr("a window of {size}", size=size)


_VIEWS = {"flatten", "view", "reshape", "permute", "transpose", "unsqueeze", "squeeze", "expand", "getitem", "chunk"}
_VIEWS |= {"split", "contiguous", "swapaxes", "getattr", "size", "dropout", "stochastic_depth", "unbind"}
_VIEWS |= {
    "unflatten",
    "view_as",
    "reshape_as",
    "expand_as",
    "swapdims",
    "movedim",
    "moveaxis",
    "narrow",
    "select",
    "t",
}
_VIEWS |= {"tensor_split", "adjoint", "detach", "diagonal"}


def _is_view(node: Node) -> bool:
    if isinstance(node.op, (Output, Bypass, Constant)):
        return True
    if isinstance(node.op, Layer):
        return type(node.op.module).__name__ in ("Identity", "Dropout", "StochasticDepth", "Flatten", "Unflatten")
    return isinstance(node.op, (Function, Method)) and node.op.name in _VIEWS


def _meta_tensors(value: Any) -> Any:
    if isinstance(value, Shape):
        return torch.empty(value.dims, dtype=value.dtype, device="meta")
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_meta_tensors(v) for v in value)
    if isinstance(value, list):
        return [_meta_tensors(v) for v in value]
    return value


def _shapes(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return Shape(tuple(value.shape), value.dtype)
    if isinstance(value, torch.Size):
        return value
    if isinstance(value, (tuple, list)):
        return tuple(_shapes(v) for v in value)
    if isinstance(value, Mapping):
        return tuple(_shapes(v) for v in value.values())
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(_shapes(getattr(value, field.name)) for field in fields(value))
    return value
