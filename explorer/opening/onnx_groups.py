"""Where the ops of an ONNX file belong: the scopes in its names, as groups of the network.

What exporters leave of the modules: torch's current one writes paths and classes into the metadata of each node, its
former one and TensorFlow's write paths into the node's name ("/layer1/layer1.0/conv1/Conv"), and weights are called
after their modules ("layer1.0.conv1.weight").
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from explorer.graph.architecture import Architecture
from explorer.graph.arguments import rename_refs
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Input, Layer, Output

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_PATH = re.compile(r"[\w.\-]{1,300}")
_MAX_METADATA = 20_000  # characters
_INITIALIZER = "_initializer_"  # what tensors of the converted module are called, before their names


@dataclass(frozen=True)
class Place:
    """Where one op of the file belongs."""

    scope: tuple[tuple[str, str], ...]  # (path, class) of the modules around it, outermost first
    weight: str = ""  # path of the module that its weight is called after
    op_type: str = ""


def find_places(model: ModelProto, names: Mapping[str, str]) -> dict[str, Place]:
    """Return the place of each op by its first output; `names` gives the values' own names."""
    held = {tensor.name for tensor in model.graph.initializer}
    return {
        node.output[0]: Place(_scope_of(node), _weight_path(node, held, names), node.op_type)
        for node in model.graph.node
        if node.output
    }


def _scope_of(node: NodeProto) -> tuple[tuple[str, str], ...]:
    said = {prop.key: prop.value for prop in node.metadata_props if len(prop.value) < _MAX_METADATA}
    try:
        paths = ast.literal_eval(said.get("pkg.torch.onnx.name_scopes", ""))
        classes = ast.literal_eval(said.get("pkg.torch.onnx.class_hierarchy", ""))
        pairs = [(str(path), str(kind).rpartition(".")[2]) for path, kind in zip(paths, classes, strict=False)][:-1]
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        pairs = [(path, "") for path in _paths_in_name(node.name)]
    return _with_ancestors({path: kind for path, kind in pairs if _PATH.fullmatch(path)})


