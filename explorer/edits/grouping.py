"""The edit that makes a block of a selection: it folds, repeats, is copied, and is a class of its own in written code.

The invariant: nothing is computed otherwise, and no layer has other weights. Only the modules around the nodes change,
and with them where their layers live in the module that is built (`Node.home`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from keyword import iskeyword
from typing import ClassVar
from unicodedata import normalize

import networkx as nx

from explorer.base.languages import join_list, tr
from explorer.edits.edit import EditError, nodes_at, place_names, place_of
from explorer.edits.registry import register_edit
from explorer.edits.repairs import find_working_repairs
from explorer.edits.shared_layers import UnshareLayer
from explorer.edits.splicing import shared_scope, sorted_by_flow, unused_home
from explorer.graph.architecture import Architecture
from explorer.graph.groups import PLAIN_CONTAINERS
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Layer
from explorer.graph.to_module import to_class_name

_LONGEST_NAME = 60  # letters


@register_edit("wrap_as_block")
@dataclass(frozen=True, slots=True)
class WrapAsBlock:
    """Make one block of layers and blocks, called `called`: it folds, repeats and is copied like any other, and is a
    class of that name in written code."""

    name: ClassVar[str]
    at: str
    called: str = "Block"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Made a block, My block: layer1.0, layer1.1"."""
        return tr("Made a block, {name}: {place}", name=self.called, place=place_names(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the block. Raises EditError where something between lies outside, where it is one
        layer or block alone, or holds a part of a shared layer."""
        if not isinstance(self.called, str) or not self.called.strip() or len(self.called) > _LONGEST_NAME:
            raise EditError(tr("a block needs a name of 1 to {most} letters", most=_LONGEST_NAME))
        inside = {node.name for node in nodes_at(architecture, self.at)}
        self._check_ends(architecture, inside)
        inside |= own_constants(architecture, inside)
        _check_shared(architecture, inside)
        ordered = _run_together(architecture, inside)
        return sorted_by_flow(self._wrapped(ordered, inside))

    def _check_ends(self, architecture: Architecture, inside: Set[str]) -> None:
        ends = {architecture.output.name, *(node.name for node in architecture.inputs)}
        if not ends.isdisjoint(inside):
            raise EditError(tr("the image and the output belong to no block"))
        if len(inside) < 2 or _is_one_module(architecture, inside):
            raise EditError(tr("{place} is one block or layer already", place=place_names(self.at)))
        between = _between(architecture, inside)
        if between:
            whole: WrapAsBlock = replace(
                self, at=place_of(*(name for name in architecture.live if name in inside | between))
            )
            raise EditError(
                tr(
                    "{names} lies on the way from one part of the block to another, and outside of it",
                    names=place_names(place_of(*sorted(between))),
                ),
                node=min(between),
                repairs=find_working_repairs(architecture, [(tr("Take in what lies between"), whole)]),
            )

    def _wrapped(self, architecture: Architecture, inside: Set[str]) -> Architecture:
        nodes = [architecture.nodes[name] for name in architecture.nodes if name in inside]
        whole = modules_inside(architecture, inside)
        around = tuple(path for path in shared_scope(nodes) if path not in whole)
        home = unused_home(architecture, ".".join((*around[-1:], _identifier(self.called))))
        modules = _moved_modules(nodes, around, home, whole)
        names = _Homes(home, modules)
        changed = [
            node.replace(
                scope=(*around, home, *(modules[path] for path in node.scope if path in whole)),
                home=names.of(node),
                own_blocks=(home, *(modules.get(path, path) for path in node.own_blocks)),
            )
            for node in nodes
        ]
        classes = {new: architecture.module_classes.get(old, "") for old, new in modules.items()}
        made = to_class_name(self.called) if re.search(r"[^\W\d_]", self.called) else "Block"
        done = architecture.with_replaced(changed)
        return done.with_nodes(done.nodes, {home: made, **classes})


def _identifier(called: str) -> str:
    """A name as a part of a path: "My block" as my_block, Chinese names as they are."""
    found = re.sub(r"\W+", "_", normalize("NFKC", called)).strip("_").lower()  # as Python reads names
    found = found if f"_{found}".isidentifier() and found else "block"
    return f"block_{found}" if not found.isidentifier() or iskeyword(found) else found


def _is_one_module(architecture: Architecture, inside: Set[str]) -> bool:
    """Whether a selection is exactly what one module holds that is more than a container."""
    shared = [
        path
        for path in shared_scope(architecture.nodes[name] for name in inside)
        if architecture.module_classes.get(path) not in PLAIN_CONTAINERS
    ]
    return bool(shared) and all(name in inside for name, node in architecture.live.items() if shared[-1] in node.scope)


def own_constants(architecture: Architecture, inside: Set[str]) -> set[str]:
    """The tensors of the code that the selection alone reads."""
    return {
        name
        for name, node in architecture.live.items()
        if isinstance(node.op, Constant) and architecture.users[name] and inside >= set(architecture.users[name])
    }


def _between(architecture: Architecture, inside: Set[str]) -> set[str]:
    """What is computed from a part of the selection, and is read by another part of it, outside of it."""
    graph = architecture.graph.subgraph(architecture.live)
    behind = {name for one in inside for name in nx.descendants(graph, one)}
    return (behind & architecture.ancestors(*inside, within=architecture.live.keys())) - inside


def _check_shared(architecture: Architecture, inside: Set[str]) -> None:
    """Raise EditError where the selection holds some of the calls of one layer, or weights that are tied."""
    path = find_layer_called_outside(architecture, inside)
    if path is not None:
        calls = architecture.shared_layers[path]
        within = [name for name in calls if name in inside]
        loose = [(tr("Give each call of {name} weights of its own", name=path), UnshareLayer(place_of(*within)))]
        raise EditError(
            tr("{name} is called outside of the block too: {calls}", name=path, calls=join_list(calls)),
            node=within[0],
            repairs=find_working_repairs(architecture, loose),
        )
    held = find_tied_layer(architecture, inside)
    if held is not None:
        raise EditError(tr("the weights of {name} are tied to those of another layer", name=held), node=held)


def find_layer_called_outside(architecture: Architecture, inside: Set[str]) -> str | None:
    """Return the path of a layer of which some calls, and not all, are among these nodes; None where there is none."""
    return next(
        (path for path, calls in architecture.shared_layers.items() if 0 < len(inside & set(calls)) < len(set(calls))),
        None,
    )


def find_tied_layer(architecture: Architecture, inside: Set[str]) -> str | None:
    """Return one of these nodes whose weights are tied to those of another layer; None where none has such."""
    tied = {name.rpartition(".")[0] for pair in architecture.shared_params.items() for name in pair}
    return next((name for name in inside if architecture.nodes[name].path in tied), None)


def _run_together(architecture: Architecture, inside: Set[str]) -> Architecture:
    """The snapshot with the selection in one run of the order of execution."""
    order = list(architecture.nodes)
    places = [number for number, name in enumerate(order) if name in inside]
    middle = order[places[0] : places[-1] + 1]
    needed = architecture.ancestors(*inside)
    before = [name for name in middle if name not in inside and name in needed]
    after = [name for name in middle if name not in inside and name not in needed]
    own = [name for name in middle if name in inside]
    ordered = [*order[: places[0]], *before, *own, *after, *order[places[-1] + 1 :]]
    return architecture if ordered == order else architecture.with_nodes({n: architecture.nodes[n] for n in ordered})


def modules_inside(architecture: Architecture, inside: Set[str]) -> set[str]:
    """Paths of the modules of which the selection holds everything."""
    touched = {path for name in inside for path in architecture.nodes[name].scope}
    cut = {path for name, node in architecture.live.items() if name not in inside for path in node.scope}
    return touched - cut


def _moved_modules(nodes: Iterable[Node], around: tuple[str, ...], home: str, whole: Set[str]) -> Mapping[str, str]:
    """The paths that modules inside get: below the block, as they were below what is around it."""
    found: dict[str, str] = {}
    for node in nodes:
        outer, last_whole = home, ""
        for path in node.scope:
            if path not in whole:
                continue
            if path not in found:
                inner = last_whole and path.startswith(f"{last_whole}.")
                last = path[len(last_whole) + 1 :] if inner else path.rsplit(".", 1)[-1]
                found[path] = _free(outer, last, found.values(), is_renumbered=not inner)
            outer, last_whole = found[path], path
    return found


class _Homes:
    """Where layers live in the block, each under one name."""

    def __init__(self, home: str, modules: Mapping[str, str]) -> None:
        self._home, self._modules = home, modules
        self._taken: dict[str, str] = {}  # homes, by the path of the layer

    def of(self, node: Node) -> str:
        if not isinstance(node.op, (Layer, Constant)) and not node.path:
            return ""
        was = node.home or node.path
        owner = next((path for path in reversed(node.scope) if path in self._modules), "")
        inside = self._modules[owner] if owner else self._home
        is_held = bool(owner) and was.startswith(f"{owner}.")
        last = was[len(owner) + 1 :] if is_held else was.rsplit(".", 1)[-1]
        if node.path not in self._taken:
            taken = [*self._taken.values(), *self._modules.values()]
            self._taken[node.path] = _free(inside, last, taken, is_renumbered=not is_held)
        return self._taken[node.path]


def _free(outer: str, last: str, taken: Iterable[str], *, is_renumbered: bool) -> str:
    """A path below another one that is not taken; what was an item of a row is one of another, counted anew."""
    known, number = set(taken), 2
    if is_renumbered and last.isdigit():
        return next(path for path in (f"{outer}.{n}" for n in range(len(known) + 1)) if path not in known)
    found = f"{outer}.{last}"
    while found in known:
        found, number = f"{outer}.{last}_{number}", number + 1
    return found
