"""Search index and breadcrumb: all ops and groups of a network, and the cards that show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.memory import allocated_elements
from explorer.base.languages import tr, translator
from explorer.base.memo import memoise
from explorer.base.query import QueryFigure
from explorer.graph import op_kinds
from explorer.graph.groups import Group
from explorer.graph.node import Node
from explorer.presenters import stacks, titles
from explorer.viewmodels.card_ids import members_of

#: Figures and attributes that queries compare: a number, or two where height and width may differ.
SearchFigures = Mapping[str, QueryFigure]


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """Op that is drawn, or a stage, block or branch."""

    id: str
    kind: str  # of an op, or the role of a group
    title: str
    path: str
    parent_path: str  # path of what it is in
    search_text: str  # what is written about itself, for looking words up: title, class and the end of its path
    figures: SearchFigures


@dataclass(frozen=True, slots=True)
class Crumb:
    """Step of a breadcrumb, with its siblings."""

    id: str
    title: str
    siblings: tuple[tuple[str, str], ...]  # ids and titles, itself included


def search_index(analysis: Analysis) -> tuple[SearchEntry, ...]:
    """Return all entries in execution order, each group before its children."""
    return memoise(
        analysis,
        ("search index", translator.language),
        lambda: tuple(_walk_entries(analysis, analysis.hierarchy.root, "")),
    )


def find_card(analysis: Analysis, id: str, expanded: frozenset[str]) -> str:
    """Return the id of the card that shows an op or group: its own, or that of the outermost collapsed group or stack
    around it."""
    return stacks.find_visible_card(analysis, expanded, id)


def expanded_to_show(analysis: Analysis, id: str, expanded: frozenset[str]) -> frozenset[str]:
    """Return the expanded groups with those that hide an op or group. Units stay collapsed."""
    groups = analysis.hierarchy.groups
    more = stacks.reveal(analysis, expanded, id) - expanded
    return expanded | {name for name in more if name not in groups or groups[name].role != "unit"}


def find_card_when_shown(analysis: Analysis, id: str, expanded: frozenset[str]) -> str:
    """Return the id of the card that shows an op or group once the groups around it are expanded."""
    return find_card(analysis, id, expanded_to_show(analysis, id, expanded))


def build_breadcrumb(analysis: Analysis, card_id: str) -> tuple[Crumb, ...]:
    """Return the path to a card, outermost step first, without the network; of a stack, the path to its first card.

    Empty for an id that the snapshot lacks.
    """
    hierarchy = analysis.hierarchy
    id, *more = members_of(card_id)
    if id not in hierarchy.parent:
        return ()
    way = [*reversed([group for group in hierarchy.ancestors(id) if group != hierarchy.root.id]), id]
    steps = tuple(_build_crumb(analysis, step) for step in way)
    if more:
        last = steps[-1]
        titled = f"{card_title(analysis, id)} × {len(more) + 1}"
        steps = (*steps[:-1], Crumb(card_id, titled, last.siblings))
    return steps


def card_title(analysis: Analysis, id: str) -> str:
    """Return the title of a card; of a stack, that of its first card."""
    id = members_of(id)[0]
    group = analysis.hierarchy.groups.get(id)
    return titles.group_title(analysis, group) if group is not None else op_kinds.label(analysis.architecture.nodes[id])


def similar_query(analysis: Analysis, id: str) -> tuple[str, str]:
    """Return a query for everything of a card's kind, and a label for it: ("kind:depthwise", "depthwise"). Empty when
    there is no such card."""
    id = members_of(id)[0]
    group = analysis.hierarchy.groups.get(id)
    if group is not None and group.role == "unit":
        id = main_op(analysis, group).name
    elif group is not None:
        title = titles.group_title(analysis, group)
        is_titled = group.role in ("block", "branch")
        return (f'kind:{group.role} "{title}"', title) if is_titled else (f"kind:{group.role}", group.role)
    node = analysis.architecture.nodes.get(id)
    if node is None:
        return "", ""
    kind = op_kinds.kind(node)
    return f"kind:{kind}", kind


def main_op(analysis: Analysis, unit: Group) -> Node:
    """Return the op of a unit that its card is named after."""
    nodes = [analysis.architecture.nodes[name] for name in unit.nodes]
    return next((node for node in nodes if op_kinds.kind(node) in ("conv", "depthwise", "linear")), nodes[0])


def op_attributes(node: Node) -> str:
    """Return the attributes of a layer, or the number of channels of a norm."""
    count = getattr(node.layer, "num_features", None) or getattr(node.layer, "num_channels", None)
    return op_kinds.attributes(node) or (tr("{count} channels", count=count) if count else "")


def _build_crumb(analysis: Analysis, id: str) -> Crumb:
    around = analysis.hierarchy.groups[analysis.hierarchy.parent[id]]
    ids = [child if isinstance(child, str) else child.id for child in around.children]
    return Crumb(id, _distinct_title(analysis, id), tuple((other, _distinct_title(analysis, other)) for other in ids))


def _distinct_title(analysis: Analysis, id: str) -> str:
    """A title that tells neighbours apart: "Bottleneck · 2"."""
    title = card_title(analysis, id)
    group = analysis.hierarchy.groups.get(id)
    name = (group.path if group is not None else id).rsplit(".", 1)[-1]
    numbered = group is not None and group.role in ("block", "branch") and name.casefold() not in title.casefold()
    return f"{title} · {name}" if numbered and name else title


def _walk_entries(analysis: Analysis, group: Group, path: str) -> Iterator[SearchEntry]:
    for child in group.children:
        if isinstance(child, str):
            yield _op_entry(analysis, analysis.architecture.nodes[child], path)
        elif child.role == "unit":
            yield from _walk_entries(analysis, child, path)
        else:
            yield _group_entry(analysis, child, path)
            yield from _walk_entries(analysis, child, child.path or path)


def _op_entry(analysis: Analysis, node: Node, parent_path: str) -> SearchEntry:
    title = op_kinds.label(node)
    cls = type(node.layer).__name__ if node.layer is not None else ""
    text = _searchable(title, op_kinds.title(node), cls, node.name)
    return SearchEntry(node.name, op_kinds.kind(node), title, node.name, parent_path, text, _op_figures(analysis, node))


def _group_entry(analysis: Analysis, group: Group, parent_path: str) -> SearchEntry:
    title, path = titles.group_title(analysis, group), group.path
    pattern = analysis.pattern(group)
    text = _searchable(title, pattern.name if pattern.title != pattern.name else "", group.class_name, path)
    total = analysis.figures.sum(group.all_nodes)
    numbers = {
        "params": float(total.params),
        "macs": float(total.macs),
        "flops": float(total.flops),
        "activations": float(total.activation_elements),
        **_map_figures(analysis, group.nodes[-1]),
    }
    return SearchEntry(group.id, group.role, title, path or group.id, parent_path, text, numbers)


def _searchable(title: str, english: str, class_name: str, path: str) -> str:
    """The words a part is found by; its English name too, which guides and the documentation use."""
    names = dict.fromkeys((title, english, class_name, path.rsplit(".", 1)[-1]))
    return " ".join(filter(None, names)).casefold()


def _op_figures(analysis: Analysis, node: Node) -> dict[str, float | tuple[float, float]]:
    known = analysis.figures.measures[node.name]
    found: dict[str, float | tuple[float, float]] = {
        "params": known.cost.params,
        "macs": known.cost.macs,
        "flops": known.cost.flops,
        "activations": allocated_elements(known),
        "rf": analysis.figures.receptive_fields[node.name],
        **_map_figures(analysis, node.name),
    }
    entering = _map_figures(analysis, node.inputs[0]).get("out") if node.inputs else None
    if entering is not None:
        found["in"] = entering
    layer = node.layer
    for name, attribute in (("k", "kernel_size"), ("s", "stride"), ("d", "dilation"), ("p", "padding")):
        pair = _pair(getattr(layer, attribute, None))
        if pair is not None:
            found[name] = pair
    groups = getattr(layer, "groups", None)
    return found | ({"groups": float(groups)} if isinstance(groups, int) else {})


def _map_figures(analysis: Analysis, name: str) -> dict[str, float | tuple[float, float]]:
    """Channels and size of a map, or the numbers of a vector."""
    shape = analysis.figures.shape(name)
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