def _with_ancestors(classes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A module at "layer1.0" is inside one at "layer1", whether or not the file says so."""
    found: dict[str, str] = {}
    for path in classes:
        parts = path.split(".")
        found |= {above: "" for at in range(1, len(parts)) if (above := ".".join(parts[:at])) not in found}
        found[path] = classes[path]
    return tuple((path, found[path]) for path in found)


def _paths_in_name(name: str) -> list[str]:
    """Paths in a name such as "/layer1/layer1.0/conv1/Conv": each part is a path, or goes on the one before."""
    found: list[str] = []
    for part in name.strip("/").split("/")[:-1]:
        before = found[-1] if found else ""
        found.append(part if not before or part.startswith(f"{before.rpartition('.')[2]}.") else f"{before}.{part}")
        if before and part.startswith(f"{before.rpartition('.')[2]}."):
            found[-1] = f"{before.rpartition('.')[0]}.{part}".lstrip(".")
    return found


def _weight_path(node: NodeProto, held: set[str], names: Mapping[str, str]) -> str:
    for name in node.input[1:2]:
        path, _, last = str(names.get(name, name)).rpartition(".")
        if name in held and last == "weight" and _PATH.fullmatch(path):
            return path
    return ""


def regroup(
    architecture: Architecture,
    tensors: Mapping[str, torch.Tensor],
    places: Mapping[str, Place],
    names: Mapping[str, str],
) -> tuple[Architecture, dict[str, torch.Tensor]]:
    """Return the snapshot and its tensors with the names, paths and groups of the file.

    Args:
        architecture: of the converted module, whose outermost modules are called "op_output" after the ops.
        places: by first output.
        names: the file's own, by those that were given.
    """
    return _Regrouping(architecture, tensors, places, names).run()


class _Regrouping:
    def __init__(
        self,
        architecture: Architecture,
        tensors: Mapping[str, torch.Tensor],
        places: Mapping[str, Place],
        names: Mapping[str, str],
    ) -> None:
        self.own_names = names
        self.old, self.tensors, self.places = architecture, tensors, places
        self.names: dict[str, str] = {}
        self.nodes: dict[str, Node] = {}
        self.classes: dict[str, str] = {"": architecture.title}
        self.paths: dict[str, str] = {}  # old path -> new
        self.scopes: dict[str, tuple[str, ...]] = {}  # by old name of the node
        self.plain: dict[str, Any] = {}  # keys of layers without tensors, by new path

    def run(self) -> tuple[Architecture, dict[str, torch.Tensor]]:
        for node in self.old.nodes.values():
            self.add(node)
        unused = {self.paths.get(path, path): count for path, count in self.old.unused_params.items()}
        made = Architecture(self.old.title, self.nodes, self.classes, unused, self.old.key)
        return made, {self.rename(name): tensor for name, tensor in self.tensors.items()}

    def add(self, node: Node) -> None:
        if isinstance(node.op, (Input, Output)):
            self.put(node, node.name, (), "")
            return
        if isinstance(node.op, Constant):
            path = self.constant_path(node.path)
            self.put(node, path, (), path)
            return
        place = self.find_place(node)
        if place is None:  # a part of what an op returned: beside that op
            scope = self.scopes.get(node.inputs[0], ()) if node.inputs else ()
            self.put(node, ".".join(filter(None, (*scope[-1:], node.name.partition(":")[0]))), scope, "")
            return
        modules = place.scope or _with_ancestors({place.weight: ""} if place.weight else {})
        scope = tuple(path for path, _ in modules) or self.closed_block(node)
        for path, kind in modules:
            self.classes[path] = kind or self.classes.get(path, "") or path.rpartition(".")[2]
        if isinstance(node.op, Layer):
            path = self.path_of(node, place, scope)
            around = tuple(part for part in scope if path.startswith(f"{part}."))
            self.put(node, path, around, path)
            self.classes[path] = type(node.op.module).__name__
        else:
            title = node.name.rpartition(".")[2].partition(":")[0]
            title = place.op_type if title == "new_zeros" else title  # one that nobody here can run
            self.put(node, ".".join((*scope[-1:], title)), scope, "")

    def closed_block(self, node: Node) -> tuple[str, ...]:
        """Where an op that joins branches belongs when the file does not say it: the smallest module around all that
        lies between its inputs and itself, but not in a sequence, which joins nothing."""
        inputs = [name for name in node.inputs if not isinstance(self.old.nodes[name].op, Constant)]
        if len(inputs) < 2:
            return ()
        order = list(self.scopes)
        between = [self.scopes[name] for name in order[min(map(order.index, inputs)) + 1 :] if self.scopes[name]]
        shared = list(between[0]) if between else []
        for scope in between:
            shared = [path for path in shared if path in scope]
        while shared and self.is_sequence(shared[-1]):
            shared.pop()
        return tuple(shared)

    def is_sequence(self, path: str) -> bool:
        """Whether all that is in a module has a number as its name."""
        names = {name[len(path) + 1 :].partition(".")[0] for name in self.nodes if name.startswith(f"{path}.")}
        return bool(names) and all(name.partition(":")[0].isdecimal() for name in names)

    def find_place(self, node: Node) -> Place | None:
        top = (node.path or "".join(node.scope[:1])).partition(".")[0]
        return self.places.get(top.partition("_")[2])

    def path_of(self, node: Node, place: Place, scope: tuple[str, ...]) -> str:
        """Path of a layer: what its weight is called after, its own module in the scope, or a name in it."""
        if node.path in self.paths:
            return self.paths[node.path]
        wished = place.weight or (scope[-1] if scope and self.is_module(place, node) else "")
        assert isinstance(node.op, Layer)
        if wished and not node.op.has_tensors and self.plain.setdefault(wished, node.op.key) == node.op.key:
            self.paths[node.path] = wished  # one activation that is called at several places
            return wished
        if not wished or wished in self.paths.values() or any(wished == path for path in self.outer_scopes()):
            wished = ".".join((*scope[-1:], place.op_type.lower()))
        path, count = wished, 1
        while path in self.paths.values():
            count += 1
            path = f"{wished}_{count}"
        self.paths[node.path] = path
        return path

    def is_module(self, place: Place, node: Node) -> bool:
        """Whether the innermost module of the scope is the layer itself."""
        kind = place.scope[-1][1] if place.scope else ""
        return not kind or kind == (type(node.layer).__name__ if node.layer is not None else "")

    def outer_scopes(self) -> set[str]:
        """Paths that have something inside, so that no layer can be there."""
        if not hasattr(self, "_outer"):
            self._outer = {path for place in self.places.values() for path, _ in place.scope[:-1]}
        return self._outer

    def put(self, node: Node, wished: str, scope: tuple[str, ...], path: str) -> None:
        name, count = wished, 1
        while name in self.nodes:
            count += 1
            name = f"{wished}:{count}"
        self.names[node.name], self.scopes[node.name] = name, scope
        args: Any = rename_refs(node.args, self.names)
        kwargs: Any = rename_refs(dict(node.kwargs), self.names)
        self.nodes[name] = node.replace(name=name, args=args, kwargs=kwargs, scope=scope, path=path)

    def constant_path(self, path: str) -> str:
        """Path of a tensor that an op reads itself: what the file calls it, if that is a path."""
        if path not in self.paths:
            wished = self.own_names.get(path.removeprefix(_INITIALIZER), "")
            free = _PATH.fullmatch(wished) and ".." not in f".{wished}." and wished not in self.paths.values()
            self.paths[path] = wished if free else f"constant_{len(self.paths)}"
        return self.paths[path]

    def rename(self, tensor: str) -> str:
        """The new name of a tensor of the converted module."""
        if tensor.startswith(_INITIALIZER):
            return self.constant_path(tensor)
        if tensor in self.paths:  # read by an op, such as the scale of an InstanceNormalization
            return self.paths[tensor]
        path, _, last = tensor.rpartition(".")
        return f"{self.paths[path]}.{last}" if path in self.paths else tensor
