"""How many blocks each run needs for a budget, found without making the networks.

A copy of a block that keeps the shape costs what the block does, so a figure is linear in the number of blocks of each
run. What the model misses (copies of a dense layer read more and more) is seen when the network is made and counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.figures import Total
from explorer.base.memo import memoise
from explorer.edits.depth import SetDepths, runs_at
from explorer.edits.edit import EVERYWHERE, EditError
from explorer.edits.subgraph import Subgraph
from explorer.graph.architecture import Architecture

_MOST_FREE = 9  # runs that are rounded up and down in turn; the others, the cheapest, are rounded up
_TOO_FAR = 0.008  # of the budget: farther than that, runs need not be rounded evenly
_CLOSE = 0.002  # of the budget: nearer than that, the more even of two is taken


@dataclass(frozen=True, slots=True)
class RunCosts:
    """What a figure is made of: `base` for the network as it is, and the cost of each run's blocks and next copy."""

    base: int
    blocks: tuple[tuple[int, ...], ...]
    copies: tuple[int, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """The number of blocks in each run as it is."""
        return tuple(len(run) for run in self.blocks)

    def predict(self, counts: Sequence[int]) -> int:
        """Return the figure with so many blocks in each run."""
        return self.base + sum(self._change(number, count) for number, count in enumerate(counts))

    def _change(self, number: int, count: int) -> int:
        costs = self.blocks[number]
        more = count - len(costs)
        return more * self.copies[number] if more >= 0 else -sum(costs[count:])

    def nearest(self, budget: float, smallest: float, largest: float) -> tuple[int, ...]:
        """Return the counts that come nearest to a budget: one factor for all runs, rounded up in some of them and down
        in the others."""
        steps = {n / length for length in self.lengths for n in range(1, math.ceil(largest * length) + 1)}
        marks = sorted(step for step in steps if smallest <= step <= largest)
        found: list[tuple[float, float, tuple[int, ...]]] = []
        for low, high in pairwise(marks):
            down, up = self._round(low, math.floor), self._round(high, math.ceil)
            if not found or self.predict(down) <= budget <= self.predict(up):
                found += [self._judge(counts, budget, (low + high) / 2) for counts in self._between(down, up)]
        first, last = self._round(marks[0], math.ceil), self._round(marks[-1], math.floor)
        found += [self._judge(counts, budget, 1.0) for counts in (first, last, self.lengths)]
        return self._improve(min(found)[-1], budget)

    def _improve(self, counts: tuple[int, ...], budget: float) -> tuple[int, ...]:
        """Add or remove single blocks while that comes nearer, where even counts stay too far from a budget."""

        def missing(found: Sequence[int]) -> float:
            return abs(self.predict(found) / budget - 1)

        while missing(counts) > _TOO_FAR:
            changed = [
                (*counts[:number], count + change, *counts[number + 1 :])
                for number, count in enumerate(counts)
                for change in (-1, 1)
                if count + change >= 1
            ]
            best = min(changed, key=missing)
            if missing(best) >= missing(counts):
                break
            counts = best
        return counts

    def _round(self, factor: float, rounded: Callable[[float], int]) -> tuple[int, ...]:
        shift = 1e-9 if rounded is math.floor else -1e-9
        return tuple(max(rounded(length * factor + shift), 1) for length in self.lengths)

    def _between(self, down: Sequence[int], up: Sequence[int]) -> list[tuple[int, ...]]:
        dear = sorted(range(len(up)), key=lambda number: -self.copies[number] * (up[number] - down[number]))
        free = {number for number in dear[:_MOST_FREE] if up[number] != down[number]}
        choices = [(down[n], up[n]) if n in free else (up[n],) for n in range(len(up))]
        return list(product(*choices))

    def _judge(self, counts: tuple[int, ...], budget: float, factor: float) -> tuple[float, float, tuple[int, ...]]:
        spread = sum(abs(count - factor * length) for count, length in zip(counts, self.lengths, strict=True))
        return max(abs(self.predict(counts) / budget - 1), _CLOSE), spread, counts


def find_run_costs(architecture: Architecture, measure: Callable[[Total], int], figure: str, base: int) -> RunCosts:
    """Return what the runs of a network cost; `measure` reads the figure off the total of some nodes. Memoised."""
    return memoise(architecture, ("run_costs", figure), lambda: _find_run_costs(architecture, measure, base))


def _find_run_costs(architecture: Architecture, measure: Callable[[Total], int], base: int) -> RunCosts:
    def cost(block: Subgraph) -> int:
        return measure(analyse(block.architecture).total(block.nodes))

    runs = runs_at(architecture, EVERYWHERE)
    copied = [run[-1] for run in runs]
    if not all(block.keeps_shape for block in copied):  # a copy of one that changes it has another stride and width
        wanted = tuple(len(run) + (not run[-1].keeps_shape) for run in runs)
        try:
            longer = runs_at(SetDepths(EVERYWHERE, wanted).apply(architecture), EVERYWHERE)
        except EditError:
            longer = []
        if len(longer) == len(runs):
            copied = [run[-1] for run in longer]
    return RunCosts(base, tuple(tuple(map(cost, run)) for run in runs), tuple(map(cost, copied)))
