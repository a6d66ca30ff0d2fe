"""The network as an immutable snapshot.

torch.fx traces a module into a mutable graph; this is what is kept of it. Nodes are frozen, a snapshot is a read-only
mapping of them in execution order, and an edit makes the next snapshot by copying the mapping (about 20 µs for
EfficientNet-B7) and putting new nodes in it. A `torch.fx.Graph` would have to be copied node by node instead (9 ms),
which is more than half a frame. Undo, compare and "what changed" are then a matter of holding on to two snapshots.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

import networkx as nx
import torch

from explorer.base.languages import tr
from explorer.graph.node import Node, rename_inputs, takes_value
from explorer.graph.ops import Bypass, Constant, Input, Layer, Output
from explorer.graph.size_reads import size_read_of


class Architecture:
    """An immutable snapshot of a network: its nodes in execution order."""

    def __init__(
        self,
        title: str,
        nodes: Mapping[str, Node],
        module_classes: Mapping[str, str],
        unused_params: Mapping[str, int] | None = None,
        key: str = "",
        shared_params: Mapping[str, str] | None = None,
        opened: Architecture | None = None,
    ) -> None:
        self.title = title
        self.key = key
        self._opened = opened
        #: Execution order. May hold nodes that no longer reach the output: an edit that switches a shortcut off
        #: leaves its projection in place, dead, so that it can be switched on again. `live` is what counts.
        self.nodes: Mapping[str, Node] = MappingProxyType(dict(nodes))
        #: Class name of every module on the way, by path.
        self.module_classes: Mapping[str, str] = MappingProxyType(dict(module_classes))
        #: Parameters of modules that inference never calls (auxiliary heads), by path.
        self.unused_params: Mapping[str, int] = MappingProxyType(dict(unused_params or {}))
        #: Paths of parameters that are the same object as one with another path, and that path.
        self.shared_params: Mapping[str, str] = MappingProxyType(dict(shared_params or {}))

    @property
    def opened(self) -> Architecture:
        """The network as opened that this snapshot was made of by edits: itself where there were none."""
        return self if self._opened is None else self._opened

    @cached_property
    def dtype(self) -> torch.dtype:
        """The type of the network's numbers, as opened: that of the first layer that has any; float32 for none."""
        if self._opened is not None:
            return self._opened.dtype
        layers = (node.op.module for node in self.nodes.values() if isinstance(node.op, Layer))
        types = (tensor.dtype for layer in layers for tensor in layer._parameters.values() if tensor is not None)
        return next((dtype for dtype in types if dtype.is_floating_point or dtype.is_complex), torch.float32)

    @cached_property
    def number_formats(self) -> frozenset[torch.dtype]:
        """The types of numbers with fractions that its layers have."""
        layers = (node.op.module for node in self.nodes.values() if isinstance(node.op, Layer))
        types = (tensor.dtype for layer in layers for tensor in layer._parameters.values() if tensor is not None)
        return frozenset(dtype for dtype in types if dtype.is_floating_point or dtype.is_complex)

    @cached_property
    def edited_names(self) -> frozenset[str]:
        """Names of the nodes that an edit put there, replaced or switched off."""
        nodes = self.nodes.values()
        return frozenset(n.name for n in nodes if n.added or n.original is not None or isinstance(n.op, Bypass))

    @cached_property
    def own_blocks(self) -> frozenset[str]:
        """Paths of the modules that edits made around layers and blocks: they stay blocks, whatever they hold."""
        return frozenset(path for node in self.live.values() for path in node.own_blocks)

    @cached_property
    def live(self) -> Mapping[str, Node]:
        """The nodes that reach the output, in execution order, and the input."""
        wanted: set[str] = set()
        for node in reversed(list(self.nodes.values())):
            if node.name in wanted or isinstance(node.op, (Output, Input)):
                wanted.add(node.name)
                wanted.update(node.inputs)
        if len(wanted) == len(self.nodes):
            return self.nodes
        return MappingProxyType({name: node for name, node in self.nodes.items() if name in wanted})

    @cached_property
    def size_reads(self) -> tuple[Node, ...]:
        """What the code read of sizes while it was recorded, as ops of `SizeRead`."""
        return tuple(node for node in self.nodes.values() if size_read_of(node.op) is not None)

    @cached_property
    def shared_layers(self) -> Mapping[str, tuple[str, ...]]:
        """The live calls, in execution order, of every layer with tensors that is called at several places, by its
        path."""
        calls: dict[str, list[Node]] = {}
        for node in self.live.values():
            if isinstance(node.op, (Layer, Bypass)) and node.path:
                calls.setdefault(node.path, []).append(node)
        return {
            path: tuple(node.name for node in nodes)
            for path, nodes in calls.items()
            if len(nodes) > 1 and any(isinstance(node.op, Layer) and node.op.has_tensors for node in nodes)
        }

    @cached_property
    def repeated_params(self) -> Mapping[str, int]:
        """How many trainable numbers of a node an earlier node holds as well, by name, where there are any: a weight
        that two layers share, or that the code also reads itself. Two calls of one layer have one path, and are not
        meant. A layer that an edit changed has weights of its own."""
        if not self.shared_params and not any(isinstance(n.op, Constant) for n in self.live.values()):
            return {}
        found: dict[str, int] = {}
        paths: set[str] = set()
        seen: set[str] = set()
        for node in self.live.values():
            if node.path in paths or node.added or node.original is not None:
                continue
            paths.add(node.path)
            for name, size in _named_sizes(node):
                parameter = self.shared_params.get(name, name)
                if parameter in seen:
                    found[node.name] = found.get(node.name, 0) + size
                seen.add(parameter)
        return found

    @cached_property
    def users(self) -> Mapping[str, tuple[str, ...]]:
        """For each node, the live nodes that take its value, one for each input slot."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for node in self.live.values():
            for name in node.inputs:
                found[name].append(node.name)
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The data flow: an edge from each node, dead ones included, to every node that reads its value. Frozen."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from((source, node.name) for node in self.nodes.values() for source in node.inputs)
        return nx.freeze(graph)

    @cached_property
    def immediate_dominators(self) -> Mapping[str, str]:
        """For each node behind the input, the last node before it that all paths from the input to it pass through.

        As in Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", 2001, in a single pass: in execution
        order every node comes behind what it reads. networkx, which cannot know that, takes ten times as long.
        """
        numbers, names = {self.input.name: 0}, [self.input.name]
        dominators = [0]
        for node in self.nodes.values():
            nearest = -1
            for source in node.inputs:
                other = numbers.get(source, -1)  # none of what does not depend on the image
                nearest = other if nearest < 0 else nearest
                while other >= 0 and nearest != other:
                    if nearest > other:
                        nearest = dominators[nearest]
                    else:
                        other = dominators[other]
            if nearest >= 0:
                numbers[node.name] = len(names)
                names.append(node.name)
                dominators.append(nearest)
        return {name: names[dominators[number]] for name, number in numbers.items() if number}

    def ancestors(self, *names: str, within: Collection[str] | None = None) -> set[str]:
        """Return the nodes whose values some nodes depend on, and these themselves; with `within`, only what lies
        among these nodes and on paths inside them."""
        graph = self.graph if within is None else self.graph.subgraph(within)
        layers = nx.bfs_layers(graph.reverse(copy=False), [name for name in names if name in graph])
        return {name for layer in layers for name in layer}

    @cached_property
    def input(self) -> Node:
        """The node of the main input: the image."""
        return next((node for node in self.inputs if node.op.is_main), self.inputs[0])  # type: ignore[union-attr]

    @cached_property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes of all inputs, in the order in which a module that is built of this takes them."""
        return tuple(node for node in self.nodes.values() if isinstance(node.op, Input))

    @cached_property
    def output(self) -> Node:
        """The node that returns."""
        return next(node for node in self.nodes.values() if isinstance(node.op, Output))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the main input: (batch, channels, height, width) where it is an image."""
        assert isinstance(self.input.op, Input)
        return self.input.op.shape

    def unused_name(self, name: str, *suffixes: str) -> str:
        """Return `name`, or `name~2` and so on, such that no node is called that, with or without a suffix."""
        number, found = 2, name
        while any(found + ending in self.nodes for ending in ("", *suffixes)):
            number, found = number + 1, f"{name}~{number}"
        return found

    def with_changes(
        self,
        replaced: Iterable[Node] = (),
        inserted_after: Mapping[str, Iterable[Node]] = MappingProxyType({}),
        removed: Collection[str] = (),
        module_classes: Mapping[str, str] = MappingProxyType({}),
    ) -> Architecture:
        """The next snapshot.

        Args:
            replaced: nodes that take the place of those with their name.
            inserted_after: new nodes, by the name of the node they come right after.
            removed: names that go, and with them dead nodes that read these; no live node may do so afterwards.
            module_classes: class names of new modules, by path.
        """
        new = {node.name: node for node in replaced}
        if not new.keys() <= self.nodes.keys():
            raise KeyError(f"no node {min(new.keys() - self.nodes.keys())!r} to replace")
        nodes, gone = dict[str, Node](), set(removed)
        for name, old in self.nodes.items():
            if gone and name not in self.live and name not in new and not gone.isdisjoint(old.inputs):
                gone.add(name)  # what a check in the code read, say
            if name not in gone:
                nodes[name] = new.get(name, old)
            for node in inserted_after.get(name, ()):
                if node.name in self.nodes or node.name in nodes:
                    raise KeyError(f"there is a node {node.name!r} already")
                nodes[node.name] = node
        return self.with_nodes(nodes, module_classes)

    def with_nodes(
        self, nodes: Mapping[str, Node], module_classes: Mapping[str, str] = MappingProxyType({})
    ) -> Architecture:
        """The next snapshot with these nodes in this order, and class names of new modules, by path."""
        classes = {**self.module_classes, **module_classes}
        return Architecture(self.title, nodes, classes, self.unused_params, self.key, self.shared_params, self.opened)

    @property
    def shown_title(self) -> str:
        """The title in the language in force. A module of the user's own keeps the name of its class."""
        return tr(self.title) if self.key else self.title

    def with_title(self, title: str) -> Architecture:
        """The network as opened, called otherwise."""
        return Architecture(title, self.nodes, self.module_classes, self.unused_params, self.key, self.shared_params)

    def without_unused(self, paths: Collection[str]) -> Architecture:
        """The next snapshot without some of the modules that never run."""
        unused = {path: count for path, count in self.unused_params.items() if path not in paths}
        return Architecture(
            self.title, self.nodes, self.module_classes, unused, self.key, self.shared_params, self.opened
        )

    def with_replaced(self, changed: Iterable[Node]) -> Architecture:
        """The next snapshot: nodes with a known name take the place of the old ones."""
        return self.with_changes(replaced=changed)

    def with_inserted(self, after: str, node: Node) -> Architecture:
        """The next snapshot with `node` on every edge that leaves `after`."""
        readers = [rename_inputs(old, {after: node.name}) for old in self.nodes.values() if takes_value(old, after)]
        return self.with_changes(replaced=readers, inserted_after={after: [node]})

    def without(self, name: str) -> Architecture:
        """The next snapshot with the node taken out: what read its value reads its first input instead."""
        kept = self.nodes[name].inputs[0]
        readers = [rename_inputs(node, {name: kept}) for node in self.nodes.values() if takes_value(node, name)]
        return self.with_changes(replaced=readers, removed={name})

    def __repr__(self) -> str:
        return f"<Architecture {self.title}: {len(self.live)} nodes>"


def _named_sizes(node: Node) -> Iterator[tuple[str, int]]:
    """Paths of the parameters that a node holds, with how many numbers each has."""
    if isinstance(node.op, Layer):
        for name, parameter in node.op.module.named_parameters():
            yield f"{node.path}.{name}", parameter.numel()
    elif isinstance(node.op, Constant) and node.op.is_parameter:
        yield node.path, node.op.tensor.numel()
