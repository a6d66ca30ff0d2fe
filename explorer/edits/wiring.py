"""Edits of links: one more way into a place, or one fewer.

Whatever is linked, every value is computed before it is read: a link that would close a cycle is refused, and so is one
whose loss would leave an op with nothing to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import networkx as nx

from explorer.base.languages import tr
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, Repair, place_names, place_of
from explorer.edits.fits import FIT_TITLES, fitting_nodes, possible_fits
from explorer.edits.insertion import JOIN_TITLES, insert_join, require_entry, require_exit
from explorer.edits.node_changes import change_node
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import REPAIR_TITLES, find_working_repairs, offering_repairs
from explorer.edits.splicing import (
    check_maps,
    format_shape,
    scope_around,
    sorted_by_flow,
    unused_home,
    value_shape,
)
from explorer.edits.subgraph import Subgraph, get_subgraph, subgraphs_at
from explorer.edits.taking_out import TakeOut, can_lose_a_way, drop_inputs, is_join
from explorer.edits.validation import check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import takes_value


@register_edit("connect")
@dataclass(frozen=True, slots=True)
class Connect:
    """Lead the value of another place, `source`, into a place as well: a long shortcut.

    It is joined with what the place reads by `join`: "add", "concat" or "multiply". A join of that kind gets one more
    way; one of another kind is joined with what is led there, behind it. A block that several ways go into takes it at
    the join where they meet.

    `fit` makes a map that does not meet the other do so: "project" (a 1×1 convolution with a stride), "pool", or
    "upsample"; a 1×1 follows these where widths differ and are not concatenated. A 1×1 has the norm of the network
    behind it, or a bias where that has none.

    Source: He et al., "Deep residual learning", 2015 (add); Ronneberger et al., "U-Net", 2015 (concat).
    """

    name: ClassVar[str]
    at: str
    source: str
    join: str = "add"
    fit: str = ""
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "layer1.0 led into layer3.0 (addition)"."""
        join = tr(JOIN_TITLES.get(self.join, self.join))
        return tr(
            "{source} led into {place} ({join})", source=place_names(self.source), place=place_names(self.at), join=join
        )

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the link. Raises EditError where it would close a cycle, or maps do not meet; its
        repairs make them."""
        check_one_of(self.join, JOIN_TITLES, tr("kind of join"))
        check_one_of(self.fit, ("", *FIT_TITLES), tr("way to fit"))
        target, value = _single_place(architecture, self.at), require_exit(_single_place(architecture, self.source))
        _check_cycle(architecture, value, target)
        meeting = _join_of_ways(architecture, target)
        target = get_subgraph(architecture, meeting) if meeting else target
        grows = self.join == "concat" and bool(meeting) and op_kinds.kind(architecture.nodes[meeting]) == "concat"
        met = architecture.nodes[meeting].inputs[0] if grows else meeting or require_entry(target)
        if met == value:
            raise EditError(tr("{place} reads {source} already", place=target.label, source=value), node=met)
        scope = architecture.nodes[meeting].scope if meeting else scope_around(architecture, target)
        with offering_repairs(self, architecture):
            done, fitted = self._fit(architecture, value, met, scope)
            if grows:
                done = _with_one_more(done, meeting, fitted)
            elif meeting:
                done = insert_join(done, self.join, (met, fitted), _later(done, met, fitted), (fitted,), scope)
            else:
                done = _join_before(done, self.join, met, fitted, target, scope)
            return check_maps(architecture, propagate(sorted_by_flow(done), repair=self.mend))

    def _fit(
        self, architecture: Architecture, value: str, met: str, scope: tuple[str, ...]
    ) -> tuple[Architecture, str]:
        """The snapshot with what makes the value meet the other, and the name of what leaves that."""
        have, want = value_shape(architecture, value), value_shape(architecture, met)
        axes = find_channel_groups(architecture).axes
        ways = possible_fits(have, want, self.join, axes.get(value) == axes.get(met) == -2)
        if not ways:
            return architecture, value
        if self.fit not in ways or not self.fit:
            raise EditError(
                tr(
                    "{source} ({have}) does not meet {name} ({want})",
                    source=value,
                    have=format_shape(have),
                    name=met,
                    want=format_shape(want),
                ),
                node=met,
                repairs=self._working_fits(architecture, ways) if not self.fit else (),
            )
        named = partial(_unused_path, architecture, scope)
        nodes = fitting_nodes(architecture, value, have, want, self.fit, self.join, scope, named)
        before = _later(architecture, value, met)  # beside the join, so that the link is seen to be a long one
        return architecture.with_changes(inserted_after={before: nodes}), nodes[-1].name

    def _working_fits(self, architecture: Architecture, ways: Sequence[str]) -> list[Repair]:
        """What makes the maps meet; where what follows cannot take them so, with a projection there too."""
        fits = [(tr(FIT_TITLES[way]), replace(self, fit=way)) for way in ways if way]
        projection = tr(REPAIR_TITLES["project"])
        further = [(f"{title} · {projection}", replace(edit, mend="project")) for title, edit in fits]
        return find_working_repairs(architecture, fits) or find_working_repairs(architecture, further)


@register_edit("disconnect")
@dataclass(frozen=True, slots=True)
class Disconnect:
    """Take the link from another place, `source`, to a place away: a join goes on without that way, and goes too where
    one is left."""

    name: ClassVar[str]
    at: str
    source: str
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Link removed: layer1.0 → layer1.1.add"."""
        return tr("Link removed: {source} → {place}", source=place_names(self.source), place=place_names(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot without the link. Raises EditError where there is none, or something would have nothing
        left to read."""
        target, value = _single_place(architecture, self.at), require_exit(_single_place(architecture, self.source))
        readers = [node for node in target.layers if value in node.inputs]
        if not readers:
            raise EditError(tr("{reader} does not read {name}", reader=target.label, name=value), node=target.id)
        done = architecture
        with offering_repairs(self, architecture):
            for node in readers:
                if not can_lose_a_way(node):
                    gone = [(tr("Take {name} out", name=node.name), TakeOut(place_of(node.name)))]
                    raise EditError(
                        tr("{name} would have nothing to read", name=node.name),
                        node=node.name,
                        repairs=find_working_repairs(architecture, gone),
                    )
                done = drop_inputs(done, node.name, {value})
            return check_maps(architecture, propagate(done, repair=self.mend))


def _unused_path(architecture: Architecture, scope: tuple[str, ...], title: str) -> str:
    return unused_home(architecture, ".".join((*scope[-1:], title)))


def _single_place(architecture: Architecture, at: str) -> Subgraph:
    found = list(subgraphs_at(architecture, at))
    if len(found) != 1:
        raise EditError(tr("a link has one place at each end"))
    return found[0] if len(found[0].nodes) != 1 else get_subgraph(architecture, found[0].nodes[0])


def _join_of_ways(architecture: Architecture, target: Subgraph) -> str:
    """The join that a place is, or where all ways into it meet; "" where it has one way in, or they meet nowhere."""
    if len(target.entries) < 2:
        return ""
    readers = {node.name for node in target.layers for entry in target.entries if entry in node.inputs}
    met = min(readers) if len(readers) == 1 else ""
    return met if met and is_join(architecture.nodes[met]) else ""


def _check_cycle(architecture: Architecture, value: str, target: Subgraph) -> None:
    behind = {name for node in target.nodes for name in nx.descendants(architecture.graph, node)} | set(target.nodes)
    if value in behind:
        raise EditError(
            tr("{source} is computed from {place}: the link would close a cycle", source=value, place=target.label),
            node=value,
        )


def _later(architecture: Architecture, one: str, other: str) -> str:
    order = list(architecture.nodes)
    return max(one, other, key=order.index)


def _with_one_more(architecture: Architecture, concat: str, value: str) -> Architecture:
    node = architecture.nodes[concat]
    values, *rest = node.args
    return architecture.with_replaced([change_node(node, args=(type(values)([*values, Ref(value)]), *rest))])


def _join_before(
    architecture: Architecture, join: str, met: str, value: str, target: Subgraph, scope: tuple[str, ...]
) -> Architecture:
    """The snapshot with a join on the way into a place."""
    others = [
        node.name for node in architecture.nodes.values() if takes_value(node, met) and node.name not in target.nodes
    ]
    return insert_join(architecture, join, (met, value), _later(architecture, met, value), others, scope)
