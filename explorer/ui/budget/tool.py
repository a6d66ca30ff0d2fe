"""Tool of the budget lock: sliders become edits of the document in sight, and every variant is remembered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.ui.plugin.panel_tool import FollowingTool
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.edits.budget import Axis, BudgetFigure, Scaling
    from explorer.network import Network
    from explorer.ui.budget.locked_scaling import LockedScaling
    from explorer.ui.budget.panel import BudgetPanel
    from explorer.ui.budget.scatter import TriedVariant

_MOST_VARIANTS = 2000


class BudgetTool(FollowingTool["BudgetPanel"]):
    """Scales the network under a budget, and shows all variants of this run: parameters against multiply-adds."""

    title, shortcut, preferred_height = tr_noop("Budget lock"), "Ctrl+Shift+U", 300
    topics = ("network",)

    def __init__(self, context: ToolContext) -> None:
        self._variants: dict[tuple[str, int, int], TriedVariant] = {}
        self._locked: LockedScaling | None = None
        super().__init__(context)

    def create_panel(self) -> BudgetPanel:
        """Return the panel, its signals connected."""
        from explorer.ui.budget.panel import BudgetPanel

        panel = BudgetPanel()
        panel.scaling_wanted.connect(self._scale)
        panel.restart_requested.connect(self._restart)
        panel.variant_chosen.connect(self._show_variant)
        return panel

    def submit(self) -> bool:
        """Count the network in sight. Return False without one."""
        network = self.session.network
        if network is None:
            self.lane.cancel()
            return False
        self.lane.submit(partial(_count_variant, network), self.show_result, self.show_failure)
        return True

    def show_result(self, result: TriedVariant | None) -> None:
        """Remember a variant and show it among the others."""
        if self.panel is None:
            return
        if result is None:
            self.panel.show_result(None)
            return
        if len(self._variants) < _MOST_VARIANTS:
            self._variants.setdefault((result.title, result.params, result.macs), result)
        here = self._variants.get((result.title, result.params, result.macs), result)
        self.panel.show_result((list(self._variants.values()), here))
        locked = self._locked
        if locked is not None and not locked.is_of(self.session.network):
            self._locked = locked = None  # changed otherwise: the sliders begin anew
        if locked is None:
            self.panel.show_scaling(None, "", ())
        else:
            self.panel.show_scaling(locked.result, locked.refusal, locked.axes)

    def clear(self) -> None:
        """Forget what was scaled in the former document; its variants stay."""
        self._locked = None
        super().clear()

    def _scale(self, wanted: Scaling, gives_way: Axis, figure: BudgetFigure) -> None:
        from explorer.ui.budget.locked_scaling import LockedScaling

        if self._locked is None:
            self._locked = LockedScaling()
        self.context.commands.change_network(self._locked.step(wanted, gives_way, figure))

    def _restart(self) -> None:
        self._locked = None
        if self.panel is not None:
            self.panel.show_scaling(None, "", ())

    def _show_variant(self, variant: TriedVariant) -> None:
        network = self.session.network
        if network is not None and network.title == variant.title:
            self.context.commands.change_network(lambda now: now.with_edits(*variant.edits))


def _count_variant(network: Network, keep_going: KeepGoing) -> TriedVariant:
    from explorer.ui.budget.scatter import TriedVariant

    total = network.figures.total
    return TriedVariant(network.title, network.history.applied_edits, total.params, total.macs)
