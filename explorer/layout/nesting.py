"""Cut a nested graph into one graph per open group: its children, the links that cross its border, and their ports.

An open group has one input port for each set of outer cards that feed exactly the same inner cards, and one output port
for each set of inner cards that feed exactly the same outer cards.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from explorer.layout.columns import HIDDEN_PREFIX, bundle_columns
from explorer.layout.geometry import Spacing
from explorer.layout.problem import Edge

_Ports = dict[tuple[str, str], int]  # by group and card


@dataclass(slots=True)
class GroupGraph:
    """An open group and the edges between its ports and children."""

    name: str
    children: list[str]
    input_count: int = 0
    output_count: int = 0
    edges: list[Edge] = field(default_factory=list)  # nodes: ports in, then children, then ports out
    edge_numbers: dict[Edge, int] = field(default_factory=dict)

    def add_edge(self, edge: Edge) -> int:
        """Return the number of an edge, added unless it is there."""
        if edge not in self.edge_numbers:
            self.edge_numbers[edge] = len(self.edges)
            self.edges.append(edge)
        return self.edge_numbers[edge]


@dataclass(frozen=True, slots=True)
class Nesting:
    """All open groups, inner ones first, and for each link the edges it runs along."""

    groups: dict[str, GroupGraph]
    link_paths: list[list[tuple[str, int]]]  # for each link: group and number of the edge there, in the order of flow
    parallel_links: dict[str, int]  # how many links at most join a card to one and the same source


def build_nesting(
    root: str,
    children: Mapping[str, Sequence[str]],
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    columns: Spacing | None = None,
    row_starts: Sequence[int] = (),
) -> Nesting:
    """Check the graph and cut it into groups; with `columns`, cards of the root are bundled into hidden groups, and
    these into rows, each of which but the first begins at one of `row_starts`.

    Raises ValueError for a card without a size, a link that names no card, a self-loop and a cycle.
    """
    parent, inner_first = _find_parents(root, children)
    _validate(parent, children, links, sizes)
    spans = _paths_to_siblings(parent, links)
    order = _sort_children(inner_first, parent, spans)
    if columns is not None:
        tops = [(up[-1], down[-1]) for up, down in spans if parent[up[-1]] == root]
        runs = bundle_columns(
            order[root], tops, {name: sizes[name] for name in order[root] if name not in order}, columns
        )
        order = {**order, root: list(runs), **{name: run for name, run in runs.items() if run}}
        rows = {
            f"{HIDDEN_PREFIX}row {a}": list(runs)[a:b] for a, b in pairwise([0, *row_starts, len(runs)]) if row_starts
        }
        order |= {root: list(rows), **rows} if rows else {}
        parent, inner_first = _find_parents(root, order)
        spans = _paths_to_siblings(parent, links)
    return _connect_groups({name: GroupGraph(name, order[name]) for name in inner_first}, links, spans, parent)


def _validate(
    parent: Mapping[str, str],
    children: Mapping[str, Sequence[str]],
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
) -> None:
    for name in parent:
        if name not in children and name not in sizes:
            raise ValueError(f"card {name!r} has no size")
    for source, target in links:
        for card in (source, target):
            if card not in parent or card in children:
                raise ValueError(f"link {source!r} → {target!r} names {card!r}, which is not a visible card")
        if source == target:
            raise ValueError(f"card {source!r} is linked to itself")


def _find_parents(root: str, children: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], list[str]]:
    parent: dict[str, str] = {}
    seen = [root]
    for group in seen:
        for child in children.get(group, ()):
            if child in parent or child == root:
                raise ValueError(f"{child!r} has more than one place")
            parent[child] = group
            if child in children:
                seen.append(child)
    return parent, seen[::-1]


def _paths_to_siblings(
    parent: Mapping[str, str], links: Sequence[tuple[str, str]]
) -> list[tuple[list[str], list[str]]]:
    """For each link, the paths from its source and its target up to the two siblings that hold them:
    `[card, group, …]` each."""
    upwards: dict[str, list[str]] = {}
    for name, group in parent.items():  # groups come before what they hold
        upwards[name] = [name, *upwards.get(group, ())]
    paths: list[tuple[list[str], list[str]]] = []
    for source, target in links:
        up, down = upwards[source], upwards[target]
        shared = next(n for n, (a, b) in enumerate(zip(reversed(up), reversed(down), strict=False)) if a != b)
        paths.append((up[: len(up) - shared], down[: len(down) - shared]))
    return paths


def _sort_children(
    groups: Sequence[str], parent: Mapping[str, str], spans: list[tuple[list[str], list[str]]]
) -> dict[str, list[str]]:
    """Return the children of each group in topological order, as near to the given one as links allow."""
    position = {child: number for number, child in enumerate(parent)}
    links = {(up[-1], down[-1]) for up, down in spans}
    order: dict[str, list[str]] = {group: [] for group in groups}
    for child in (
        parent if all(position[a] < position[b] for a, b in links) else _sort_siblings(links, position, parent)
    ):
        order[parent[child]].append(child)
    return order


def _sort_siblings(links: set[tuple[str, str]], position: Mapping[str, int], parent: Mapping[str, str]) -> list[str]:
    """Return all children, siblings in topological order. Raises ValueError where their links make a cycle."""
    import networkx as nx  # here, as the window imports this module before it is on the screen

    siblings = nx.DiGraph()
    siblings.add_nodes_from(position)
    siblings.add_edges_from(links)
    try:
        return list(nx.lexicographical_topological_sort(siblings, position.__getitem__))
    except nx.NetworkXUnfeasible:
        stuck = nx.find_cycle(siblings)[0][0]
        raise ValueError(f"{stuck!r} takes part in a cycle within {parent[stuck]!r}") from None


def _connect_groups(
    groups: dict[str, GroupGraph],
    links: Sequence[tuple[str, str]],
    spans: list[tuple[list[str], list[str]]],
    parent: dict[str, str],
) -> Nesting:
    repeats = Counter(links)
    twins: dict[str, int] = {}
    for (_, target), count in repeats.items():
        twins[target] = max(twins.get(target, 1), count)
    rank = _number_in_preorder(groups, parent)
    inlet, outlet = _assign_ports(groups, links, spans, rank)
    index = {
        child: group.input_count + number for group in groups.values() for number, child in enumerate(group.children)
    }
    serial: Counter[tuple[str, str]] = Counter()
    trails: list[list[tuple[str, int]]] = []
    for (source, target), (up, down) in zip(links, spans, strict=True):
        pin = 0
        if repeats[source, target] > 1:
            serial[source, target] += 1
            pin = serial[source, target]
        trail: list[tuple[str, int]] = []
        for child, name in pairwise(up):
            group = groups[name]
            out = outlet[name, source]
            edge = (index[child], outlet.get((child, source), 0), group.input_count + len(group.children) + out, 0)
            trail.append((name, group.add_edge(edge)))
        head, tail = up[-1], down[-1]
        into = pin if tail == target else inlet[tail, source]
        top = parent[head]
        trail.append((top, groups[top].add_edge((index[head], outlet.get((head, source), 0), index[tail], into))))
        for child, name in list(pairwise(down))[::-1]:
            into = pin if child == target else inlet[child, source]
            trail.append((name, groups[name].add_edge((inlet[name, source], 0, index[child], into))))
        trails.append(trail)
    return Nesting(groups, trails, twins)


def _number_in_preorder(groups: dict[str, GroupGraph], parent: dict[str, str]) -> dict[str, int]:
    """A number for each card and group, in the order in which they are met from the root."""
    rank: dict[str, int] = {}
    stack = [name for name in groups if name not in parent]
    while stack:
        name = stack.pop()
        rank[name] = len(rank)
        if name in groups:
            stack.extend(reversed(groups[name].children))
    return rank


def _assign_ports(
    groups: dict[str, GroupGraph],
    links: Sequence[tuple[str, str]],
    spans: list[tuple[list[str], list[str]]],
    rank: dict[str, int],
) -> tuple[_Ports, _Ports]:
    """Return the input port of a group for an outer card, and its output port for an inner card."""
    entering: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    leaving: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for (source, target), (up, down) in zip(links, spans, strict=True):
        for name in down[1:]:
            entering[name][source].append(rank[target])
        for name in up[1:]:
            leaving[name][source].append(rank[target])
    inlet, outlet = _number_ports(entering, rank), _number_ports(leaving, rank)
    for (name, _), port in inlet.items():
        groups[name].input_count = max(groups[name].input_count, port + 1)
    for (name, _), port in outlet.items():
        groups[name].output_count = max(groups[name].output_count, port + 1)
    return inlet, outlet


def _number_ports(targets: Mapping[str, Mapping[str, list[int]]], rank: dict[str, int]) -> _Ports:
    """Return one port of a group for all cards that feed the same ones through its border, by the targets of each."""
    numbers: _Ports = {}
    for name, by_source in targets.items():
        ports: dict[tuple[int, ...], int] = {}
        for source in sorted(by_source, key=rank.__getitem__):
            numbers[name, source] = ports.setdefault(tuple(sorted(by_source[source])), len(ports))
    return numbers
