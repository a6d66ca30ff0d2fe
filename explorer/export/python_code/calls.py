"""Which module calls hold which ops: the frames that become classes, and what goes in and out of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
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
    """The frames of a network. A call of a module that uses only what is inside of it is a frame, if all calls of that
    module do the same; ops of any other belong to the frame around it."""

    def __init__(self, architecture: Architecture, *, in_one_class: bool = False) -> None:
        self.architecture = architecture
        self.in_one_class = in_one_class
        live = architecture.live.values()
        self.paths = module_paths(architecture)
        self.nodes = [node for node in live if not isinstance(node.op, (Bypass, Constant))]
        self.readers = self._readers()
        closed = set() if in_one_class else self._closed()
        self.root = self._build(closed)
        while unlike := self._unlike_calls():
            closed -= unlike
            self.root = self._build(closed)
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

    def _build(self, closed: set[str]) -> Frame:
        """The frames of calls of these modules, with what goes in and out of each."""
        root = self._frame("", [(node, [path for path in node.scope if path in closed]) for node in self.nodes], 0)
        for frame in root.frames():
            self._connect(frame)
        return root

    def _frame(self, path: str, run: list[tuple[Node, list[str]]], depth: int) -> Frame:
        """The call of a module that makes a run of ops, each with the closed modules around it."""
        frame = Frame(path, self.architecture.module_classes.get(path, ""))
        for inner, ops in groupby(run, lambda op: op[1][depth] if len(op[1]) > depth else ""):
            if inner:
                frame.events += [self._frame(inner, call, depth + 1) for call in self._split(list(ops))]
            else:
                frame.events += [node for node, _ in ops]
        return frame

    def _split(self, run: list[tuple[Node, list[str]]]) -> list[list[tuple[Node, list[str]]]]:
        """The calls of a module that follow one another, as those of a Siamese network do: none reads another's."""
        does = [(node.signature, self.paths.get(node.name)) for node, _ in run]
        for length in range(1, len(run) // 2 + 1):
            if len(run) % length or does[length:] != does[:-length]:
                continue
            calls = [run[start : start + length] for start in range(0, len(run), length)]
            made = [{node.name for node, _ in call} for call in calls]
            read = [{name for node, _ in call for name in self.reads(node)} for call in calls]
            if not any(read[n] & other for n in range(len(calls)) for m, other in enumerate(made) if m != n):
                return calls
        return [run]

    def _closed(self) -> set[str]:
        """Paths of the modules that use only what is theirs."""
        found: set[str] = set()
        broken: set[str] = set()
        layers = {self.paths[node.name] for node in self.nodes if isinstance(node.op, Layer)}
        for node in self.nodes:
            for outer, path in zip(("", *node.scope), node.scope, strict=False):
                found.add(path)
                if (outer and not path.startswith(f"{outer}.")) or path in layers:
                    broken.add(path)
            used = [self.paths[name] for name in self.reads(node) if self.is_constant(name)]
            for path in (*used, *([self.paths[node.name]] if isinstance(node.op, Layer) else [])):
                broken.update(outer for outer in node.scope if not path.startswith(f"{outer}."))
        return found - broken

    def _unlike_calls(self) -> set[str]:
        """Paths of the modules whose calls are not written as calls of one class: they do not do the same, or what one
        makes of its parts is read outside. Those that are have the same results from here on."""
        calls: dict[str, list[Frame]] = {}
        for frame in self.root.frames():
            calls.setdefault(frame.path, []).append(frame)
        found: set[str] = set()
        for path, (first, *others) in calls.items():
            ordered = inside_order(first)
            orders = [ordered, *(inside_order(other) for other in others)]
            if not all(self._do_the_same(first, other) for other in others):
                found.add(path)
                continue
            frames = [first, *others]
            read = {order.index(name) for frame, order in zip(frames, orders, strict=True) for name in frame.results}
            for frame, order in zip(frames, orders, strict=True):
                frame.results = [order[place] for place in sorted(read)]
        return found

    def _do_the_same(self, one: Frame, two: Frame) -> bool:
        """Whether two calls of a module run the same ops on the same parts, wired alike."""
        ours, theirs = list(one.nodes()), list(two.nodes())
        if len(ours) != len(theirs) or len(one.inputs) != len(two.inputs):
            return False
        same = {a.name: b.name for a, b in zip(ours, theirs, strict=True)}
        entering = zip(one.inputs, two.inputs, strict=True)
        same.update((a, b) for a, b in entering if isinstance(a, str) and isinstance(b, str))
        return all(
            a.signature == b.signature
            and self.paths.get(a.name) == self.paths.get(b.name)
            and _below(a.scope, one.path) == _below(b.scope, two.path)
            and [same.get(name, name) for name in self.reads(a)] == self.reads(b)
            for a, b in zip(ours, theirs, strict=True)
        )

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


def _below(scope: tuple[str, ...], path: str) -> tuple[str, ...]:
    """The modules around an op from that one on."""
    return scope[scope.index(path) :]


def list_of_values(value: Any) -> tuple[str, ...]:
    """Names of the values in a list that holds nothing else; empty for anything else."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, Ref) for item in value):
        return tuple(item.name for item in value)
    return ()
