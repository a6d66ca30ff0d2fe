"""From a snapshot and the set of open groups to the diagram of what is visible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from explorer import numbers
from explorer.analysis.study import Study, study
from explorer.diagram import Card, Change, Colouring, Diagram, Kind, Level, Link, Step
from explorer.garbage import undisturbed
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Node, Pass
from explorer.graph.groups import Group
from explorer.present import channels, colours, ghosts, titles
from explorer.present.entering import entering
from explorer.present.stacks import Item, Stack, all_stacks, is_open, rows
from explorer.weights.provenance import Told, provenance, summed_up

_OFTEN = 64  # open groups from one word on how far it is to the next

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
    return frozenset(g.id for g in groups if level == "ops" or g.role != "unit") | all_stacks(study)


@undisturbed()
def diagram(
    study: Study,
    opened: frozenset[str],
    baseline: Architecture | None = None,
    by: str | Colouring = "kind",
    told: Told = provenance,
    step: Step = float,
) -> Diagram:
    """What is visible when these groups are open; against `baseline`, cards say what an edit changed.

    `by` is what cards are coloured by: a key of `explorer.diagram.COLOURS` or numbers of nodes. An id in `opened` that
    the snapshot lacks (an edit took the group away) is ignored. `told` says where a node's weights come from.
    `step` hears how far it is, and may raise to end it.
    """
    return _Builder(study, opened, baseline or study.architecture, told, step).diagram(by)


class _Builder:
    def __init__(self, study: Study, opened: frozenset[str], baseline: Architecture, told: Told, step: Step) -> None:
        self.study = study
        self.opened = opened
        self.baseline = baseline
        self.step = step
        self.told = told  # where the weights of a node come from
        self.nodes = study.architecture.nodes
        self.touched = frozenset(n for n in study.architecture.edited if self.change(self.nodes[n]) != "same")
        self.shown_by: dict[str, str] = {}  # every drawn node -> the visible card it is on
        self.cards: dict[str, Card] = {}
        self.children: dict[str, tuple[str, ...]] = {}
        self.inside: dict[str, tuple[str, ...]] = {}  # the nodes on every visible card
        self.folded: dict[str, Item | Stack] = {}  # what every visible card stands for

    def diagram(self, by: str | Colouring) -> Diagram:
        root = self.study.hierarchy.root
        self.place(root.id, rows(self.study, root))
        baseline = study(self.baseline)
        shades = colours.colouring(self.study, by, baseline) if isinstance(by, str) else by
        if by == "change":
            self.place_ghosts(baseline)
        cards, bars = colours.with_bars(self.cards, self.inside, *colours.shares(self.study, by))
        scale = None
        if shades is not None:
            cards, scale = colours.tinted(cards, self.inside, shades)
        if by == "change":
            for id in ghosts.thinned(self.study, baseline) & self.inside.keys():
                cards[id] = replace(cards[id], word=colours.thinned(cards[id].word))
        return Diagram(root.id, self.children, cards, tuple(self.links()), scale, bars)

    def place(self, id: str, items: tuple[Item | Stack, ...]) -> None:
        """Open a group or stack: what is in it becomes cards or, where it is open too, frames."""
        if len(self.children) % _OFTEN == 0:
            self.step(0.7 * len(self.shown_by) / len(self.nodes))
        self.children[id] = tuple(item if isinstance(item, str) else item.id for item in items)
        for item in items:
            if isinstance(item, str):
                self.cards[item] = self.op_card(self.nodes[item])
                self.show(item, item, (item,), (item,))
            elif isinstance(item, Stack):
                self.cards[item.id] = self.stack_card(item)
                if is_open(item, self.opened):
                    self.place(item.id, item.members)
                else:
                    self.show(item.id, item, item.nodes, item.nodes)
            else:
                self.cards[item.id] = self.group_card(item)
                if item.id in self.opened:
                    self.place(item.id, rows(self.study, item))
                else:
                    self.show(item.id, item, item.nodes, item.all_nodes)

    def show(self, id: str, item: Item | Stack, drawn: tuple[str, ...], inside: tuple[str, ...]) -> None:
        self.folded[id] = item
        self.shown_by.update(dict.fromkeys(drawn, id))
        self.inside[id] = inside

    def place_ghosts(self, baseline: Study) -> None:
        """What edits took away, where it was."""
        made = _Builder(baseline, frozenset(), self.baseline, self.told, self.step)
        for ghost in ghosts.ghosts(self.study, baseline, self.children):
            item = ghost.item
            card = made.op_card(made.nodes[item]) if isinstance(item, str) else made.group_card(item)
            self.cards[card.id] = replace(card, foldable=False, change="removed")
            self.inside[card.id] = (item,) if isinstance(item, str) else item.all_nodes
            before, after = self.children[ghost.home][: ghost.at], self.children[ghost.home][ghost.at :]
            self.children[ghost.home] = (*before, card.id, *after)

    def links(self) -> Iterator[Link]:
        seen: set[tuple[str, str, int]] = set()
        for card, item in self.folded.items():
            for slot, maker, source in entering(self.study, item):
                known = self.shown_by.get(maker, "")
                key = (known, card, slot)
                if not known or known == card or key in seen:
                    continue
                seen.add(key)
                shape = self.study.figures.shape(source)
                yield Link(known, card, slot, str(shape) if shape else "")

    def op_card(self, node: Node) -> Card:
        kind = vocabulary.kind(node)
        change = self.change(node)
        joined = kind in _ROUND and (len(node.inputs) > 1 or change == "off")
        attributes = channels.dealt(self.study, node) if kind == "split" else vocabulary.attributes(node)
        title = vocabulary.title(node)
        if kind in _ROUND and not joined:
            title = _ALONE[kind]
        elif change == "off" and not joined:
            title = f"{title} off"
        return Card(
            node.name,
            kind,
            title,
            (attributes,) if attributes else (),
            shape="" if joined else self.shape(node.name),
            beside=channels.joined(self.study, node) if kind == "concat" and joined else "",
            round=joined,
            change=change,
            tip=self.tip((node.name,), node.name),
        )

    def shape(self, name: str) -> str:
        shape = self.study.figures.shape(name)
        return str(shape) if shape is not None else ""

    def group_card(self, group: Group) -> Card:
        kind, lines = _kind(group), self.lines(group)
        chips: tuple[tuple[Kind, str], ...] = ()
        if group.role == "unit":
            nodes = [self.nodes[name] for name in group.nodes]
            main = next((n for n in nodes if vocabulary.kind(n) in vocabulary.WEIGHTED), nodes[0])
            kind, lines = vocabulary.kind(main), tuple(filter(None, (vocabulary.attributes(main),)))
            chips = tuple((vocabulary.kind(n), vocabulary.title(n)) for n in nodes)
        return Card(
            group.id,
            kind,
            titles.title(self.study, group),
            lines,
            foldable=True,
            change=self.group_change(group.nodes),
            tip=self.tip(group.all_nodes, group.path or group.id),
            chips=chips,
            shape=self.shape(group.nodes[-1]),
        )

    def lines(self, group: Group) -> tuple[str, ...]:
        """Which module it is, how many blocks are in it, what they cost."""
        blocks = [g for g in group.groups if g.role == "block"]
        inside = f"{len(blocks)} blocks" if group.role == "stage" and len(blocks) > 1 else ""
        where = " · ".join(filter(None, (titles.subtitle(group), inside)))
        return tuple(filter(None, (where, self.costs(group.all_nodes))))

    def costs(self, names: tuple[str, ...]) -> str:
        total = self.study.total(names)
        return f"{numbers.short(total.params)} params · {numbers.short(total.macs)} MACs"

    def stack_card(self, stack: Stack) -> Card:
        one = stack.members[0]
        card = self.op_card(self.nodes[one]) if isinstance(one, str) else self.group_card(one)
        is_op = isinstance(one, str) or one.role == "unit"
        ends = f"{stack.ids[0]} … {stack.ids[-1].rsplit('.', 1)[-1]}".replace("unit:", "")
        return replace(
            card,
            id=stack.id,
            lines=card.lines if is_op else (ends, self.costs(stack.nodes)),
            times=len(stack.members),
            foldable=True,
            change=self.group_change(stack.nodes),
            tip=self.tip(stack.nodes, f"{len(stack.members)} equal ones: {ends}"),
        )

    def change(self, node: Node) -> Change:
        if node.added:
            return "added"
        if isinstance(node.op, Pass) and vocabulary.activation(node) is None:
            return "off"
        return "same" if self.baseline.nodes.get(node.name) is node or node.was is None else "changed"

    def group_change(self, names: tuple[str, ...]) -> Change:
        return "same" if self.touched.isdisjoint(names) else "changed"

    def tip(self, names: tuple[str, ...], path: str) -> str:
        total = self.study.total(names)
        last = self.study.figures.shape(names[-1])
        lines = [path.removeprefix("unit:")]
        if last is not None:
            lines.append(f"Output {' × '.join(map(str, last.dims))}")
        if total.params or total.macs:
            lines.append(f"{numbers.exact(total.params)} parameters")
            lines.append(f"{numbers.exact(total.macs)} MACs = {numbers.exact(total.flops)} FLOPs")
        lines.append(f"{numbers.exact(total.activation_elements)} activations")
        if words := self.weights(names):
            lines.append(f"Weights {words}")
        return "\n".join(lines)

    def weights(self, names: tuple[str, ...]) -> str:
        """Where they come from, when not all are kept: those of a network that nobody gave any are, but for edits."""
        if self.told is provenance and self.study.architecture.edited.isdisjoint(names):
            return ""
        return summed_up((self.nodes[name] for name in names), self.told)


def _kind(group: Group) -> Kind:
    if group.role in ("stem", "stage", "head", "branch", "network"):
        return group.role
    return "block"
