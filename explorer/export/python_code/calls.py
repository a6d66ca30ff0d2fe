"""Which module calls hold which ops: the frames that become classes, and what goes in and out of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Function, Layer, Output
from explorer.graph.to_module import module_paths


@dataclass(eq=False)
class Frame:
    """One call of one module: its ops and the calls inside it, in execution order."""

    path: str
    cls: str
    events: list[Node | Frame] = field(default_factory=list)
    inputs: list[str | tuple[str, ...]] = field(default_factory=list)  # values read from outside; tuples are lists
    results: list[str] = field(default_factory=list)  # values read outside

    def nodes(self) -> Iterator[Node]:
        """All ops inside, in execution order."""
        for event in self.events:
            if isinstance(event, Frame):
                yield from event.nodes()
            else:
                yield event

    def frames(self) -> Iterator[Frame]:
        """The frames inside, innermost first, and this one."""
        for event in self.events:
            if isinstance(event, Frame):
                yield from event.frames()
        yield self


class Calls:
    """The frames of a network. A module called once, with all it uses inside it, is a frame; ops of any other belong
    to the frame around it."""

    def __init__(self, architecture: Architecture, *, in_one_class: bool = False) -> None:
        self.architecture = architecture
        self.in_one_class = in_one_class
        live = architecture.live.values()
        self.paths = module_paths(architecture)
        self.nodes = [node for node in live if not isinstance(node.op, (Bypass, Constant))]
        self.readers = self._readers()
        self.root = self._build()
        for frame in self.root.frames():
            self._connect(frame)
        self._gather_lists()

    def source(self, name: str) -> str:
        """The node that computes a value: an op that is switched off passes on its input."""
        node = self.architecture.nodes[name]
        return self.source(node.inputs[0]) if isinstance(node.op, Bypass) else name

    def reads(self, node: Node) -> list[str]:
        """Names of the values that a node reads, one for each place; constants too."""
        return [self.source(name) for name in node.inputs]

    def is_constant(self, name: str) -> bool:
        return isinstance(self.architecture.nodes[name].op, Constant)

    def _readers(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for node in self.nodes:
            for name in self.reads(node):
                found.setdefault(name, []).append(node.name)
        return found

    def _build(self) -> Frame:
        closed = set() if self.in_one_class else self._closed()
        root = Frame("", self.architecture.module_classes.get("", ""))
        stack = [root]
        for node in self.nodes:
            paths = [path for path in node.scope if path in closed]
            depth = 0
            while depth < len(paths) and depth + 1 < len(stack) and stack[depth + 1].path == paths[depth]:
                depth += 1
            del stack[depth + 1 :]
            for path in paths[depth:]:
                frame = Frame(path, self.architecture.module_classes.get(path, ""))
                stack[-1].events.append(frame)
                stack.append(frame)
            stack[-1].events.append(node)
        return root

    def _closed(self) -> set[str]:
        """Paths of the modules that are called once and use only what is theirs."""
        runs: dict[str, int] = {}
        broken: set[str] = set()
        before: tuple[str, ...] = ()
        layers = {self.paths[node.name] for node in self.nodes if isinstance(node.op, Layer)}
        for node in self.nodes:
            for outer, path in zip(("", *node.scope), node.scope, strict=False):
                runs[path] = runs.get(path, 0) + (path not in before)
                if (outer and not path.startswith(f"{outer}.")) or path in layers:
                    broken.add(path)
            before = node.scope
            used = [self.paths[name] for name in self.reads(node) if self.is_constant(name)]
            for path in (*used, *([self.paths[node.name]] if isinstance(node.op, Layer) else [])):
                broken.update(outer for outer in node.scope if not path.startswith(f"{outer}."))
        return {path for path, count in runs.items() if count == 1} - broken

    def _connect(self, frame: Frame) -> None:
        """Find what enters and what leaves; frames inside are done."""
        inside = {node.name for node in frame.nodes()}
        entering = (name for node in frame.nodes() for name in self.reads(node))
        frame.inputs = [name for name in dict.fromkeys(entering) if name not in inside and not self.is_constant(name)]
        frame.results = [name for name in inside_order(frame) if not inside.issuperset(self.readers.get(name, ()))]

    def _gather_lists(self) -> None:
        """Modules of one class that join different numbers of values take them as one list, as dense layers do."""
        lists: dict[str, list[tuple[Frame, tuple[str, ...]]]] = {}
        for frame in self.root.frames():
            if frame.path and (names := self._joined_input(frame)):
                lists.setdefault(frame.cls, []).append((frame, names))
        for found in lists.values():
            if len({len(names) for _, names in found}) > 1:
                for frame, names in found:
                    frame.inputs = [names, *(name for name in frame.inputs if name not in names)]

    def _joined_input(self, frame: Frame) -> tuple[str, ...]:
        for event in frame.events:
            if not isinstance(event, Node) or not isinstance(event.op, Function):
                continue
            for arg in event.args:
                names = list_of_values(arg)
                names = tuple(self.source(name) for name in names)
                if names and all(name in frame.inputs for name in names) and self._only_read(frame, event, names):
                    return names
        return ()

    def _only_read(self, frame: Frame, event: Node, names: tuple[str, ...]) -> bool:
        inside = {node.name for node in frame.nodes()}
        readers = [reader for name in names for reader in self.readers[name] if reader in inside]
        return readers == [event.name] * len(names)


def inside_order(frame: Frame) -> list[str]:
    """Return the names of a frame's nodes in the order of the pass, without its output."""
    return [node.name for node in frame.nodes() if not isinstance(node.op, Output)]


def list_of_values(value: Any) -> tuple[str, ...]:
    """Names of the values in a list that holds nothing else; empty for anything else."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, Ref) for item in value):
        return tuple(item.name for item in value)
    return ()
