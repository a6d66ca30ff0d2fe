"""The scope of an option, with what the options ask of it again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import tr, tr_noop
from explorer.edits.channel_groups import ChannelGroups
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EVERYWHERE, Edit, nodes_at
from explorer.edits.subgraph import Subgraph, blocks_at
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.viewmodels.panels import Choice, Option

#: How a sentence says where an option applies, by the name of its scope.
LOCATIONS: dict[str, str] = {
    tr_noop("this layer"): tr_noop("in this layer"),
    tr_noop("this part"): tr_noop("in this part"),
    tr_noop("these cards"): tr_noop("in these cards"),
    tr_noop("this block"): tr_noop("in this block"),
    tr_noop("this stage"): tr_noop("in this stage"),
    tr_noop("whole network"): tr_noop("in the network"),
}


@dataclass(frozen=True)
class OptionScope:
    """The place an option applies to: its name in a sentence ("this block") and in edits (`at`)."""

    analysis: Analysis
    name: str
    at: str

    @property
    def architecture(self) -> Architecture:
        """The snapshot."""
        return self.analysis.architecture

    @property
    def is_network(self) -> bool:
        """Is it the whole network?"""
        return self.at == EVERYWHERE

    @property
    def location(self) -> str:
        """The place in a sentence: "in this block"."""
        return tr("in the network") if self.is_network else tr(LOCATIONS[self.name])

    @cached_property
    def nodes(self) -> list[Node]:
        """The live nodes of the place, in execution order."""
        return list(nodes_at(self.architecture, self.at))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of ops in the place."""
        return frozenset(op_kinds.kind(node) for node in self.nodes)

    @cached_property
    def blocks(self) -> list[Subgraph]:
        """The outermost blocks that the place holds, is, or lies in."""
        return blocks_at(self.architecture, self.at)

    @property
    def channel_groups(self) -> ChannelGroups:
        """The coupled widths of the snapshot."""
        return find_channel_groups(self.architecture)

    def dims(self, name: str) -> tuple[int, ...]:
        """The shape of a node's value, with the batch; empty for a plain value."""
        value = self.analysis.figures.measures[name].value
        return value.dims if isinstance(value, Shape) else ()

    # options, in the forms there are

    def choice_option(
        self, title: str, present: object, entries: Iterable[tuple[object, str, Edit]], tip: str = ""
    ) -> Option:
        """One of several: (value, text, edit). `present` is the value that is set; none of them means mixed."""
        return self._option(title, "choice", present, entries, tip)

    def slider_option(
        self, title: str, present: object, entries: Iterable[tuple[object, str, Edit]], tip: str = ""
    ) -> Option:
        """As `choice_option`, for values in order, shown as a slider."""
        return self._option(title, "slider", present, entries, tip)

    def _option(
        self, title: str, form: str, present: object, entries: Iterable[tuple[object, str, Edit]], tip: str
    ) -> Option:
        listed = list(entries)
        values = [value for value, _, _ in listed]
        at = values.index(present) if present in values else -1
        choices = tuple(Choice(words, None if i == at else edit) for i, (_, words, edit) in enumerate(listed))
        return Option(title, self.name, choices, at, "slider" if form == "slider" else "choice", "", tip)

    def switch_option(
        self, title: str, states: Sequence[bool], factory: Callable[[bool], Edit], tip: str = ""
    ) -> Option:
        """On or off; mixed when the states differ."""
        present = -1 if len(set(states)) > 1 else int(states[0])
        choices = tuple(
            Choice(word, None if present == on else factory(bool(on))) for on, word in enumerate((tr("off"), tr("on")))
        )
        return Option(title, self.name, choices, present, "switch", "", tip)

    def action_option(self, title: str, entries: Iterable[tuple[str, Edit]], tip: str = "") -> Option:
        """Buttons that each make an edit: (text, edit)."""
        return Option(title, self.name, tuple(Choice(words, edit) for words, edit in entries), -1, "actions", "", tip)

    def disabled_option(self, title: str, reason: str, tip: str = "") -> Option:
        """An option that cannot be used here, for a reason that is shown."""
        return Option(title, self.name, (), -1, "choice", reason, tip)


def common_value(values: Iterable[object]) -> object:
    """The value that all have; None when they differ or there are none."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
