"""The places of a network: where one can go, what is around them, and which card shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from explorer.analysis.study import Study
from explorer.graph import vocabulary
from explorer.graph.architecture import Node
from explorer.graph.groups import Group
from explorer.present import stacks, titles

#: Figures and attributes by which places can be told apart: a number, or two where height and width may differ.
Numbers = Mapping[str, float | tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Place:
    """An op that is drawn, or a stage, block or branch."""

    id: str
    kind: str  # of an op, or the role of a group
    title: str
    path: str
    around: str  # path of what it is in
    said: str  # what is written about itself, for looking words up: title, class and the end of its path
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way from the network to a place, with what stands beside it."""

    id: str
    title: str
    siblings: tuple[tuple[str, str], ...]  # ids and titles, itself included


_KNOWN: WeakKeyDictionary[Study, tuple[Place, ...]] = WeakKeyDictionary()


def places(study: Study) -> tuple[Place, ...]:
    """All places in execution order, each group before what is in it. Kept as long as the study."""
    known = _KNOWN.get(study)
    if known is None:
        known = _KNOWN[study] = tuple(_walk(study, study.hierarchy.root, ""))
    return known


def card_of(study: Study, id: str, opened: frozenset[str]) -> str:
    """The card that shows a place: itself, or the outermost group or stack around it that is folded."""
    return stacks.shown_on(study, opened, id)


def unfolded_for(study: Study, id: str, opened: frozenset[str]) -> frozenset[str]:
    """What must be open for a place to be seen. A unit stays as it is: its card names each of its ops."""
    groups = study.hierarchy.groups
    more = stacks.revealed(study, opened, id) - opened
    return opened | {name for name in more if name not in groups or groups[name].role != "unit"}


def seen_on(study: Study, id: str, opened: frozenset[str]) -> str:
    """The card that shows a place once what hides it is open."""
    return card_of(study, id, unfolded_for(study, id, opened))


def trail(study: Study, id: str) -> tuple[Crumb, ...]:
    """The way to a place, outermost first, the network left out. Empty for an id the snapshot lacks.

    Of several places, separated by commas, the way to the first."""
    hierarchy = study.hierarchy
    id, _, more = id.partition(",")
    if id not in hierarchy.parent:
        return ()
    way = [*reversed([group for group in hierarchy.ancestors(id) if group != hierarchy.root.id]), id]
    steps = tuple(_crumb(study, step) for step in way)
    if more:
        last = steps[-1]
        titled = f"{title_of(study, id)} × {more.count(',') + 2}"
        steps = (*steps[:-1], Crumb(f"{id},{more}", titled, last.siblings))
    return steps


def title_of(study: Study, id: str) -> str:
    """What stands on the card of a place; of several, on that of the first."""
    id = id.split(",")[0]
    group = study.hierarchy.groups.get(id)
    return titles.title(study, group) if group is not None else vocabulary.title(study.architecture.nodes[id])


def like(study: Study, id: str) -> tuple[str, str]:
    """A search for all of the kind of a place, and its words: ("kind:depthwise", "depthwise"). Empty for no place."""
    id = id.split(",")[0]
    group = study.hierarchy.groups.get(id)
    if group is not None and group.role == "unit":
        id = main_of(study, group).name
    elif group is not None:
        title = titles.title(study, group)
        told = group.role in ("block", "branch")
        return (f'kind:{group.role} "{title}"', title) if told else (f"kind:{group.role}", group.role)
    node = study.architecture.nodes.get(id)
    if node is None:
        return "", ""
    kind = vocabulary.kind(node)
    return f"kind:{kind}", kind


def main_of(study: Study, unit: Group) -> Node:
    """The op of a unit that does its work."""
    nodes = [study.architecture.nodes[name] for name in unit.nodes]
    return next((node for node in nodes if vocabulary.kind(node) in ("conv", "depthwise", "linear")), nodes[0])


def attributes_of(node: Node) -> str:
    """The marks of a layer, or how many channels a norm has."""
    count = getattr(node.layer, "num_features", None) or getattr(node.layer, "num_channels", None)
    return vocabulary.attributes(node) or (f"{count} channels" if count else "")


def _crumb(study: Study, id: str) -> Crumb:
    around = study.hierarchy.groups[study.hierarchy.parent[id]]
    ids = [child if isinstance(child, str) else child.id for child in around.children]
    return Crumb(id, _named(study, id), tuple((other, _named(study, other)) for other in ids))


def _named(study: Study, id: str) -> str:
    """A title that tells neighbours apart: "Bottleneck · 2"."""
    title = title_of(study, id)
    group = study.hierarchy.groups.get(id)
    name = (group.path if group is not None else id).rsplit(".", 1)[-1]
    numbered = group is not None and group.role in ("block", "branch") and name.casefold() not in title.casefold()
    return f"{title} · {name}" if numbered and name else title


def _walk(study: Study, group: Group, path: str) -> Iterator[Place]:
    for child in group.children:
        if isinstance(child, str):
            yield _op(study, study.architecture.nodes[child], path)
        elif child.role == "unit":
            yield from _walk(study, child, path)
        else:
            yield _group(study, child, path)
            yield from _walk(study, child, child.path or path)


def _op(study: Study, node: Node, around: str) -> Place:
    title = vocabulary.title(node)
    cls = type(node.layer).__name__ if node.layer is not None else ""
    said = f"{title} {cls} {node.name.rsplit('.', 1)[-1]}".casefold()
    return Place(node.name, vocabulary.kind(node), title, node.name, around, said, _numbers(study, node))


def _group(study: Study, group: Group, around: str) -> Place:
    title, path = titles.title(study, group), group.path
    said = f"{title} {group.cls} {path.rsplit('.', 1)[-1]}".casefold()
    total = study.figures.sum(group.all_nodes)
    numbers = {
        "params": float(total.params),
        "macs": float(total.macs),
        "flops": float(total.flops),
        "activations": float(total.activation_elements),
        **_map(study, group.nodes[-1]),
    }
    return Place(group.id, group.role, title, path or group.id, around, said, numbers)


def _numbers(study: Study, node: Node) -> dict[str, float | tuple[float, float]]:
    known = study.figures.measures[node.name]
    found: dict[str, float | tuple[float, float]] = {
        "params": known.cost.params,
        "macs": known.cost.macs,
        "flops": known.cost.flops,
        "activations": known.elements,
        "rf": study.figures.receptive_fields[node.name],
        **_map(study, node.name),
    }
    entering = _map(study, node.inputs[0]).get("out") if node.inputs else None
    if entering is not None:
        found["in"] = entering
    layer = node.layer
    for name, attribute in (("k", "kernel_size"), ("s", "stride"), ("d", "dilation"), ("p", "padding")):
        pair = _pair(getattr(layer, attribute, None))
        if pair is not None:
            found[name] = pair
    groups = getattr(layer, "groups", None)
    return found | ({"groups": float(groups)} if isinstance(groups, int) else {})


def _map(study: Study, name: str) -> dict[str, float | tuple[float, float]]:
    """Channels and size of a map, or the numbers of a vector."""
    shape = study.figures.shape(name)
    dims = shape.dims if shape is not None else ()
    if len(dims) == 4:
        return {"out": float(dims[1]), "size": (float(dims[2]), float(dims[3]))}
    return {"out": float(dims[-1])} if len(dims) > 1 else {}


def _pair(value: Any) -> tuple[float, float] | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value), float(value)
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(side, int) for side in value):
        return float(value[0]), float(value[1])
    return None
