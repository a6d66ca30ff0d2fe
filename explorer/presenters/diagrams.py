"""Diagrams: from a snapshot and the expanded groups to visible cards and links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from explorer.analysis.analysis import Analysis, analyse
from explorer.base import number_format
from explorer.base.gc_pause import gc_paused
from explorer.base.languages import tr, tr_n, tr_noop
from explorer.edits.channel_carrying import carry_channels
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group
from explorer.graph.node import Node
from explorer.graph.ops import Bypass
from explorer.presenters import card_colours, channel_text, removed_cards, titles
from explorer.presenters.card_inputs import card_inputs
from explorer.presenters.stacks import Item, Stack, all_stack_ids, is_expanded, stack_children
from explorer.presenters.towers import build_towers, marked_groups
from explorer.viewmodels.diagram import Card, Change, Colouring, Diagram, Kind, Level, Link, ProgressCallback
from explorer.weights.provenance import ProvenanceOf, infer_provenance, summarise_provenance

_PROGRESS_INTERVAL = 64  # open groups from one word on how far it is to the next

_ROUND_KINDS = frozenset({"add", "concat", "multiply"})
#: Signs that the circle of a joint has; a subtraction and a division, whose sides differ, are cards with a name.
_JOINT_SIGNS = frozenset({"+", "×", "⧺"})
#: What these are called where only one map comes in: the first layer of a dense block, a layer scale.
_SINGLE_INPUT_TITLES = {
    "+": tr_noop("Add"),
    "⧺": tr_noop("Concatenate"),
    "×": tr_noop("Scale"),
    "−": tr_noop("Subtract"),
    "÷": tr_noop("Divide"),
}


def expanded_at_level(analysis: Analysis, level: Level) -> frozenset[str]:
    """Return the groups that are expanded at a level: none, those around blocks, all but units, or all."""
    groups = analysis.hierarchy.groups.values()
    if level == "stages":
        return frozenset()
    if level == "blocks":
        return frozenset(g.id for g in analysis.hierarchy.root.groups if g.role in ("stem", "stage", "head"))
    return frozenset(g.id for g in groups if level == "ops" or g.role != "unit") | all_stack_ids(analysis)


@gc_paused()
def build_diagram(
    analysis: Analysis,
    expanded: frozenset[str],
    baseline: Architecture | None = None,
    colour_by: str | Colouring = "kind",
    provenance_of: ProvenanceOf = infer_provenance,
    progress: ProgressCallback = float,
) -> Diagram:
    """Return what is visible when these groups are expanded; against `baseline`, cards show what edits changed.

    `colour_by` is a key of `COLOUR_MODES` or a colouring. Ids in `expanded` that the snapshot lacks, because an edit
    removed the group, are ignored. `provenance_of` tells where the weights of a node come from. `progress` is called
    with the share done, and may raise to cancel.
    """
    return _DiagramBuilder(analysis, expanded, baseline or analysis.architecture, provenance_of, progress).build(
        colour_by
    )


class _DiagramBuilder:
    def __init__(
        self,
        analysis: Analysis,
        expanded: frozenset[str],
        baseline: Architecture,
        provenance_of: ProvenanceOf,
        progress: ProgressCallback,
    ) -> None:
        self.analysis = analysis
        self.expanded = expanded
        self.baseline = baseline
        self.progress = progress
        self.provenance_of = provenance_of  # where the weights of a node come from
        self.architecture = carry_channels(analysis.architecture)
        self.nodes = self.architecture.nodes
        self.changed_nodes = frozenset(
            n for n in self.architecture.edited_names if self.node_change(self.nodes[n]) != "same"
        )
        self.card_of_node: dict[str, str] = {}  # every drawn node -> the visible card it is on
        self.cards: dict[str, Card] = {}
        self.children: dict[str, tuple[str, ...]] = {}
        self.nodes_of_card: dict[str, tuple[str, ...]] = {}  # the nodes on every visible card
        self.collapsed: dict[str, Item | Stack] = {}  # what every visible card stands for

    def build(self, colour_by: str | Colouring) -> Diagram:
        root = self.analysis.hierarchy.root
        self.add_children(root.id, stack_children(self.analysis, root))
        baseline = analyse(self.baseline)
        shades = (
            card_colours.build_colouring(self.analysis, colour_by, baseline)
            if isinstance(colour_by, str)
            else colour_by
        )
        if colour_by == "change":
            self.add_removed_cards(baseline)
        cards, bars = card_colours.add_bars(
            self.cards, self.nodes_of_card, *card_colours.figure_shares(self.analysis, colour_by)
        )
        scale = None
        if shades is not None:
            cards, scale = card_colours.tint_cards(cards, self.nodes_of_card, shades)
        if colour_by == "change":
            for id in removed_cards.groups_with_removals(self.analysis, baseline) & self.nodes_of_card.keys():
                cards[id] = replace(cards[id], tint_label=card_colours.label_with_removals(cards[id].tint_label))
        return Diagram(root.id, self.children, cards, tuple(self.links()), scale, bars)

    def add_children(self, id: str, items: tuple[Item | Stack, ...]) -> None:
        """Add the children of an expanded group or stack as cards or, where they are expanded too, as frames."""
        if len(self.children) % _PROGRESS_INTERVAL == 0:
            self.progress(0.7 * len(self.card_of_node) / len(self.nodes))
        self.children[id] = tuple(item if isinstance(item, str) else item.id for item in items)
        for item in items:
            if isinstance(item, str):
                self.cards[item] = self.op_card(self.nodes[item])
                self.add_collapsed(item, item, (item,), (item,))
            elif isinstance(item, Stack):
                self.cards[item.id] = self.stack_card(item)
                if is_expanded(item, self.expanded):
                    self.add_children(item.id, item.members)
                else:
                    self.add_collapsed(item.id, item, item.nodes, item.nodes)
            else:
                self.cards[item.id] = self.group_card(item)
                if item.id in self.expanded:
                    self.add_children(item.id, stack_children(self.analysis, item))
                else:
                    self.add_collapsed(item.id, item, item.nodes, item.all_nodes)

    def add_collapsed(
        self, id: str, item: Item | Stack, drawn_nodes: tuple[str, ...], node_names: tuple[str, ...]
    ) -> None:
        self.collapsed[id] = item
        self.card_of_node.update(dict.fromkeys(drawn_nodes, id))
        self.nodes_of_card[id] = node_names

    def add_removed_cards(self, baseline: Analysis) -> None:
        """Add cards of what edits removed, at their former positions."""
        made = _DiagramBuilder(baseline, frozenset(), self.baseline, self.provenance_of, self.progress)
        for ghost in removed_cards.find_removed_cards(self.analysis, baseline, self.children):
            item = ghost.item
            card = made.op_card(made.nodes[item]) if isinstance(item, str) else made.group_card(item)
            self.cards[card.id] = replace(card, is_expandable=False, change="removed")
            self.nodes_of_card[card.id] = (item,) if isinstance(item, str) else item.all_nodes
            before, after = self.children[ghost.parent_id][: ghost.index], self.children[ghost.parent_id][ghost.index :]
            self.children[ghost.parent_id] = (*before, card.id, *after)

    def links(self) -> Iterator[Link]:
        seen: set[tuple[str, str, int]] = set()
        for card, item in self.collapsed.items():
            for slot, maker, source in card_inputs(self.analysis, item):
                known = self.card_of_node.get(maker, "")
                key = (known, card, slot)
                if not known or known == card or key in seen:
                    continue
                seen.add(key)
                shape = self.analysis.figures.shape(source)
                yield Link(known, card, slot, str(shape) if shape else "")

    def op_card(self, node: Node) -> Card:
        kind = op_kinds.kind(node)
        change = self.node_change(node)
        sign = op_kinds.title(node.original if isinstance(node.op, Bypass) and node.original is not None else node)
        joined = kind in _ROUND_KINDS and sign in _JOINT_SIGNS and (len(node.inputs) > 1 or change == "off")
        attributes = (
            channel_text.split_arithmetic(self.analysis, node) if kind == "split" else op_kinds.attributes(node)
        )
        title = op_kinds.label(node)
        if kind in _ROUND_KINDS and not joined:
            title = tr(_SINGLE_INPUT_TITLES[sign]) if sign in _SINGLE_INPUT_TITLES else title
        elif change == "off" and not joined:
            title = tr("{layer} off", layer=title)
        return Card(
            node.name,
            kind,
            title,
            tuple(filter(None, (attributes, self.shared_text(node)))),
            shape="" if joined else self.shape_text(node.name),
            side_text=channel_text.concat_arithmetic(self.analysis, node) if kind == "concat" and joined else "",
            is_round=joined,
            change=change,
            tip=self.tool_tip((node.name,), node.name),
            towers=build_towers(self.analysis, node, node.name),
            groups=marked_groups(node),
        )

    def shared_text(self, node: Node) -> str:
        """Say of a layer with weights that it is called at several places: an edit changes all of them."""
        calls = self.architecture.shared_layers.get(node.path, ())
        return tr("shared by {n}", n=len(calls)) if node.name in calls else ""

    def shape_text(self, name: str) -> str:
        shape = self.analysis.figures.shape(name)
        return str(shape) if shape is not None else ""

    def group_card(self, group: Group) -> Card:
        kind, lines = _group_kind(group), self.group_lines(group)
        chips: tuple[tuple[Kind, str], ...] = ()
        towers, groups = None, 1
        if group.role == "unit":
            nodes = [self.nodes[name] for name in group.nodes]
            main = next((n for n in nodes if op_kinds.kind(n) in op_kinds.WEIGHTED), nodes[0])
            kind = op_kinds.kind(main)
            lines = tuple(filter(None, (op_kinds.attributes(main), self.shared_text(main))))
            chips = tuple((op_kinds.kind(n), op_kinds.label(n)) for n in nodes)
            towers, groups = build_towers(self.analysis, main, group.nodes[-1]), marked_groups(main)
        return Card(
            group.id,
            kind,
            titles.group_title(self.analysis, group),
            lines,
            is_expandable=True,
            change=self.group_change(group.nodes),
            tip=self.tool_tip(group.all_nodes, group.path or group.id),
            chips=chips,
            shape=self.shape_text(group.nodes[-1]),
            towers=towers,
            groups=groups,
        )

    def group_lines(self, group: Group) -> tuple[str, ...]:
        """Return the module's path, the number of blocks and the cost."""
        blocks = [g for g in group.groups if g.role == "block"]
        inside = tr_n("{n} block", "{n} blocks", len(blocks)) if group.role == "stage" and len(blocks) > 1 else ""
        where = " · ".join(filter(None, (titles.group_subtitle(group), inside)))
        return tuple(filter(None, (where, self.cost_text(group.all_nodes))))

    def cost_text(self, names: tuple[str, ...]) -> str:
        total = self.analysis.total(names)
        params, macs = number_format.format_short(total.params), number_format.format_short(total.macs)
        return tr("{params} params · {macs} MACs", params=params, macs=macs)

    def stack_card(self, stack: Stack) -> Card:
        one = stack.members[0]
        card = self.op_card(self.nodes[one]) if isinstance(one, str) else self.group_card(one)
        is_op = isinstance(one, str) or one.role == "unit"
        ends = f"{stack.ids[0]} … {stack.ids[-1].rsplit('.', 1)[-1]}".replace("unit:", "")
        return replace(
            card,
            id=stack.id,
            lines=card.lines if is_op else (ends, self.cost_text(stack.nodes)),
            repeat_count=len(stack.members),
            is_expandable=True,
            change=self.group_change(stack.nodes),
            tip=self.tool_tip(stack.nodes, tr("{n} equal cards: {ends}", n=len(stack.members), ends=ends)),
        )

    def node_change(self, node: Node) -> Change:
        if node.added:
            return "added"
        if isinstance(node.op, Bypass) and op_kinds.activation_name(node) is None:
            return "off"
        return "same" if self.baseline.nodes.get(node.name) is node or node.original is None else "changed"

    def group_change(self, names: tuple[str, ...]) -> Change:
        return "same" if self.changed_nodes.isdisjoint(names) else "changed"

    def tool_tip(self, names: tuple[str, ...], path: str) -> str:
        total = self.analysis.total(names)
        last = self.analysis.figures.shape(names[-1])
        lines = [path.removeprefix("unit:")]
        if last is not None:
            lines.append(tr("Output {shape}", shape=" × ".join(map(str, last.dims))))
        if total.params or total.macs:
            lines.append(tr("{count} parameters", count=number_format.format_exact(total.params)))
            macs, flops = number_format.format_exact(total.macs), number_format.format_exact(total.flops)
            lines.append(f"{macs} MACs = {flops} FLOPs")
        lines.append(tr("{count} activations", count=number_format.format_exact(total.activation_elements)))
        if words := self.weights_text(names):
            lines.append(tr("Weights {provenance}", provenance=words))
        return "\n".join(lines)

    def weights_text(self, names: tuple[str, ...]) -> str:
        """Where they come from, when not all are kept: those of a network that nobody gave any are, but for edits."""
        if self.provenance_of is infer_provenance and self.architecture.edited_names.isdisjoint(names):
            return ""
        return summarise_provenance((self.nodes[name] for name in names), self.provenance_of)


def _group_kind(group: Group) -> Kind:
    if group.role in ("stem", "stage", "head", "branch", "network"):
        return group.role
    return "block"
