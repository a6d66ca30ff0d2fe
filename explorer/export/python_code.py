"""The network as Python: the source of an `nn.Module` that rebuilds it and needs nothing of this program.

Its state dict has the names of the network's own, so that weights exported beside it, or taken from the model it came
from, fit.
"""

from __future__ import annotations

import json
import keyword
import operator
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from explorer.analysis.analysis import analyse
from explorer.export.layer_code import import_line, layer_call, python_literal
from explorer.export.page import ExportError
from explorer.graph.architecture import Architecture, Bypass, Constant, Function, Input, Layer, Method, Node, Output
from explorer.graph.arguments import Ref
from explorer.graph.to_module import to_class_name
from explorer.network import Network
from explorer.presenters import titles

_INFIX_OPERATORS = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.matmul: "@",
}
_TORCH_NAMES = {
    **{id(value): f"torch.{name}" for name, value in vars(torch).items() if callable(value)},
    **{id(value): f"F.{name}" for name, value in vars(F).items() if callable(value) and not name.startswith("_")},
}


def save_code(network: Network, path: Path) -> None:
    """Write the network as Python. Raises ExportError; then nothing is written."""
    from explorer.export.sheet_files import write_export

    source = python_source(network)
    write_export(path, lambda beside: beside.write_text(source, encoding="utf-8"))


def python_source(network: Network) -> str:
    """The source of a module in eval-mode form, with fresh weights.

    Raises ExportError for a layer, function or value that cannot be written; the message names it.
    """
    architecture = network.architecture
    writer = _Writer(architecture)
    forward = writer.forward()
    made = writer.constructors()
    name = to_class_name(architecture.title)
    edits = [f"    - {_one_line(edit.title)}" for edit in network.history.applied_edits]
    shape = " × ".join(map(str, architecture.input_shape))
    lines = [
        '"""' + f"{_one_line(architecture.title)}, as CNN Explorer wrote it.",
        *(["", "Edits made to the original:", *edits] if edits else []),
        "",
        f"Input: {shape} (batch, channels, height, width). Weights are fresh: load_state_dict() those saved beside.",
        '"""',
        "",
        *sorted(writer.standard),
        "import torch",
        *(["import torch.nn.functional as F"] if writer.functional else []),
        "from torch import nn",
        *sorted(writer.imports),
        "",
        "",
        f"class {name}(nn.Module):",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *made,
        "",
        "    def forward(self, x: torch.Tensor) -> torch.Tensor:",
        *forward,
        "",
    ]
    return "\n".join(lines)


class _Tree:
    """Modules by the parts of their paths: containers hold others, a leaf has the call that makes it."""

    def __init__(self) -> None:
        self.inside: dict[str, _Tree] = {}
        self.code = ""

    @property
    def is_list(self) -> bool:
        return bool(self.inside) and list(self.inside) == [str(n) for n in range(len(self.inside))]


