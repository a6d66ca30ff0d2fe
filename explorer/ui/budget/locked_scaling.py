"""What the sliders of the budget lock do to a network. It knows no Qt: its steps run in the edit queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from explorer.edits.budget import Axis, BudgetFigure, Scaling, free_axes, measure_figure
from explorer.edits.budget_search import BudgetResult, fit_budget
from explorer.edits.edit import EditError
from explorer.network import Network


@dataclass
class LockedScaling:
    """Scales the network that was there when the first slider moved; a step that is no longer the last changes nothing.

    Where the network was changed otherwise meanwhile, that one is scaled from then on, with a budget of its own.
    """

    result: BudgetResult | None = None
    refusal: str = ""  # why the last wish could not be met
    axes: tuple[Axis, ...] = ()  # that can move
    _number: int = 0
    _base: Network | None = field(default=None, repr=False)
    _made: Network | None = field(default=None, repr=False)

    def step(self, wanted: Scaling, gives_way: Axis, figure: BudgetFigure) -> partial[Network]:
        """Return the step to the network that is scaled so, where the axis that gives way keeps the budget."""
        self._number += 1
        return partial(self._apply, self._number, wanted, gives_way, figure)

    def _apply(self, number: int, wanted: Scaling, gives_way: Axis, figure: BudgetFigure, network: Network) -> Network:
        if number != self._number:
            return network
        if self._base is None or (network is not self._made and network is not self._base):
            self._base = network
        base, self.refusal = self._base, ""
        architecture = base.history.current
        self.axes = free_axes(architecture, "macs")
        try:
            found = fit_budget(architecture, wanted, gives_way, figure, measure_figure(architecture, figure))
            self._made = base.with_steps(found.steps)
            self.result = found
        except EditError as failure:
            self.refusal = str(failure)
            self._made = network
        return self._made

    def is_of(self, network: Network | None) -> bool:
        """Whether a network is one that the sliders made, or began with."""
        return network is not None and (network is self._made or network is self._base)
