"""The network as an immutable snapshot.

torch.fx traces a module into a mutable graph; this is what is kept of it. Nodes are frozen, a snapshot is a read-only
mapping of them in execution order, and an edit makes the next snapshot by copying the mapping (about 20 µs for
EfficientNet-B7) and putting new nodes in it. A `torch.fx.Graph` would have to be copied node by node instead (9 ms),
which is more than half a frame. Undo, compare and "what changed" are then a matter of holding on to two snapshots.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import networkx as nx
import torch
from torch import nn

from explorer.base.memo import Interner, Token
from explorer.graph.arguments import Ref, canonical_arguments, collect_refs, rename_refs, substitute_refs
from explorer.graph.channel_map import ChannelMap


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A leaf module: its configuration, on the meta device. The module is shared between snapshots; never mutate it."""

    module: nn.Module
    key: Hashable = field(repr=False)

    @classmethod
    def from_module(cls, module: nn.Module) -> Layer:
        """Keep the configuration of `module`: no storage, eval mode, not in-place (in-place ops would spoil
        remembered activations)."""
        module = _copy_to_meta(module)
        return cls(module, module_key(module))

    @property
    def has_tensors(self) -> bool:
        """Whether it has parameters or buffers."""
        return _has_tensors(self.module)

    @property
    def named_tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Parameters and buffers by their name in the module, on the meta device."""
        yield from self.module.named_parameters()
        yield from self.module.named_buffers()


@dataclass(frozen=True, slots=True)
class Function:
    """A free function: `operator.add`, `torch.cat`, `F.relu`, `channel_shuffle`."""

    call: Callable[..., Any]

    @property
    def key(self) -> Hashable:
        """Part of the signature: equal for ops that compute the same."""
        return self.call

    @property
    def name(self) -> str:
        """`__name__` of the function, or how it prints."""
        return str(getattr(self.call, "__name__", self.call))


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a tensor: `x.view(...)`, `x.mean(...)`."""

    name: str

    @property
    def key(self) -> Hashable:
        """Part of the signature."""
        return ("method", self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A tensor that the code reads itself: a class token, a layer scale, a mean to subtract."""

    tensor: torch.Tensor  # on the meta device
    is_parameter: bool  # a parameter, not a buffer
    #: Numbers of a tensor that belongs to the code and not to the weights, on the CPU; None for the others.
    value: torch.Tensor | None = field(default=None, repr=False)

    @property
    def key(self) -> Hashable:
        """Part of the signature: shape, dtype and whether it is trained, not the numbers."""
        return ("constant", tuple(self.tensor.shape), self.tensor.dtype, self.is_parameter)


@dataclass(frozen=True, slots=True)
class Input:
    """One tensor that is given to the network: the image, of shape (batch, channels, height, width), or another one.

    What is passed to a run is the main input; the others have numbers from their `source` (see `InputSpec`), or `value`
    where the source is a file or a list of numbers.
    """

    shape: tuple[int, ...]
    dtype: torch.dtype = torch.float32
    name: str = ""  # of the argument, with its place in lists and dicts; "" for the only one
    source: str = ""
    is_main: bool = True
    value: torch.Tensor | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> Hashable:
        """Part of the signature."""
        if self.is_main and self.value is None:
            return ("input", self.shape, self.dtype)
        held = (
            None if self.value is None else hash(self.value.contiguous().flatten().view(torch.uint8).numpy().tobytes())
        )
        return ("input", self.shape, self.dtype, self.name, self.source, held)


@dataclass(frozen=True, slots=True)
class Output:
    """The return value of the network."""

    @property
    def key(self) -> Hashable:
        """Part of the signature."""
        return "output"


@dataclass(frozen=True, slots=True)
class Bypass:
    """Passes its first argument on: what is left in the place of an op that is switched off."""

    @property
    def key(self) -> Hashable:
        """Part of the signature."""
        return "pass"


Op = Layer | Function | Method | Constant | Input | Output | Bypass


@dataclass(frozen=True, eq=False)
class Node:
    """One op at one place of the network.

    `name` is unique in the snapshot and stable under edits; for a module call it is the module's path. `path` is
    where its weights live (two nodes with one path share them). `scope` lists the paths of the modules around it,
    outermost first. `was` is the node that stood here in the network as opened, if an edit replaced it; `added` says
    that an edit put it there, and `neutral` that its new weights should let the signal pass as it is.
    """

    name: str
    op: Op
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    scope: tuple[str, ...] = ()
    path: str = ""
    original: Node | None = None
    added: bool = False
    identity_init: bool = False
    channel_map: ChannelMap | None = None

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the nodes whose values it takes, one for each input slot (so a name can stand twice)."""
        found: list[str] = []
        collect_refs((self.args, self.kwargs), found)
        return tuple(found)

    @cached_property
    def _has_only_refs(self) -> bool:
        return not self.kwargs and all(isinstance(arg, Ref) for arg in self.args)

    def bind_arguments(self, values: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments to call its op with; `values` are those of the nodes it reads, by name."""
        if self._has_only_refs:  # most ops: nothing has to be looked for
            return tuple([values[name] for name in self.inputs]), {}
        return substitute_refs(self.args, values), substitute_refs(dict(self.kwargs), values)

    @cached_property
    def signature(self) -> Token:
        """The same for two nodes only if they compute the same function of their inputs (weights aside)."""
        if len(self.args) == 1 and not self.kwargs and isinstance(self.args[0], Ref):
            return _SIGNATURES.token((self.op.key, *_SINGLE_INPUT))  # as below, at once: most ops are such
        order: dict[str, int] = {}
        key = (self.op.key, canonical_arguments(self.args, order), canonical_arguments(dict(self.kwargs), order))
        return _SIGNATURES.token(key)

    @property
    def layer(self) -> nn.Module | None:
        """Its module, on the meta device; None for an op that is no layer."""
        return self.op.module if isinstance(self.op, Layer) else None

    def replace(self, **changes: Any) -> Node:
        """Return a copy with some fields changed."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Node(**(values | changes))


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
    def edited_names(self) -> frozenset[str]:
        """Names of the nodes that an edit put there, replaced or switched off."""
        nodes = self.nodes.values()
        return frozenset(n.name for n in nodes if n.added or n.original is not None or isinstance(n.op, Bypass))

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
            removed: names that go; nothing may read them afterwards.
            module_classes: class names of new modules, by path.
        """
        new = {node.name: node for node in replaced}
        if not new.keys() <= self.nodes.keys():
            raise KeyError(f"no node {min(new.keys() - self.nodes.keys())!r} to replace")
        nodes: dict[str, Node] = {}
        for name, old in self.nodes.items():
            if name not in removed:
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

    def with_replaced(self, changed: Iterable[Node]) -> Architecture:
        """The next snapshot: nodes with a known name take the place of the old ones."""
        return self.with_changes(replaced=changed)

    def with_inserted(self, after: str, node: Node) -> Architecture:
        """The next snapshot with `node` on every edge that leaves `after`."""
        readers = [rename_inputs(old, {after: node.name}) for old in self.nodes.values() if _takes_value(old, after)]
        return self.with_changes(replaced=readers, inserted_after={after: [node]})

    def without(self, name: str) -> Architecture:
        """The next snapshot with the node taken out: what read its value reads its first input instead."""
        kept = self.nodes[name].inputs[0]
        readers = [rename_inputs(node, {name: kept}) for node in self.nodes.values() if _takes_value(node, name)]
        return self.with_changes(replaced=readers, removed={name})

    def __repr__(self) -> str:
        return f"<Architecture {self.title}: {len(self.live)} nodes>"


def rename_inputs(node: Node, names: Mapping[str, str]) -> Node:
    """The node with its inputs renamed."""
    was = node.original
    if was is not None and isinstance(node.op, Bypass):  # it will be put back as it was: on the graph of that day
        was = rename_inputs(was, names)
    return node.replace(args=rename_refs(node.args, names), kwargs=rename_refs(dict(node.kwargs), names), original=was)


def _named_sizes(node: Node) -> Iterator[tuple[str, int]]:
    """Paths of the parameters that a node holds, with how many numbers each has."""
    if isinstance(node.op, Layer):
        for name, parameter in node.op.module.named_parameters():
            yield f"{node.path}.{name}", parameter.numel()
    elif isinstance(node.op, Constant) and node.op.is_parameter:
        yield node.path, node.op.tensor.numel()


def keep_discarded(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """Nodes as traced, with layers that run although their result is not returned tied to the output: they cost what
    they cost, and hold their parameters."""
    reached: set[str] = set()
    for node in reversed(list(nodes.values())):
        if node.name in reached or isinstance(node.op, Output):
            reached.update((node.name, *node.inputs))
    read = {name for node in nodes.values() for name in node.inputs}
    runs: set[str] = set()  # a layer whose result is not returned, and what is made of it
    for node in nodes.values():
        layer = isinstance(node.op, Layer) and node.op.has_tensors
        if node.name not in reached and (layer or not runs.isdisjoint(node.inputs)):
            runs.add(node.name)
    if not runs:
        return dict(nodes)
    discarded = [Ref(name) for name in nodes if name in runs and name not in read]
    return {
        name: node.replace(kwargs={"discarded": discarded}) if isinstance(node.op, Output) else node
        for name, node in nodes.items()
    }


def _takes_value(node: Node, name: str) -> bool:
    """Whether the node reads that value, or will once it is switched on again."""
    return name in node.inputs or (
        isinstance(node.op, Bypass) and node.original is not None and _takes_value(node.original, name)
    )


def module_key(module: nn.Module) -> Hashable:
    """Equal for two modules of the same class and configuration, whatever their weights."""
    settings = tuple(
        (name, value if isinstance(value, Hashable) else repr(value))
        for name, value in module.__dict__.items()
        if name not in _NO_SETTINGS
    )
    tensors = tuple(
        (name, None if t is None else (tuple(t.shape), t.dtype))
        for held in (module._parameters, module._buffers)
        for name, t in held.items()
    )
    inside = tuple((name, module_key(child)) for name, child in module._modules.items() if child is not None)
    return (type(module), settings, tensors, inside)


#: What torch itself keeps in every module, and what says nothing of its result. Whatever else stands there, a leading
#: underscore or not, is a setting.
_NO_SETTINGS = frozenset(nn.Module().__dict__) | {"inplace", "_flat_weights", "_flat_weight_refs"}


def copy_module(
    module: nn.Module,
    parameters: dict[str, nn.Parameter | None],
    buffers: dict[str, torch.Tensor | None],
    children: dict[str, nn.Module | None],
) -> nn.Module:
    """A copy of one module with these tensors and children and the same settings. `copy.copy` would ask the module,
    and a parametrized one refuses; hooks that are not torch's own (weight norm's are) have been recorded as ops."""
    twin = type(module).__new__(type(module))
    hooks = {
        name: OrderedDict((k, h) for k, h in held.items() if type(h).__module__.startswith("torch.nn.utils"))
        for name, held in module.__dict__.items()
        if name in ("_forward_hooks", "_forward_pre_hooks")
    }
    twin.__dict__.update(module.__dict__)
    twin.__dict__.update(hooks, _parameters=parameters, _buffers=buffers, _modules=children)
    if "_flat_weights_names" in module.__dict__:  # a recurrent layer lists its parameters a second time
        twin.__dict__["_flat_weights"] = [parameters.get(name) for name in module.__dict__["_flat_weights_names"]]
    return twin


def _has_tensors(module: nn.Module) -> bool:
    own = (*module._parameters.values(), *module._buffers.values())
    inside = module._modules.values()
    return any(tensor is not None for tensor in own) or any(
        child is not None and _has_tensors(child) for child in inside
    )


def _copy_to_meta(module: nn.Module) -> nn.Module:
    """A copy that shares nothing mutable with `module` and holds no numbers."""
    twin = copy_module(
        module,
        {n: None if p is None else nn.Parameter(_to_meta(p), p.requires_grad) for n, p in module._parameters.items()},
        {n: None if b is None else _to_meta(b) for n, b in module._buffers.items()},
        {n: None if m is None else _copy_to_meta(m) for n, m in module._modules.items()},
    )
    twin.__dict__["training"] = False
    if getattr(twin, "inplace", False):
        twin.__dict__["inplace"] = False
    return twin


def _to_meta(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach() if tensor.is_meta else torch.empty_like(tensor, device="meta")


#: The arguments of an op that reads one value.
_SINGLE_INPUT = (canonical_arguments((Ref(""),), {}), canonical_arguments({}, {}))
_SIGNATURES = Interner()
