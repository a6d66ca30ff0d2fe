"""Example numbers for the inputs of a network: a photo, noise, zeros, whole numbers, a file, or numbers as typed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from explorer.analysis.sample import holds_photos, in_number_format, load_sample, preprocess
from explorer.analysis.sample_names import BUILT_IN_SAMPLES
from explorer.base.languages import join_list, tr
from explorer.base.system_errors import system_reason
from explorer.graph.arguments import tensors_in
from explorer.graph.call_arguments import arrange_arguments, forward_parameters, map_tensors, required_parameters
from explorer.graph.ops import Input
from explorer.networks.input_spec import (
    InputError,
    InputSpec,
    is_file_source,
    read_numbers,
    read_range,
    single_input,
    suggest_inputs,
)

#: Bytes of a file of numbers: 32-bit floats of the largest input, and what stands before them.
_MAX_FILE_BYTES = 2**31 + 2**16

#: The photo of an image input when a network is opened.
_PHOTO = "astronaut"

#: The photo that the window begins with.
_WINDOW = "cat"


@dataclass(frozen=True)
class Example:
    """Inputs of a module with numbers: what it is called with, and what stands for each tensor in a graph."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    ops: dict[int, Input]  # by the id of the tensor
    specs: tuple[InputSpec, ...]

    @property
    def main(self) -> torch.Tensor:
        """The tensor of the main input."""
        found = list(tensors_in((self.args, self.kwargs)))
        return next((tensor for tensor in found if self.ops[id(tensor)].is_main), found[0])

    def fresh_arguments(self, main: torch.Tensor | None = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return arguments of their own, which a module may write into; with another main input, if one is given."""

        def copied(tensor: torch.Tensor) -> torch.Tensor:
            is_main = main is not None and self.ops[id(tensor)].is_main
            return (main if is_main and main is not None else tensor).clone()

        args, kwargs = map_tensors((self.args, self.kwargs), copied)
        return args, kwargs


def build_examples(module: nn.Module, specs: tuple[InputSpec, ...]) -> Iterator[Example]:
    """Yield the inputs with numbers: in the module's own number format, where that is complex also in real numbers,
    and, where one tensor without a format is all it takes, in whole ones, as tokens are. Raises InputError."""
    kinds = (tensor.dtype for tensor in module.parameters() if tensor.dtype.is_floating_point or tensor.is_complex())
    own = next(kinds, torch.float32)
    yield build_example(module, specs, own)
    if own.is_complex:  # weights in the frequencies of a real signal
        yield build_example(module, specs, own.to_real())
    if len(specs) == 1 and not specs[0].dtype and not specs[0].source and not specs[0].is_plain:
        yield build_example(module, (replace(specs[0], dtype="int64"),), own)


def build_example(module: nn.Module, specs: tuple[InputSpec, ...], own: torch.dtype) -> Example:
    """Return the inputs with numbers. Floats without a number format are `own`. Raises InputError."""
    ops = name_ops([_input_op(spec, own) for spec in specs if not spec.is_plain])
    if not ops:
        raise InputError(tr("a network needs a tensor as an input: image=3x224x224"))
    given = iter(ops)
    values: list[tuple[InputSpec, Any]] = []
    held: dict[int, Input] = {}
    for spec in specs:
        value: Any = spec.plain_value
        if not spec.is_plain:
            op = next(given)
            value = input_value(op)
            held[id(value)] = op
        values.append((spec, value))
    args, kwargs = arrange_arguments(module, values)
    return Example(args, kwargs, held, specs)


def positional_example(specs: tuple[InputSpec, ...]) -> Example:
    """Return the inputs with numbers for a module that takes just these tensors, in this order. Raises InputError."""
    ops = name_ops([_input_op(spec, torch.float32) for spec in specs])
    values = [input_value(op) for op in ops]
    return Example(tuple(values), {}, {id(value): op for value, op in zip(values, ops, strict=True)}, specs)


def name_ops(ops: list[Input]) -> list[Input]:
    """Return the inputs with one of them the main one: the first image that is a photo, else the first. Further photos
    are others of the built-in ones: two equal images would tell nothing."""
    photo = next((index for index, op in enumerate(ops) if op.source == "photo"), 0)
    others = iter([name for name in BUILT_IN_SAMPLES if name not in (_PHOTO, _WINDOW)] * len(ops))
    found = []
    for index, op in enumerate(ops):
        source = f"photo {next(others)}" if op.source == "photo" and index != photo else op.source
        found.append(replace(op, source=source, is_main=index == photo, name=op.name if len(ops) > 1 else ""))
    return found


def _input_op(spec: InputSpec, own: torch.dtype) -> Input:
    dtype: torch.dtype = getattr(torch, spec.dtype) if spec.dtype else own
    source = spec.source.strip()
    if not source:
        source = "photo" if spec.may_be_image and dtype.is_floating_point else "noise"
    elif source.startswith("photo") and not (spec.may_be_image and holds_photos(dtype)):
        name = spec.name or tr("the input")
        raise InputError(tr("{name} is no image, so no photo can be put in: use noise", name=name))
    if read_range(source) is not None and not spec.dtype:
        dtype = torch.int64
    value = _read_file(source, dtype if spec.dtype else None) if is_file_source(source) else None
    if value is None and (numbers := read_numbers(source)):
        value = _fill(numbers, spec.shape, dtype)
    if value is not None:
        if spec.shape and math.prod(spec.shape) != value.numel():
            raise InputError(
                tr(
                    "{source} holds {count:,} numbers, and {shape} has others",
                    source=source,
                    count=value.numel(),
                    shape=spec.shape_text,
                )
            )
        value = value.reshape(spec.shape) if spec.shape or value.numel() == 1 else value
        return Input(tuple(value.shape), value.dtype, spec.name, source, value=value)
    return Input(spec.shape, dtype, spec.name, source)


def _fill(numbers: tuple[float, ...], shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    value = torch.tensor(numbers, dtype=torch.float64).to(dtype)
    return value.expand(shape).clone() if len(numbers) == 1 else value


def _read_file(source: str, dtype: torch.dtype | None) -> torch.Tensor:
    """The tensor of a file, which is only read as numbers: no code in it is run. Raises InputError."""
    path = Path(source).expanduser()
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise InputError(tr("{path} is too large for an input: at most 2 GiB are read", path=path))
        if path.suffix.casefold() == ".npy":
            value: Any = torch.from_numpy(np.ascontiguousarray(np.load(path, allow_pickle=False)))
        else:
            value = torch.load(path, weights_only=True, map_location="cpu")
    except OSError as failure:
        raise InputError(tr("cannot read {path}: {reason}", path=path, reason=system_reason(failure))) from failure
    except InputError:
        raise
    except Exception as failure:  # whatever torch and numpy raise for what is no file of theirs
        raise InputError(
            tr("{path} holds no plain tensor: {reason}", path=path, reason=str(failure).splitlines()[0][:120])
        ) from failure
    if not isinstance(value, torch.Tensor) or value.layout != torch.strided:
        raise InputError(tr("{path} holds no tensor but {kind}", path=path, kind=type(value).__name__))
    return value.detach().to(dtype or value.dtype).clone()


def input_value(op: Input, seed: int = 0) -> torch.Tensor:
    """Return numbers for an input, the same each time; another `seed` gives noise where they may be anything."""
    with torch.device("cpu"):  # also where a module is opened inside of `with torch.device("meta")`
        return _input_value(op, seed)


def _input_value(op: Input, seed: int) -> torch.Tensor:
    if op.value is not None:
        return op.value.clone()
    if op.source.startswith("photo") and not seed:
        name = op.source.partition(" ")[2] or _PHOTO
        if name not in BUILT_IN_SAMPLES:
            raise InputError(
                tr('there is no photo "{name}"; there are {names}', name=name, names=join_list(BUILT_IN_SAMPLES))
            )
        image: torch.Tensor = in_number_format(preprocess(load_sample(name), op.shape), op.dtype)
        return image.contiguous()
    generator = torch.Generator().manual_seed(seed)
    if op.source == "zeros" or op.source == "ones":
        return torch.full(op.shape, float(op.source == "ones")).to(op.dtype)
    span = read_range(op.source)
    if span is not None or not (op.dtype.is_floating_point or op.dtype.is_complex):
        low, high = span or (0, 1)
        return torch.randint(low, high + 1, op.shape, generator=generator).to(op.dtype)
    kind = torch.complex64 if op.dtype.is_complex else torch.float32
    return torch.randn(op.shape, generator=generator, dtype=kind).to(op.dtype)


def complete_inputs(module: nn.Module, specs: Iterable[InputSpec]) -> tuple[InputSpec, ...]:
    """Return the inputs; where none are given, or just a shape and the forward needs several, those that the module's
    signature suggests."""
    given = tuple(specs)
    if given and (given != single_input(given[0].shape) or len(required_parameters(module)) < 2):
        return given
    parameters = [
        (
            ("*" if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) else "") + p.name,
            "" if p.annotation is p.empty else _annotation_text(p.annotation),
            p.default is not p.empty,
        )
        for p in forward_parameters(module)
    ]
    return suggest_inputs(parameters, given[0].shape if given else ())


def _annotation_text(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else str(getattr(annotation, "__name__", annotation))
