"""Series-parallel decomposition: nodes that every path passes through, and components in parallel between them."""

from collections.abc import Set
from dataclasses import dataclass, field

from explorer.layout.problem import BOTTOM, FREE, TOP, LayoutProblem


@dataclass(slots=True)
class Section:
    """The part between two consecutive cuts: connected components of nodes, and edges, both by index."""

    components: list[list[int]] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)


def is_dense(problem: LayoutProblem) -> bool:
    """Return whether a problem is one component between ports, even without the edges that jump over that component."""
    cuts, sections = find_cuts(problem)
    if not _is_single_component(problem, cuts, sections):
        return False
    ends = set(cuts)
    inner = tuple(edge for edge in problem.edges if not (edge[0] in ends and edge[2] in ends))
    if len(inner) == len(problem.edges):
        return True
    rest = LayoutProblem(problem.nodes, inner, problem.spacing)
    return _is_single_component(rest, *find_cuts(rest))


def _is_single_component(problem: LayoutProblem, cuts: list[int], sections: list[Section]) -> bool:
    """Return whether there is only one component, and nothing but ports around it."""
    if any(problem.nodes[node].pin == FREE for node in cuts):
        return False
    return sum(len(section.components) for section in sections) == 1


def find_cuts(problem: LayoutProblem) -> tuple[list[int], list[Section]]:
    """Return the nodes that every path passes through, in order, and the sections before, between and after them."""
    order = _order_with_late_sources(problem)
    position = {node: place for place, node in enumerate(order)}
    jumps = [0] * (len(order) + 1)
    for source, _, target, _ in problem.edges:
        jumps[position[source] + 1] += 1
        jumps[position[target]] -= 1
    for pin in (TOP, BOTTOM):
        ports = [position[node] for node in order if problem.nodes[node].pin == pin]
        if len(ports) > 1:  # side by side, though no edge says so
            jumps[ports[0]] += 1
            jumps[ports[-1] + 1] -= 1
    cuts: list[int] = []
    sections = [Section()]
    home = [0] * len(order)
    over = 0
    for place, node in enumerate(order):
        over += jumps[place]
        if over == 0:
            cuts.append(node)
            sections.append(Section())
        home[node] = len(sections) - 1
    for number, edge in enumerate(problem.edges):
        sections[home[edge[0]]].edges.append(number)
    for component in _find_components(problem, position.keys() - cuts):
        sections[home[component[0]]].components.append(sorted(component, key=position.__getitem__))
    return cuts, sections


def _order_with_late_sources(problem: LayoutProblem) -> list[int]:
    """Return the given order, but each node without inputs (a constant, a second input) just before its first user."""
    first_use: dict[int, int] = {}
    fed = set()
    for source, _, target, _ in problem.edges:
        first_use[source] = min(first_use.get(source, target), target)
        fed.add(target)
    loose = [
        node
        for node in range(len(problem.nodes))
        if node not in fed and node in first_use and problem.nodes[node].pin == FREE
    ]
    if not loose:
        return list(range(len(problem.nodes)))
    late = {node: first_use[node] - 0.5 for node in loose}
    return sorted(range(len(problem.nodes)), key=lambda node: (late.get(node, node), node))


def _find_components(problem: LayoutProblem, nodes: Set[int]) -> list[list[int]]:
    """Return the connected components of some nodes, each and all of them in order of index."""
    import networkx as nx  # here, as the window imports this module before it is on the screen

    graph = nx.Graph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((a, b) for a, _, b, _ in problem.edges if a in nodes and b in nodes)
    return sorted(map(sorted, nx.connected_components(graph)))
