"""Find what every path through a frame passes through, and what hangs together in between."""

from collections import defaultdict
from dataclasses import dataclass, field

from explorer.layout.problem import BOTTOM, FREE, TOP, LayoutProblem


@dataclass(slots=True)
class Section:
    """What lies between two consecutive cuts: indices of edges and nodes of the frame."""

    members: list[int] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)


def is_dense(problem: LayoutProblem) -> bool:
    """Whether a frame is one component between ports, even without the edges that jump over that component."""
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
    """Whether there is only one component, and nothing but ports around it."""
    if any(problem.nodes[node].pin == FREE for node in cuts):
        return False
    return sum(len(find_components(problem, section)) for section in sections) == 1


def find_cuts(problem: LayoutProblem) -> tuple[list[int], list[Section]]:
    """The nodes that every path passes through, in order, and the section before, between and after them."""
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
        else:
            sections[-1].members.append(node)
        home[node] = len(sections) - 1
    for number, edge in enumerate(problem.edges):
        sections[home[edge[0]]].edges.append(number)
    return cuts, sections


def _order_with_late_sources(problem: LayoutProblem) -> list[int]:
    """The given order, but what hangs in the air (a constant, a second input) just before what first uses it."""
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


def find_components(problem: LayoutProblem, section: Section) -> list[list[int]]:
    """Members that hang together, in order of their first member."""
    leader = {node: node for node in section.members}

    def find(node: int) -> int:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for edge in section.edges:
        source, _, target, _ = problem.edges[edge]
        if source in leader and target in leader:
            leader[find(target)] = find(source)
    together: dict[int, list[int]] = defaultdict(list)
    for node in section.members:
        together[find(node)].append(node)
    return sorted(together.values(), key=min)
