"""Edits of width. Each names the layers that should change; `fitted` makes all others follow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from explorer.edits.channels import Channels, WidthError, channels
from explorer.edits.checks import number, whole
from explorer.edits.edit import EVERYWHERE, EditError, Repair, nodes_at, place, where
from explorer.edits.fitting import Wish, fitted, rounded
from explorer.edits.parts import Part, blocks_at, part, parts_at
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture
from explorer.graph.remembered import remembered

#: More channels than any network has, and few enough that no layer fills the memory.
WIDEST = 65_536


@dataclass(frozen=True, slots=True)
class Width:
    """Set how many channels leave a layer, a block or a stage. What is coupled with them follows."""

    name: ClassVar[str] = "width"
    at: str
    to: int

    @property
    def title(self) -> str:
        return f"{self.to} channels {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        whole(self.to, 1, WIDEST, "a width")
        wanted = self.wanted(architecture)
        return fitted(architecture, wanted, coupled=channels(architecture)) if wanted else architecture

    def wanted(self, architecture: Architecture) -> dict[int, Wish]:
        """The sizes to be, by atom of `channels`. Raises EditError where a width, or all together, cannot be."""
        coupled = channels(architecture)
        wanted: dict[int, int] = {}
        rows: dict[str, tuple[int, ...]] = {}
        for target in parts_at(architecture, self.at):
            row = next((coupled.rows[name] for name in reversed(target.exits) if name in coupled.rows), None)
            if row is None:
                raise EditError(f"{target.words} makes no channels that could be counted", node=target.id)
            rows[target.words] = row
            if coupled.size(row) == self.to:
                continue
            inside = {coupled.born[name] for name in target.nodes}
            try:
                wanted |= coupled.solved(row, self.to, inside)
            except WidthError as failure:
                near = [Repair(f"{width} channels", replace(self, to=width)) for width in failure.near]
                raise EditError(f"{target.id}: {failure}", node=target.exits[-1], repairs=near) from failure
        if len(rows) > 1:
            self._agree(coupled, rows, wanted)
        return dict(wanted)

    def _agree(self, coupled: Channels, rows: Mapping[str, tuple[int, ...]], wanted: Mapping[int, int]) -> None:
        """Have several places this width together? One may hold the other, or feed it."""
        for words, row in rows.items():
            counts = coupled.linear(row)
            total = sum(n * wanted.get(atom, coupled.atoms[atom].size) for atom, n in counts.items())
            if total != self.to or not coupled.holds(wanted):
                others = ", ".join(other for other in rows if other != words)
                raise EditError(f"{words} cannot have {self.to} channels together with {others}", node=words)


@dataclass(frozen=True, slots=True)
class Expansion:
    """Set the hidden width of blocks as a multiple of what enters them (inverted residual: 6)."""

    name: ClassVar[str] = "expansion"
    at: str
    to: float

    @property
    def title(self) -> str:
        return f"Expansion ×{self.to:g} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        return _with_hidden(architecture, self.at, self.to, "entering")


@dataclass(frozen=True, slots=True)
class BottleneckRatio:
    """Set the hidden width of blocks as a part of what leaves them (ResNet's bottleneck: 1/4)."""

    name: ClassVar[str] = "bottleneck_ratio"
    at: str
    to: float

    @property
    def title(self) -> str:
        return f"Bottleneck ratio {self.to:g} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        return _with_hidden(architecture, self.at, self.to, "leaving")


@dataclass(frozen=True, slots=True)
class GrowthRate:
    """Set how many channels each layer of a dense block adds. Bottlenecks inside keep their ratio to it, and
    transitions keep their compression."""

    name: ClassVar[str] = "growth_rate"
    at: str
    to: int

    @property
    def title(self) -> str:
        return f"Growth rate {self.to} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        whole(self.to, 1, WIDEST, "a growth rate")
        layers = dense_layers(architecture, self.at)
        if not layers:
            raise EditError(f"there is no dense layer {where(self.at)}: none whose output joins what went in")
        coupled = channels(architecture)
        wanted: dict[int, Wish] = {}
        for layer in layers:
            row = coupled.rows[layer.exits[-1]]
            old = coupled.size(row)
            wanted |= _solved(coupled, row, self.to, layer)
            for name in layer.inner_makers:
                hidden = coupled.makers[name]
                wanted |= _solved(coupled, hidden, round(coupled.size(hidden) * self.to / old), layer)
        grown = {layer.id for layer in layers}
        for block in blocks_at(architecture, EVERYWHERE):
            if block.id not in grown and len(block.entries) == 1 and _is_transition(block):
                before = coupled.size(coupled.rows[block.entry])
                for name in block.nodes:
                    if name in coupled.makers:
                        ratio = Fraction(coupled.size(coupled.makers[name]), before)
                        wanted |= dict.fromkeys(coupled.linear(coupled.makers[name]), ratio)
        return fitted(architecture, wanted, coupled=coupled)


@dataclass(frozen=True, slots=True)
class WidthMultiplier:
    """Multiply the width of a stage or of the whole network, rounded to a multiple of `divisor`.

    Hidden widths keep their ratio to what enters their block. As in MobileNetV2, layers behind the last block are only
    ever widened; the classes and the image stay as they are.
    """

    name: ClassVar[str] = "width_multiplier"
    at: str
    by: float
    divisor: int = 8

    @property
    def title(self) -> str:
        return f"Width ×{self.by:g} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        number(self.by, 0.01, 16, "a width multiplier")
        whole(self.divisor, 1, 256, "the divisor of widths")
        coupled = channels(architecture)
        return fitted(architecture, self.wanted(architecture), coupled=coupled, divisor=self.divisor)

    def wanted(self, architecture: Architecture) -> dict[int, Wish]:
        """The sizes to be, by atom of `channels`: about so many, or such a part of what enters."""
        wider = max(self.by, 1.0)
        return {
            atom: size if isinstance(size, Fraction) else size * (wider if in_head else self.by)
            for atom, size, in_head in _scaled(architecture, self.at)
        }

    def changes(self, architecture: Architecture) -> bool:
        """Is there a width that does not round to what it is?"""
        atoms = channels(architecture).atoms
        return any(
            rounded(wish, math.lcm(self.divisor, atoms[atom].multiple)) != atoms[atom].size
            for atom, wish in self.wanted(architecture).items()
            if isinstance(wish, float)
        )


_Scaled = tuple[int, int | Fraction, bool]


def _scaled(architecture: Architecture, at: str) -> list[_Scaled]:
    """What a multiplier works on, whatever its number: (atom, its size, is it behind the last block), or for a hidden
    width (atom, its part of what enters, …). Found once a place: every step of a slider asks."""
    return remembered(architecture, ("scaled", at), lambda: list(_found_scaled(architecture, at)))


def _found_scaled(architecture: Architecture, at: str) -> Iterator[_Scaled]:
    coupled = channels(architecture)
    blocks = blocks_at(architecture, at)
    hidden = {name for block in blocks for name in (*block.inner_makers, *block.squeezes)}
    head = set(part(architecture, "@head").nodes) if _has_head(architecture) else set[str]()
    classes = _classifiers(architecture, coupled)
    done: set[int] = set()
    for node in nodes_at(architecture, at):
        if node.name not in coupled.makers or node.name in classes:
            continue
        for atom in coupled.row(coupled.makers[node.name]):
            known = coupled.atoms[atom]
            if atom in done or known.locked or known.derived:
                continue
            done.add(atom)
            inside = node.name in hidden
            entering = coupled.size(coupled.rows[node.inputs[0]]) if inside else 1
            yield atom, Fraction(known.size, entering) if inside else known.size, node.name in head


def hidden_ratio(target: Part, of: str) -> float | None:
    """The hidden width of a block as a multiple of what enters, or a part of what leaves it; None when it has none."""
    coupled = channels(target.architecture)
    inner = target.inner_makers
    ends = target.entries[:1] if of == "entering" else target.exits[-1:]
    if not inner or not ends or ends[0] not in coupled.rows:
        return None
    return coupled.size(coupled.makers[inner[0]]) / coupled.size(coupled.rows[ends[0]])


def dense_layers(architecture: Architecture, at: str) -> list[Part]:
    """The blocks whose output is put beside what went in."""
    return [block for block in blocks_at(architecture, at) if block.is_dense_layer]


def _with_hidden(architecture: Architecture, at: str, ratio: float, of: str) -> Architecture:
    number(ratio, 0.001, 64, "an expansion" if of == "entering" else "a bottleneck ratio")
    coupled = channels(architecture)
    wanted: dict[int, Wish] = {}
    for block in blocks_at(architecture, at):
        present = hidden_ratio(block, of)
        if present is None:
            continue
        ends = block.entries[:1] if of == "entering" else block.exits[-1:]
        width = ratio * coupled.size(coupled.rows[ends[0]])
        first = coupled.size(coupled.makers[block.inner_makers[0]])
        for name in block.inner_makers:
            row = coupled.makers[name]
            step = math.lcm(*(coupled.atoms[atom].multiple for atom in coupled.row(row)))
            wanted |= _solved(coupled, row, rounded(width * coupled.size(row) / first, step), block)
    if not wanted:
        raise EditError(f"there is no hidden width {where(at)}: no layer whose channels stay inside its block")
    return fitted(architecture, wanted, coupled=coupled)


def _solved(coupled: Channels, row: tuple[int, ...], width: int, target: Part) -> dict[int, int]:
    try:
        return coupled.solved(row, max(width, 1), {coupled.born[name] for name in target.nodes})
    except WidthError as failure:
        raise EditError(f"{target.id}: {failure}", node=target.id) from failure


def _is_transition(block: Part) -> bool:
    kinds = [vocabulary.kind(node) for node in block.layers]
    return kinds.count("conv") == 1 and "pool" in kinds


def _has_head(architecture: Architecture) -> bool:
    from explorer.analysis.study import study

    return "@head" in study(architecture).hierarchy.groups


def _classifiers(architecture: Architecture, coupled: Channels) -> set[str]:
    """The layers that make what the network returns."""
    returned = {
        atom
        for name in architecture.output.inputs
        if name in coupled.rows
        for atom in coupled.linear(coupled.rows[name])
    }
    return {name for name, row in coupled.makers.items() if not returned.isdisjoint(coupled.linear(row))}
