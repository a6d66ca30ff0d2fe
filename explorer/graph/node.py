"""Node: one op at one place of the network, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import nn

from explorer.base.memo import Interner, Token
from explorer.graph.arguments import Ref, canonical_arguments, collect_refs, rename_refs, substitute_refs
from explorer.graph.channel_map import ChannelMap
from explorer.graph.ops import Bypass, Layer, Op


@dataclass(frozen=True, eq=False)
class Node:
    """One op at one place of the network.

    `name` is unique in the snapshot and stable under edits; for a module call it is the module's path. `path` is
    where its weights live (two nodes with one path share them). `scope` lists the paths of the modules around it,
    outermost first. `original` is the node that stood here in the network as opened, if an edit replaced it; `added`
    says that an edit put it there, and `identity_init` that its new weights should let the signal pass as it is. `home`
    is where its layer lives in the module that is built, where an edit made a block around it and that is not `path`;
    `own_blocks` are the modules of `scope` that edits made so.
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
    home: str = ""
    own_blocks: tuple[str, ...] = ()

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
        """Return a copy with some fields changed. In a block that an edit made, another path has another home."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        if "path" in changes and "home" not in changes and self.own_blocks and changes["path"] != self.path:
            around = self.home.rpartition(".")[0] or self.scope[-1]
            values["home"] = f"{around}.{changes['path'].rpartition('.')[2]}"
        return Node(**(values | changes))


def rename_inputs(node: Node, names: Mapping[str, str]) -> Node:
    """The node with its inputs renamed."""
    was = node.original
    if was is not None and isinstance(node.op, Bypass):  # it will be put back as it was: on the graph of that day
        was = rename_inputs(was, names)
    return node.replace(args=rename_refs(node.args, names), kwargs=rename_refs(dict(node.kwargs), names), original=was)


def takes_value(node: Node, name: str) -> bool:
    """Whether the node reads that value, or will once it is switched on again."""
    return name in node.inputs or (
        isinstance(node.op, Bypass) and node.original is not None and takes_value(node.original, name)
    )


#: The arguments of an op that reads one value.
_SINGLE_INPUT = (canonical_arguments((Ref(""),), {}), canonical_arguments({}, {}))
_SIGNATURES = Interner()
