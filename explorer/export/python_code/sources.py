"""What a file needs besides its own classes: imports, and the source of what nobody could import."""

from __future__ import annotations

import ast
import builtins
import inspect
import operator
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from explorer.export.page import ExportError
from explorer.export.python_code.layers import LayerCall, class_reference, import_line

_KNOWN: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}


class Sources:
    """Collects imports and definitions while a network is read."""

    def __init__(self) -> None:
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
        name = class_reference(call.cls)
        if not name.startswith("nn."):
            name = self._bring(call.cls, path)
        self.layers.setdefault(name, call)
        return name

    def function(self, call: Any, where: str) -> str:
        """The name of a function in the file. Raises ExportError for one that cannot be had."""
        name = str(getattr(call, "__name__", ""))
        if getattr(operator, name, None) is call:
            self.standard.add("import operator")
            return f"operator.{name}"
        if getattr(call, "__module__", "") == "builtins":
            return name
        return self._bring(call, where)

    def _bring(self, thing: Any, where: str) -> str:
        name, count = str(thing.__name__), 1
        while self._things.setdefault(name, thing) is not thing:
            count += 1
            name = f"{thing.__name__}{count}"
        if name in self.imports or name in self.definitions:
            return name
        line = import_line(thing, where)
        if inspect.isfunction(thing):
            self.parameters[name] = tuple(inspect.signature(thing).parameters)
        if thing.__module__.partition(".")[0] == "explorer":
            self.definitions[name] = _own_source(thing, where)
        else:
            self.imports[name] = line if name == thing.__name__ else f"{line} as {name}"
        return name


def _own_source(thing: Any, where: str) -> str:
    """The source of a class or function of this program, which the file cannot import."""
    source = inspect.getsource(thing)
    tree = ast.parse(source)
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    foreign = sorted(name for name in read - bound - _KNOWN.keys() if not hasattr(builtins, name))
    if foreign:
        raise ExportError(f"{where} cannot be written as Python: {thing.__name__} needs {', '.join(foreign)}")
    return source.rstrip() + "\n"
