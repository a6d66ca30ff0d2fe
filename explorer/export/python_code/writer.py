"""The file: a docstring that says what it is, imports, and the classes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape import Shape
from explorer.base.languages import tr
from explorer.export.page import ExportError
from explorer.export.python_code.class_text import ClassText
from explorer.export.python_code.classes import Classes
from explorer.export.python_code.formatting import WIDTH
from explorer.export.python_code.reading import Reader
from explorer.export.python_code.source_check import computes_the_same, explain_difference, module_of
from explorer.export.python_code.sources import Sources
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Constant, Input
from explorer.graph.plain_paths import with_plain_paths
from explorer.graph.to_module import argument_name, build_module, complete_state, to_class_name
from explorer.network import Network

_MAX_READ = 2**20  # numbers of a buffer that are looked at, as few of them may differ


@dataclass(frozen=True)
class WrittenCode:
    """A network as Python."""

    source: str
    classes: Mapping[str, str]  # names of classes of the source, by the path of the module that is one


def save_code(network: Network, path: Path) -> None:
    """Write the network as Python. Raises ExportError; then nothing is written."""
    from explorer.export.sheet_files import write_export

    source = _first_right(network, lambda source: computes_the_same(source, network)).source
    write_export(path, lambda beside: beside.write_text(source, encoding="utf-8"))


def python_source(network: Network) -> str:
    """Return the source of a module with fresh weights that computes what the network computes.

    It is not run: `save_code` does that. Raises ExportError for a layer, function or value that has no form in Python;
    the message names it.
    """
    return written_code(network).source


def written_code(network: Network) -> WrittenCode:
    """Return the source as `python_source` does, with the classes that its modules have."""
    return _first_right(network, lambda _: True)


class OneClassWarning(UserWarning):
    """A network is written in one long class, as the classes of its blocks failed: a right file, but a bug of ours."""


def _first_right(network: Network, is_right: Callable[[str], bool]) -> WrittenCode:
    """The network in classes; where that fails or is not right, all in one class, and a warning says why."""
    header, architecture = _header(network), network.architecture

    def write_in_one(snapshot: Architecture) -> str:
        return header + classes_source(snapshot, in_one_class=True)

    try:
        classes = _classes(_with_buffers(network))
        source = header + _text(classes)
        reason = "" if _has_the_tensors(source, architecture) else "they hold other tensors"
        if not reason and is_right(source):
            names = {path: str(made.tag[1]) for path, made in classes.made.items() if made.sort == "new"}
            return WrittenCode(source, {"": classes.defined[-1].name, **names})
        reason = reason or "they compute something else"
    except ExportError:
        raise
    except Exception as failure:  # whoever saves a network needs the file more than the traceback
        reason = repr(failure)
    source = write_in_one(_with_buffers(network))
    try:
        right = is_right(source)
    except Exception as failure:
        raise ExportError(
            tr(
                "{network} cannot be written as Python: what is written fails: {reason}",
                network=architecture.title,
                reason=failure,
            )
        ) from failure
    if not right:
        raise explain_difference(network, write_in_one)
    warnings.warn(
        f"{architecture.title} is written in one class, not in those of its blocks: {reason}",
        OneClassWarning,
        stacklevel=2,
    )
    return WrittenCode(source, {"": to_class_name(architecture.title)})


def _with_buffers(network: Network) -> Architecture:
    """The snapshot whose buffers have their numbers: no training would find the mean that an image is reduced by."""
    found = []
    for node in network.architecture.live.values():
        op = node.op
        if isinstance(op, Constant) and not op.is_parameter and op.value is None and op.tensor.numel() <= _MAX_READ:
            found.append(node.replace(op=replace(op, value=network.weights.tensors(node)[""])))
    return network.architecture.with_replaced(found) if found else network.architecture


def classes_source(architecture: Architecture, *, in_one_class: bool = False) -> str:
    """Return imports and classes; the network's own class is last."""
    return _text(_classes(architecture, in_one_class=in_one_class))


