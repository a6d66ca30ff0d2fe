"""An ONNX file as a protobuf message: read, its external data found, and put into the shape that is converted.

Nothing in a file is believed: external data is read only from regular files inside the file's own folder, and only as
much as a tensor's shape asks for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import psutil

from explorer.base.languages import tr, with_label
from explorer.base.number_format import format_bytes
from explorer.networks.input_spec import InputError, InputSpec
from explorer.opening.errors import OpeningError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto


def read_model(path: Path) -> ModelProto:
    """Return the model of a file with all its numbers. Raises OpeningError."""
    import onnx
    from google.protobuf.message import DecodeError

    check_size(path, path.stat().st_size)
    try:
        model = onnx.load_model(str(path), load_external_data=False)
    except (DecodeError, ValueError, RuntimeError) as failure:
        raise OpeningError(
            tr("{file} is no ONNX file, or is damaged: {reason}", file=path.name, reason=failure)
        ) from failure
    if not model.graph.node:
        raise OpeningError(tr("{file} is no ONNX file, or is damaged: it holds no graph", file=path.name))
    wanted = 0
    for tensor in all_tensors(model.graph):
        wanted += _byte_count(tensor)
        check_size(path, wanted)
        _load_external_data(tensor, path)
    return model


def check_size(path: Path, size: int) -> None:
    """Raise OpeningError where a file, or what it claims to hold, is larger than the memory that is free."""
    free = psutil.virtual_memory().available
    if 2 * size > free:  # the file, and the network made of it
        raise OpeningError(
            tr(
                "{file} claims to hold {size}, and only {free} of memory are free",
                file=path.name,
                size=format_bytes(size),
                free=format_bytes(free),
            )
        )


def all_graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """A graph and those inside its nodes (branches, bodies of loops)."""
    waiting = [graph]
    while waiting:
        yield (now := waiting.pop())
        for node in now.node:
            for attribute in node.attribute:
                waiting += [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]


def all_tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """All tensors with numbers: initializers, and those in attributes."""
    for inner in all_graphs(graph):
        yield from inner.initializer
        for node in inner.node:
            for attribute in node.attribute:
                yield from attribute.tensors
                if attribute.HasField("t"):
                    yield attribute.t


def _byte_count(tensor: TensorProto) -> int:
    import onnx

    if any(side < 0 for side in tensor.dims):
        raise OpeningError(tr("tensor {name} claims a negative size", name=tensor.name))
    try:
        item = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except (KeyError, ValueError, TypeError) as failure:
        raise OpeningError(
            tr("tensor {name} is of an unknown type, {kind}", name=tensor.name, kind=tensor.data_type)
        ) from failure
    return int(item * math.prod(tensor.dims))


def _load_external_data(tensor: TensorProto, model: Path) -> None:
    """Read the numbers of a tensor that are in another file, which must lie in the folder of the model."""
    import onnx

    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    said = {entry.key: entry.value for entry in tensor.external_data}
    file = _find_external_file(said.get("location", ""), model)
    size = _byte_count(tensor)
    try:
        offset, length = int(said.get("offset", 0)), int(said.get("length", size))
    except ValueError as failure:
        raise OpeningError(
            tr(
                "{model}: the place of {tensor} in {file} is no number",
                model=model.name,
                tensor=tensor.name,
                file=file.name,
            )
        ) from failure
    if length != size or offset < 0 or offset + size > file.stat().st_size:
        raise OpeningError(
            tr(
                "{model}: {file} does not hold the {size:,} bytes of {tensor}",
                model=model.name,
                file=file.name,
                size=size,
                tensor=tensor.name,
            )
        )
    with file.open("rb") as stream:
        stream.seek(offset)
        tensor.raw_data = stream.read(size)
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


def _find_external_file(location: str, model: Path) -> Path:
    """Return the file that a model names, inside the model's own folder. Raises OpeningError for any other place."""
    foreign = PureWindowsPath(location)  # knows both separators, drives and network shares
    if not location or foreign.anchor or foreign.drive or ".." in foreign.parts or "\0" in location:
        raise OpeningError(
            tr(
                "{name} keeps numbers in {location!r}: only files in its own folder are read, by their names",
                name=model.name,
                location=location[:200],
            )
        )
    folder = model.parent.resolve()
    found = folder.joinpath(*foreign.parts)
    if not found.resolve().is_relative_to(folder):
        raise OpeningError(
            tr(
                "{name} keeps numbers in {location!r}, a link out of its own folder",
                name=model.name,
                location=location[:200],
            )
        )
    if not found.is_file():
        raise OpeningError(
            tr(
                "{name} keeps its numbers in {location!r}, which is not beside it",
                name=model.name,
                location=location[:200],
            )
        )
    return found.resolve()


