"""The graph of a network for other programs: as a networkx graph, and as GraphML and DOT files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr
from explorer.export.documents.scene import clean_text
from explorer.export.page import GRAPH_SUFFIXES, check_choice, check_suffix
from explorer.graph import op_kinds
from explorer.graph.groups import Group
from explorer.presenters.diagrams import expanded_at_level
from explorer.presenters.search_index import card_title
from explorer.viewmodels.diagram import LEVELS, Level

if TYPE_CHECKING:
    from explorer.network import Network


def to_networkx(network: Network, level: Level | frozenset[str] = "ops") -> nx.MultiDiGraph:
    """Return the data flow of a network as a graph: a node for each op, unit, block or stage, an edge for each value.

    Every op that runs belongs to exactly one node, so `params` and `macs` add up to those of the network; a weight
    that several nodes share counts at the first of them, and heads that inference never runs are left out. Constants
    that lie outside of all nodes are nodes of their own; sizes and items of tuples belong to the op they are read from.

    Args:
        level: what a node stands for: "ops", "units" (a convolution with its norm and activation), "blocks", "stages".
            Or the ids of the groups that are opened up, whose children are nodes.

    Returns:
        Nodes, by name, have `kind`, `title`, `path` (of the module), `params`, `macs` (multiply-adds for the input
        shape) and `shape` (of the output, the batch first; empty where there is none). Edges have `slot`, which is also
        their key (the input of the op; of a group, the number of the value among those it reads), and `shape`.

    Raises:
        ExportError: there is no such level.
    """
    analysis = network.analysis
    if isinstance(level, str):
        check_choice(tr("level"), level, LEVELS)
        expanded = expanded_at_level(analysis, level)
    else:
        expanded, level = level, "custom"  # type: ignore[assignment]
    graph = nx.MultiDiGraph(name=network.title, level=level)
    parts = _parts_when_expanded(analysis, expanded)
    part_of = {name: id for id, names in parts.items() for name in names}
    counted: set[str] = set()
    for id, names in parts.items():
        graph.add_node(id, **_node_attributes(analysis, id, names, counted))
    for id, names in parts.items():
        for slot, value in _inputs(analysis, id, names, part_of):
            graph.add_edge(part_of[value], id, key=slot, slot=slot, shape=_shape(analysis, value))
    return graph


def save_graph(network: Network, path: str | Path, level: Level | frozenset[str] = "ops") -> None:
    """Write the graph that `to_networkx` returns as what the suffix of `path` says: .graphml or .dot.

    Raises ExportError: unknown suffix or level, or a place that cannot be written.
    """
    from explorer.export.sheet_files import write_export

    path = Path(path)
    suffix = check_suffix(path, GRAPH_SUFFIXES)
    graph = to_networkx(network, level)
    text = _as_graphml(graph) if suffix == ".graphml" else _as_dot(graph)
    write_export(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def _parts_when_expanded(analysis: Analysis, expanded: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the live ops of each node of the graph, by its name, in execution order."""
    parts = dict(_collapsed(analysis.hierarchy.root, expanded))
    part_of = {name: id for id, names in parts.items() for name in names}
    live = analysis.architecture.live
    for name, node in live.items():
        if name not in part_of:
            part_of[name] = part_of[node.inputs[0]] if node.inputs else name
    found: dict[str, list[str]] = {}
    for name in live:
        found.setdefault(part_of[name], []).append(name)
    return {id: tuple(names) for id, names in found.items()}


def _collapsed(group: Group, expanded: frozenset[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for child in group.children:
        if isinstance(child, str):
            yield child, (child,)
        elif child.id in expanded:
            yield from _collapsed(child, expanded)
        else:
            yield child.id, child.all_nodes


def _node_attributes(analysis: Analysis, id: str, names: tuple[str, ...], counted: set[str]) -> dict[str, Any]:
    """Return the attributes of a node. Weights at the paths in `counted` are left out, and these paths get there."""
    nodes, group = analysis.architecture.nodes, analysis.hierarchy.groups.get(id)
    fresh = tuple(name for name in names if nodes[name].path not in counted)
    counted.update(nodes[name].path for name in fresh if nodes[name].path)
    kind = group.role if group is not None else op_kinds.kind(nodes[id])
    return {
        "kind": kind,
        "title": card_title(analysis, id),
        "path": group.path if group is not None else nodes[id].path,
        "params": analysis.figures.sum(fresh).params,
        "macs": analysis.figures.sum(names).macs,
        "shape": _shape(analysis, group.nodes[-1] if group is not None else id),
    }


def _inputs(
    analysis: Analysis, id: str, names: tuple[str, ...], part_of: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Yield the slot and the op of each tensor that a node reads from another one."""
    nodes = analysis.architecture.nodes
    if id in nodes:
        reads = list(enumerate(nodes[id].inputs))
    else:
        reads = list(enumerate(dict.fromkeys(r for n in names for r in nodes[n].inputs if part_of[r] != id)))
    return ((slot, read) for slot, read in reads if part_of[read] != id and _shape(analysis, read))


def _shape(analysis: Analysis, name: str) -> tuple[int, ...]:
    shape = analysis.figures.shape(name)
    return shape.dims if shape is not None else ()


def _format_shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _as_graphml(graph: nx.MultiDiGraph) -> str:
    """Return the graph as GraphML, which has no tuples: shapes are texts such as "1×64×56×56"."""
    plain = nx.MultiDiGraph(**{name: clean_text(value) for name, value in graph.graph.items()})
    plain.add_nodes_from((clean_text(id), _plain(node)) for id, node in graph.nodes.items())
    plain.add_edges_from(
        (clean_text(source), clean_text(target), key, _plain(edge))
        for source, target, key, edge in graph.edges(keys=True, data=True)
    )
    return "\n".join(nx.generate_graphml(plain)) + "\n"


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as XML can hold them."""
    texts = {name: clean_text(value) for name, value in attributes.items() if isinstance(value, str)}
    return {**attributes, **texts, "shape": _format_shape(attributes["shape"])}


def _as_dot(graph: nx.MultiDiGraph) -> str:
    """Return the graph in the language of Graphviz, a box with title and output shape for each node."""
    lines = [f"digraph {_quote(graph.name)} {{", "  node [shape=box];"]
    for id, node in graph.nodes.items():
        label = _label(*filter(None, (node["title"], _format_shape(node["shape"]))))
        figures = ", ".join(f"{name}={node[name]}" for name in ("params", "macs"))
        lines.append(f"  {_quote(id)} [label={label}, kind={_quote(node['kind'])}, {figures}];")
    for source, target, edge in graph.edges(data=True):
        lines.append(f"  {_quote(source)} -> {_quote(target)} [label={_label(_format_shape(edge['shape']))}];")
    return "\n".join([*lines, "}", ""])


def _label(*lines: str) -> str:
    """A text of several lines that is shown as it is: in labels, entities and what follows a backslash mean others."""
    shown = r"\n".join(_quote(line.replace("&", "&amp;"))[1:-1] for line in lines)
    return f'"{shown}"'


def _quote(text: str) -> str:
    """An id in quotes; a backslash is doubled, as a single one at the end would escape the quote."""
    return '"' + clean_text(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