def _dims(architecture: Architecture) -> dict[str, tuple[int, ...] | None]:
    measures = analyse(architecture).figures.measures
    return {name: known.shape.dims if known.shape is not None else None for name, known in measures.items()}


def _classes(architecture: Architecture, *, in_one_class: bool = False) -> Classes:
    architecture = with_plain_paths(architecture)
    reader = Reader(architecture, _dims(architecture), in_one_class=in_one_class)
    return Classes(reader, to_class_name(architecture.title))


def _text(classes: Classes) -> str:
    reader = classes.reader
    shape = analyse(reader.architecture).figures.shape
    comments = {var: _shape_text(shape(name)) for var, name in reader.seams.items()}
    texts = [
        ClassText(definition, reader.sources, comments if number == len(classes.defined) - 1 else {})
        for number, definition in enumerate(classes.defined)
    ]
    bodies = [text.lines() for text in texts]
    ordered = any("OrderedDict(" in line for body in bodies for line in body)
    imports = _imports(reader.sources, any(text.functional for text in texts), ordered)
    own = [source.rstrip().split("\n") for source in reader.sources.definitions.values()]
    blocks = ["\n".join(body) for body in (imports, *own, *bodies)]
    return "\n\n\n".join(blocks) + "\n"


def _header(network: Network) -> str:
    architecture = network.architecture
    ops = [node.op for node in architecture.inputs if isinstance(node.op, Input)]
    sides = [" × ".join(map(str, op.shape)) or "a number" for op in ops]
    named = [f"{argument_name(op)}: {shape}" for op, shape in zip(ops, sides, strict=True)]
    shape = sides[0] if len(ops) == 1 else ", ".join(named)
    first = f'"""{_one_line(architecture.title)}, written by CNN Explorer'
    edits = [f"    - {_one_line(edit.title)}" for edit in network.history.applied_edits]
    second = f"Input: {shape}. Weights are fresh: load_state_dict() those saved beside."
    short = f'{first}. Input: {shape}; weights are fresh."""'
    if not edits and len(short) <= WIDTH:
        return f"{short}\n\n"
    made = ["Edits made to the original:", *edits, ""] if edits else []
    return "\n".join([f"{first}.", "", *made, second, '"""']) + "\n\n"


def _imports(sources: Sources, functional: bool, ordered: bool) -> list[str]:
    standard = sorted({*sources.standard, *(["from collections import OrderedDict"] if ordered else [])})
    standard.sort(key=lambda line: line.startswith("from"))
    lines = dict(sources.imports) | ({"F": "import torch.nn.functional as F"} if functional else {})
    plain = sorted(line for line in lines.values() if line.startswith("import "))
    return [
        *([*standard, ""] if standard else []),
        "import torch",
        *plain,
        "from torch import nn",
        *sorted(line for line in lines.values() if not line.startswith("import ")),
    ]


def _shape_text(shape: Shape | None) -> str:
    return " × ".join(map(str, shape.image_dims)) if shape is not None else ""


def _one_line(text: str) -> str:
    return " ".join(text.replace('"""', "'''").replace("\\", "/").split())


def _has_the_tensors(source: str, architecture: Architecture) -> bool:
    """Does the module that a source defines hold the tensors of the network, by name and shape?

    It is made on the meta device first, which costs nothing; some layers (orthogonal ones) hold less there.
    """
    expected = _shapes(build_module(architecture))
    with torch.device("meta"):
        module = module_of(source, architecture)
    return _shapes(module) == expected or _shapes(module_of(source, architecture)) == expected


def _shapes(module: nn.Module) -> Mapping[str, tuple[object, ...]]:
    return {name: (*tensor.shape, tensor.dtype) for name, tensor in complete_state(module).items()}


__all__ = ["WrittenCode", "classes_source", "python_source", "save_code", "written_code"]