def simplify(model: ModelProto) -> None:
    """Make constants initializers, leave out what only passes a value on, and write a linear layer that is split in
    two, MatMul and Add, as one: it is counted and edited as what it is."""
    graph = model.graph
    _make_initializers(graph)
    _leave_out_identities(graph)
    matrices = {t.name for t in graph.initializer if len(t.dims) == 2}
    vectors = {t.name for t in graph.initializer if len(t.dims) == 1}
    readers: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    returned = {value.name for value in graph.output}
    for node in list(graph.node):
        if node.op_type != "MatMul" or node.input[1] not in matrices or node.output[0] in returned:
            continue
        after = readers.get(node.output[0], [])
        if len(after) == 1 and after[0].op_type == "Add":
            bias = [name for name in after[0].input if name in vectors]
            if len(bias) == 1:
                _fuse(graph, node, after[0], bias[0])


def _make_initializers(graph: GraphProto) -> None:
    for node in [node for node in graph.node if node.op_type == "Constant"]:
        held = [attribute for attribute in node.attribute if attribute.name == "value" and attribute.HasField("t")]
        if held:
            graph.initializer.append(held[0].t)
            graph.initializer[-1].name = node.output[0]
            graph.node.remove(node)


def _leave_out_identities(graph: GraphProto) -> None:
    kept = {value.name for value in graph.output}
    for inner in all_graphs(graph):
        kept |= {name for node in inner.node for name in node.input} if inner is not graph else set()
    aliases: dict[str, str] = {}
    for node in list(graph.node):
        node.input[:] = [aliases.get(name, name) for name in node.input]
        if node.op_type == "Identity" and node.output[0] not in kept:
            aliases[node.output[0]] = node.input[0]
            graph.node.remove(node)


def _fuse(graph: GraphProto, node: NodeProto, add: NodeProto, bias: str) -> None:
    output = add.output[0]
    graph.node.remove(add)
    node.op_type, node.domain = "Gemm", ""
    node.input.append(bias)
    node.output[0] = output


def give_plain_names(model: ModelProto) -> dict[str, str]:
    """Name all values v0, v1, … and return their own names: a name in a file may be anything."""
    names: dict[str, str] = {}

    def plain(name: str) -> str:
        return names.setdefault(name, f"v{len(names)}") if name else ""

    for graph in all_graphs(model.graph):
        for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
            value.name = plain(value.name)
        for node in graph.node:
            node.input[:] = [plain(name) for name in node.input]
            node.output[:] = [plain(name) for name in node.output]
    return {short: name for name, short in names.items()}


def inputs_of(model: ModelProto, path: Path, shape: tuple[int, ...] | None = None) -> tuple[InputSpec, ...]:
    """Return what a model takes; sides that the file leaves open are the usual ones: batch 1, three channels, 224
    pixels. `shape` is that of the first input, instead of the file's. Raises OpeningError for one that is no tensor."""
    import onnx

    held = {tensor.name for tensor in model.graph.initializer}
    found: list[InputSpec] = []
    for value in model.graph.input:
        if value.name in held:
            continue
        kind = value.type.tensor_type
        if not value.type.HasField("tensor_type") or len(kind.shape.dim) > 8:
            raise OpeningError(tr("{file}: its input {name} is no tensor", file=path.name, name=value.name[:100]))
        sides = [side.dim_value if side.HasField("dim_value") else 0 for side in kind.shape.dim]
        dtype = str(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
        name = re.sub(r"\W", "_", value.name)
        usual = shape if shape and not found else _usual_shape(sides)
        check_size(path, 4 * math.prod(usual))
        try:
            found.append(InputSpec(name if name.isidentifier() else f"input_{len(found)}", usual, dtype))
        except InputError as failure:
            raise OpeningError(with_label(path.name, failure)) from failure
    if not found:
        raise OpeningError(tr("{file} takes no input", file=path.name))
    return tuple(found)


def _usual_shape(sides: list[int]) -> tuple[int, ...]:
    usual: tuple[int, ...] = (1,) * len(sides)
    if len(sides) == 4:
        usual = (1, 224, 224, 3) if sides[3] == 3 else (1, 3, 224, 224)
    return tuple(side if side > 0 else other for side, other in zip(sides, usual, strict=True))
