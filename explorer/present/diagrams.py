"""From a snapshot and the set of open groups to the diagram of what is visible."""

from __future__ import annotations

from collections.abc import Iterator

from explorer import numbers
from explorer.analysis.study import Study
from explorer.diagram import Card, Change, Diagram, Kind, Level, Link
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Node, Pass
from explorer.graph.groups import Group
from explorer.graph.hierarchy import picks
from explorer.present import titles

_ROUND = frozenset({"add", "concat", "multiply"})
#: What these are called where only one map comes in: the first layer of a dense block, a layer scale.
_ALONE = {"add": "Add", "concat": "Concatenate", "multiply": "Scale"}


def at_level(study: Study, level: Level) -> frozenset[str]:
    """The groups that are open at a level: none, those around blocks, all but units, all."""
    groups = study.hierarchy.groups.values()
    if level == "stages":
        return frozenset()
    if level == "blocks":
        return frozenset(g.id for g in study.hierarchy.root.groups if g.role in ("stem", "stage", "head"))
    return frozenset(g.id for g in groups if level == "ops" or g.role != "unit")


def diagram(study: Study, opened: frozenset[str], baseline: Architecture | None = None) -> Diagram:
    """What is visible when these groups are open; against `baseline`, cards say what an edit changed.

    An id in `opened` that the snapshot lacks (an edit took the group away) is ignored.
    """
    return _Builder(study, opened, baseline or study.architecture).diagram()


class _Builder:
    def __init__(self, study: Study, opened: frozenset[str], baseline: Architecture) -> None:
        self.study = study
        self.opened = opened
        self.baseline = baseline
        self.nodes = study.architecture.nodes
        self.shown_by: dict[str, str] = {}  # every drawn node -> the visible card it is on
        self.cards: dict[str, Card] = {}
        self.children: dict[str, tuple[str, ...]] = {}

    def diagram(self) -> Diagram:
        root = self.study.hierarchy.root
        self.place(root, root.id)
        return Diagram(root.id, self.children, self.cards, tuple(self.links()))

    def place(self, group: Group, id: str) -> None:
        """Open a group: its children become cards or, where they are open too, frames."""
        ids: list[str] = []
        for child in group.children:
            if isinstance(child, str):
                self.cards[child] = self.op_card(self.nodes[child])
                self.shown_by[child] = child
                ids.append(child)
                continue
            ids.append(child.id)
            self.cards[child.id] = self.group_card(child)
            if child.id in self.opened:
                self.place(child, child.id)
            else:
                self.shown_by.update(dict.fromkeys(child.nodes, child.id))
        self.children[id] = tuple(ids)

    def links(self) -> Iterator[Link]:
        seen: set[tuple[str, str, int]] = set()
        for name, card in self.shown_by.items():
            for slot, source in enumerate(self.nodes[name].inputs):
                maker = self.maker(source)
                known = self.shown_by.get(maker, "")
                key = (known, card, slot if card == name else 0)
                if not known or known == card or key in seen:
                    continue
                seen.add(key)
                shape = self.study.figures.shape(source)
                yield Link(known, card, key[2], str(shape) if shape else "")

    def maker(self, name: str) -> str:
        """The drawn node behind a value: past those that only pick an item of a tuple."""
        while name not in self.shown_by and picks(self.nodes[name]):
            name = self.nodes[name].inputs[0]
        return name

    def op_card(self, node: Node) -> Card:
        kind = vocabulary.kind(node)
        change = self.change(node)
        joined = kind in _ROUND and (len(node.inputs) > 1 or change == "off")
        lines = tuple(filter(None, (vocabulary.attributes(node),)))
        if kind == "input" or kind == "output":
            shape = self.study.figures.shape(node.name)
            lines = (str(shape),) if shape else ()
        title = vocabulary.title(node)
        if kind in _ROUND and not joined:
            title = _ALONE[kind]
        elif change == "off" and not joined:
            title = f"{title} off"
        return Card(node.name, kind, title, lines, round=joined, change=change, tip=self.tip((node.name,), node.name))

    def group_card(self, group: Group) -> Card:
        title = titles.title(self.study, group)
        change = self.group_change(group)
        tip = self.tip(group.all_nodes, group.path or group.id)
        if group.role == "unit":
            nodes = [self.nodes[name] for name in group.nodes]
            chips = tuple((vocabulary.kind(n), vocabulary.title(n)) for n in nodes)
            main = next((n for n in nodes if vocabulary.kind(n) in vocabulary.WEIGHTED), nodes[0])
            lines = tuple(filter(None, (vocabulary.attributes(main),)))
            return Card(group.id, vocabulary.kind(main), title, lines, True, change=change, tip=tip, chips=chips)
        total = self.study.figures.sum(group.all_nodes)
        costs = f"{numbers.short(total.params)} params · {numbers.short(total.macs)} MACs"
        blocks = [g for g in group.groups if g.role == "block"]
        inside = f"{len(blocks)} blocks" if group.role == "stage" and len(blocks) > 1 else ""
        lines = tuple(filter(None, (" · ".join(filter(None, (titles.subtitle(group), inside))), costs)))
        return Card(group.id, _kind(group), title, lines, True, change=change, tip=tip)

    def change(self, node: Node) -> Change:
        if node.added:
            return "added"
        if isinstance(node.op, Pass) and vocabulary.activation(node) is None:
            return "off"
        return "same" if self.baseline.nodes.get(node.name) is node or node.was is None else "changed"

    def group_change(self, group: Group) -> Change:
        changed = any(self.change(self.nodes[name]) != "same" for name in group.nodes)
        return "changed" if changed else "same"

    def tip(self, names: tuple[str, ...], path: str) -> str:
        figures = self.study.figures
        total = figures.sum(names)
        last = figures.shape(names[-1])
        lines = [path.removeprefix("unit:")]
        if last is not None:
            lines.append(f"Output {' × '.join(map(str, last.dims))}")
        if total.params or total.macs:
            lines.append(f"{numbers.exact(total.params)} parameters")
            lines.append(f"{numbers.exact(total.macs)} MACs = {numbers.exact(total.flops)} FLOPs")
        lines.append(f"{numbers.exact(total.activation_elements)} activations")
        return "\n".join(lines)


def _kind(group: Group) -> Kind:
    if group.role in ("stem", "stage", "head", "branch", "network"):
        return group.role
    return "block"