class _Writer:
    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.hierarchy = analyse(architecture).hierarchy
        self.imports: set[str] = set()
        self.standard: set[str] = set()
        self.functional = False
        self.tree = _Tree()
        self.tensors: dict[str, Constant] = {}
        for node in architecture.live.values():
            self.hold(node)
        self.names = self.named()

    # layers

    def hold(self, node: Node) -> None:
        if isinstance(node.op, Constant):
            self.tensors[node.path] = node.op
            self.place(node.path.rpartition(".")[0])
            return
        if not isinstance(node.op, Layer):
            return
        place = self.place(node.path)
        if not place.code:
            place.code, line = layer_call(node.path, node.op.module)
            self.imports.update(filter(None, [line]))

    def place(self, path: str) -> _Tree:
        place = self.tree
        for part in filter(None, path.split(".")):
            place = place.inside.setdefault(part, _Tree())
        return place

    def constructors(self) -> list[str]:
        lines: list[str] = []
        for name, tree in self.tree.inside.items():
            target = f"self.{name} = {{}}" if _is_name(name) else f"self.add_module({name!r}, {{}})"
            lines += _filled("        ", target, _made(tree, "        "))
        for path, constant in self.tensors.items():
            owner, _, name = path.rpartition(".")
            holder = self.at(owner) if owner else "self"
            shape = python_literal(tuple(constant.tensor.shape), path)
            if constant.is_parameter:
                lines.append(f"        {holder}.register_parameter({name!r}, nn.Parameter(0.02 * torch.randn{shape}))")
            else:
                kind = str(constant.tensor.dtype)
                lines.append(f"        {holder}.register_buffer({name!r}, torch.zeros({shape}, dtype={kind}))")
        return lines

    def at(self, path: str) -> str:
        """How a module is reached: `self.layer1[0].conv1`."""
        code, place = "self", self.tree
        for number, part in enumerate(path.split(".")):
            if number == 0:
                code += f".{part}" if _is_name(part) else f"._modules[{part!r}]"
            else:
                code += f"[{part}]" if place.is_list else f"[{_quoted(part)}]"
            place = place.inside[part]
        return code

    # the way through

    def named(self) -> dict[str, str]:
        """A variable for every value. One that only the next line reads is just x."""
        order = [node for node in self.architecture.live.values() if not isinstance(node.op, (Bypass, Constant))]
        readers: dict[str, list[int]] = {}
        for number, node in enumerate(order):
            for name in node.inputs:
                readers.setdefault(self.behind(name), []).append(number)
        names: dict[str, str] = {}
        taken = {"x", "self"}
        for number, node in enumerate(order):
            if set(readers.get(node.name, ())) <= {number + 1}:
                names[node.name] = "x"
                continue
            wished = re.sub(r"\W+", "_", node.name if not isinstance(node.op, Input) else "image").strip("_") or "value"
            wished = wished if _is_name(wished) else f"v_{wished}"
            name, count = wished, 1
            while name in taken:
                count += 1
                name = f"{wished}_{count}"
            taken.add(name)
            names[node.name] = name
        return names

    def behind(self, name: str) -> str:
        """The node that makes a value: ops that are switched off only pass it on."""
        node = self.architecture.nodes[name]
        return self.behind(node.inputs[0]) if isinstance(node.op, Bypass) else name

    def forward(self) -> list[str]:
        lines: list[str] = []
        place = ""
        for node in self.architecture.live.values():
            if isinstance(node.op, (Bypass, Constant)):
                continue
            block = self.hierarchy.block_of(node.name)
            here = block.id if block is not None else ""
            if block is not None and here != place:
                what = titles.group_title(analyse(self.architecture), block)
                lines += ["", f"        # {_one_line(here)}: {_one_line(what)}"]
            elif place and not here:
                lines.append("")
            place = here
            lines += self.line(node)
        while lines and not lines[0]:
            lines.pop(0)
        return lines

    def line(self, node: Node) -> list[str]:
        if isinstance(node.op, Input):
            return [f"        {self.names[node.name]} = x"] if self.names[node.name] != "x" else []
        if isinstance(node.op, Output):
            return [f"        return {self.value(node.args[0], node.name)}"]
        return [f"        {self.names[node.name]} = {self.call(node)}"]

    def call(self, node: Node) -> str:
        args = [self.value(arg, node.name) for arg in node.args]
        named = [f"{name}={self.value(value, node.name)}" for name, value in node.kwargs.items()]
        given = ", ".join(args + named)
        if isinstance(node.op, Layer):
            return f"{self.at(node.path)}({given})"
        if isinstance(node.op, Method):
            return f"{args[0]}.{node.op.name}({', '.join(args[1:] + named)})"
        assert isinstance(node.op, Function)
        call = node.op.call
        if call in _INFIX_OPERATORS and len(args) == 2:
            return f"{args[0]} {_INFIX_OPERATORS[call]} {args[1]}"
        if call is operator.getitem:
            return f"{args[0]}[{self.index(node.args[1], node.name)}]"
        if call is getattr and isinstance(node.args[1], str):
            return f"{args[0]}.{node.args[1]}"
        return f"{self.function(call, node.name)}({given})"

    def function(self, call: Any, where: str) -> str:
        if getattr(call, "__name__", "") == "channel_shuffle":  # every library has its own; torch's does the same
            self.functional = True
            return "F.channel_shuffle"
        known = _TORCH_NAMES.get(id(call))
        if known is not None:
            self.functional |= known.startswith("F.")
            return known
        name = str(getattr(call, "__name__", ""))
        if getattr(operator, name, None) is call:
            self.standard.add("import operator\n")
            return f"operator.{name}"
        if getattr(call, "__module__", "") != "builtins":
            self.imports.add(import_line(call, where))
        return name

    def value(self, value: Any, where: str) -> str:
        if isinstance(value, Ref):
            node = self.architecture.nodes[self.behind(value.name)]
            if isinstance(node.op, Constant):
                owner, _, name = node.path.rpartition(".")
                return f"{self.at(owner) if owner else 'self'}.{name}"
            return self.names[node.name]
        if isinstance(value, slice):
            return f"slice({', '.join(self.value(v, where) for v in (value.start, value.stop, value.step))})"
        if isinstance(value, tuple):
            items = [self.value(item, where) for item in value]
            return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
        if isinstance(value, list):
            return f"[{', '.join(self.value(item, where) for item in value)}]"
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{key!r}: {self.value(item, where)}" for key, item in value.items()) + "}"
        return python_literal(value, where)

    def index(self, value: Any, where: str) -> str:
        """What stands between the brackets: `:, 0`."""
        if isinstance(value, tuple) and value:
            return ", ".join(self.index(item, where) for item in value) + ("," if len(value) == 1 else "")
        if isinstance(value, slice):
            ends = ["" if v is None else self.value(v, where) for v in (value.start, value.stop)]
            step = "" if value.step is None else f":{self.value(value.step, where)}"
            return ":".join(ends) + step
        return self.value(value, where)


def _made(tree: _Tree, indent: str) -> list[str]:
    """The call that makes a module and what is in it, over as many lines as it takes."""
    if not tree.inside:
        return [tree.code or "nn.ModuleDict()"]  # without layers, it holds tensors of its own
    inner = indent + "    "
    lines: list[str] = []
    opens, closes = ("nn.ModuleList([", "])") if tree.is_list else ("nn.ModuleDict({", "})")
    for name, child in tree.inside.items():
        if not tree.is_list and hasattr(nn.ModuleDict, name):
            raise ExportError(f"a module called {name!r} cannot be written as Python: torch keeps that name to itself")
        made = _made(child, inner)
        first = made[0] if tree.is_list else f"{_quoted(name)}: {made[0]}"
        lines += [inner + first, *made[1:]]
        lines[-1] += ","
    return [opens, *lines, indent + closes]


def _filled(indent: str, target: str, made: list[str]) -> list[str]:
    before, after = target.split("{}")
    lines = [indent + before + made[0], *made[1:]]
    lines[-1] += after
    return lines


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.replace('"""', "'''").replace("\\", "/").split())


__all__ = ["python_source", "save_code"]
