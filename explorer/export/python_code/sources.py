"""What a file needs besides its own classes: imports, and the source of what nobody could import."""

from __future__ import annotations

import inspect
import operator
import re
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from explorer.base.languages import tr
from explorer.export.page import ExportError
from explorer.export.python_code.layers import LayerCall, class_reference, import_line, python_literal
from explorer.export.python_code.written_out import (
    assignment_of,
    is_importable,
    namespace_of,
    read_names,
    source_of,
)

_KNOWN: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}
_NAMESPACES = {
    "torch": torch,
    "F": F,
    "torch.fft": torch.fft,
    "torch.linalg": torch.linalg,
    "torch.special": torch.special,
}
_TORCH_NAMES = {
    id(value): f"{prefix}.{name}"
    for prefix, namespace in _NAMESPACES.items()
    for name, value in vars(namespace).items()
    if callable(value) and not name.startswith("_")
}


class Sources:
    """Collects imports and definitions while a network is read."""

    def __init__(self, is_channels_first: bool = True) -> None:
        self.is_channels_first = is_channels_first  # how every map of the network lies in memory
        self.imports: dict[str, str] = {}  # the line, by the name that it brings
        self.definitions: dict[str, str] = {}  # source by name
        self.standard: set[str] = set()
        self.layers: dict[str, LayerCall] = {"nn.Identity": LayerCall(nn.Identity, ())}  # it fills gaps in sequences
        self.parameters: dict[str, tuple[str, ...]] = {}  # names of the arguments of functions
        self._things: dict[str, Any] = {}

    @property
    def names(self) -> frozenset[str]:
        """Names that the file's own classes cannot have."""
        return frozenset({*self.imports, *self.definitions})

    def layer(self, path: str, call: LayerCall) -> str:
        """The name of a layer's class in the file."""
        name = self.class_name(call.cls, path)
        self.layers.setdefault(name, call)
        return name

    def class_name(self, cls: type[nn.Module], where: str) -> str:
        """The name of a class of layers in the file. Raises ExportError for one that cannot be had."""
        name = class_reference(cls)
        return name if name.startswith("nn.") else self._bring(cls, where)

    def function(self, call: Any, where: str) -> str:
        """The name of a function in the file. Raises ExportError for one that cannot be had."""
        name = str(getattr(call, "__name__", ""))
        if name == "channel_shuffle" and self.is_channels_first:
            # Every library has its own, and torch's does the same; but it leaves a map with its channels last in memory
            # so, where the others make it contiguous: what is computed of it then is rounded otherwise.
            return "F.channel_shuffle"
        if id(call) in _TORCH_NAMES:
            return _TORCH_NAMES[id(call)]
        if getattr(operator, name, None) is call:
            self.standard.add("import operator")
            return f"operator.{name}"
        if isinstance(call, (torch._ops.OpOverload, torch._ops.OpOverloadPacket)):
            return self._registered_op(str(call))
        owner = getattr(call, "__self__", None)
        if isinstance(owner, type) and name:  # the `apply` of an autograd function
            return f"{self._bring(owner, where)}.{name}"
        if getattr(call, "__module__", "") == "builtins":
            return name
        return self._bring(call, where)

    def reference(self, thing: Any, where: str) -> str:
        """How a class or function is called in the file where it stands as a value."""
        if isinstance(thing, type):
            return self.class_name(thing, where) if thing.__module__ != "builtins" else thing.__name__
        return self.function(thing, where)

    def _registered_op(self, name: str) -> str:
        package = name.partition(".")[0]
        if package in ("torchvision", "torchaudio"):  # importing it registers its ops
            self.imports[package] = f"import {package}  # noqa: F401"
        return f"torch.ops.{name}"

    def _bring(self, thing: Any, where: str) -> str:
        if not hasattr(thing, "__name__"):
            raise ExportError(
                tr(
                    "{where} cannot be written as Python: {thing!r} has no name to be imported by",
                    where=where,
                    thing=thing,
                )
            )
        name, count = str(thing.__name__), 1
        while self._things.setdefault(name, thing) is not thing:
            count += 1
            name = f"{thing.__name__}{count}"
        if name in self.imports or name in self.definitions:
            return name
        if inspect.isfunction(thing):
            self.parameters[name] = tuple(inspect.signature(thing).parameters)
        if is_importable(thing):
            line = import_line(thing, where)
            self.imports[name] = line if name == thing.__name__ else f"{line} as {name}"
        else:
            self._write_out(thing, name, where)
        return name

    def _write_out(self, thing: Any, name: str, where: str) -> None:
        """Put the source of a class or function in the file, behind that of all it needs."""
        source = source_of(thing, where)
        namespace = namespace_of(thing)
        self._bring_names(source, thing, namespace, where)
        if name != thing.__name__:
            source = re.sub(rf"\b{thing.__name__}\b", name, source)
        self.definitions[name] = source

    def _bring_names(self, source: str, thing: Any, namespace: dict[str, Any], where: str) -> None:
        for name in read_names(source):
            if name not in namespace:
                raise ExportError(
                    tr(
                        "{where} cannot be written as Python: {function} needs {name}",
                        where=where,
                        function=thing.__name__,
                        name=name,
                    )
                )
            value = namespace[name]
            if name in _KNOWN and _KNOWN[name] is value:
                if name == "F":
                    self.imports["F"] = "import torch.nn.functional as F"
                continue
            if self._things.setdefault(name, value) is not value:
                raise ExportError(
                    tr(
                        "{where} cannot be written as Python: {function} needs a {name} of its own, and "
                        "another thing has that name; rename one of them",
                        where=where,
                        function=thing.__name__,
                        name=name,
                    )
                )
            if name not in self.imports and name not in self.definitions:
                self._bring_global(name, value, thing, namespace, where)

    def _bring_global(self, name: str, value: Any, thing: Any, namespace: dict[str, Any], where: str) -> None:
        if isinstance(value, ModuleType):
            dotted = value.__name__
            self.imports[name] = f"import {dotted}" if dotted == name else f"import {dotted} as {name}"
        elif isinstance(value, type) or inspect.isfunction(value) or inspect.isbuiltin(value):
            own = value.__name__
            if is_importable(value):
                self.imports[name] = import_line(value, where) + ("" if own == name else f" as {name}")
            elif value is not thing:
                self._write_out(value, name, where)
        else:
            try:
                self.definitions[name] = f"{name} = {python_literal(value, where)}\n"
            except ExportError:
                statement = assignment_of(name, thing)
                if statement is None:
                    raise
                self._bring_names(statement, thing, namespace, where)
                self.definitions[name] = statement
