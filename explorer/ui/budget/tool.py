"""Tool of the budget lock: sliders become edits of the document in sight, and every variant is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.session import Topic
from explorer.ui.plugin.panel_tool import NetworkTool
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.edits import Edit
    from explorer.edits.budget import Axis, BudgetFigure, Scaling
    from explorer.network import Network
    from explorer.training.trained_variants import TrainedAccuracy
    from explorer.ui.budget.locked_scaling import LockedScaling
    from explorer.ui.budget.panel import BudgetPanel
    from explorer.ui.budget.scatter import TriedVariant

_MOST_VARIANTS = 2000


class BudgetTool(NetworkTool["BudgetPanel"]):
    """Scales the network under a budget, and shows all variants of this run: parameters against multiply-adds."""

    title, shortcut, preferred_height = tr_noop("Budget lock"), "Ctrl+Shift+U", 250
    topics: tuple[Topic, ...] = ("network", "trained")
    needs_height = True

    def __init__(self, context: ToolContext) -> None:
        self._variants: dict[tuple[str, tuple[Edit, ...]], TriedVariant] = {}
        self._here: TriedVariant | None = None  # the one in sight
        self._former: TriedVariant | None = None  # the one that was left by choosing another
        self._locked: LockedScaling | None = None
        super().__init__(context)

    def create_panel(self) -> BudgetPanel:
        """Return the panel, its signals connected."""
        from explorer.ui.budget.panel import BudgetPanel

        panel = BudgetPanel()
        panel.scaling_wanted.connect(self._scale)
        panel.restart_requested.connect(self._restart)
        panel.variant_chosen.connect(self._show_variant)
        panel.return_requested.connect(lambda: self._show_variant(self._former))
        return panel

    @staticmethod
    def compute(network: Network, keep_going: KeepGoing) -> CountedVariant:
        """Return the network in sight as a variant, the axes it can be scaled along, what was trained of it, and the
        variants that were."""
        from explorer.edits.budget import free_axes
        from explorer.training.trained_variants import find_accuracies

        variant = _count_variant(network, network.history.applied_edits)
        assert variant is not None  # it is there
        accuracies = find_accuracies(network.title)
        trained = tuple(_count_variant(network, edits) for edits in accuracies if keep_going(0.0))
        axes = free_axes(network.history.current, "macs")
        return variant, axes, accuracies, tuple(found for found in trained if found is not None)

    def show_result(self, result: CountedVariant | None) -> None:
        """Remember a variant and show it among the others."""
        if self.panel is None:
            return
        if result is None:
            self.panel.show_result(None)
            return
        variant, axes, accuracies, trained = result
        for found in (variant, *trained):
            if len(self._variants) < _MOST_VARIANTS:
                self._variants.setdefault((found.title, found.edits), found)
        self._add_accuracies(variant.title, accuracies)
        self._here = self._variants.get((variant.title, variant.edits), variant)
        self.panel.show_result((list(self._variants.values()), self._here))
        self.panel.show_former(self._former is not None and self._former.title == variant.title)
        locked = self._locked
        if locked is not None and not locked.is_of(self.session.network):
            self._locked = locked = None  # changed otherwise: the sliders begin anew
        if locked is None:
            self.panel.show_scaling(None, "", axes)
        else:
            self.panel.show_scaling(locked.result, locked.refusal, locked.axes)

    def _add_accuracies(self, title: str, accuracies: dict[tuple[Edit, ...], TrainedAccuracy]) -> None:
        """Say of each variant of a network what it reached, where it was trained."""
        from explorer.training.trained_variants import without_fitting

        for key, variant in self._variants.items():
            if variant.title == title:
                trained = accuracies.get(without_fitting(variant.edits))
                self._variants[key] = replace(variant, trained=trained)

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

    def _show_variant(self, variant: TriedVariant | None) -> None:
        network = self.session.network
        if network is not None and variant is not None and network.title == variant.title:
            self._former = self._here
            self.context.commands.change_network(lambda now: now.jump_to(*variant.edits))


if TYPE_CHECKING:
    CountedVariant = tuple[
        TriedVariant, tuple[Axis, ...], dict[tuple[Edit, ...], TrainedAccuracy], tuple[TriedVariant, ...]
    ]


def _count_variant(network: Network, edits: tuple[Edit, ...]) -> TriedVariant | None:
    """A variant of a network with its figures, which are remembered; None where the edits cannot be made any more."""
    from explorer.base.memo import memoise
    from explorer.ui.budget.scatter import TriedVariant

    def count() -> TriedVariant | None:
        try:
            total = network.with_edits(*edits).figures.total
        except (ValueError, RuntimeError):
            return None
        return TriedVariant(network.title, edits, total.params, total.macs)

    return memoise(network.history.baseline, ("tried variant", edits), count)
