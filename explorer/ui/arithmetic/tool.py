"""Tool of how an op computes: the selected card's arithmetic, on the network's own numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.session import Topic
from explorer.ui.base.dialogs import ask_animation_path
from explorer.ui.plugin.panel_tool import FollowingTool, Job
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import NumberPlace
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.presenters.arithmetic_views import ArithmeticView
    from explorer.ui.arithmetic.panel import ArithmeticPanel


class ArithmeticTool(FollowingTool["ArithmeticPanel"]):
    """Shows what a number is made of, and follows numbers back through the layers."""

    title, shortcut, preferred_height = tr_noop("How it computes"), "Ctrl+Shift+A", 430
    needs_height = True
    icon, short_title = "arithmetic", tr_noop("Arithmetic")
    topics: tuple[Topic, ...] = ("network", "selection", "sample")

    def __init__(self, context: ToolContext) -> None:
        self._trail: list[NumberPlace] = []  # the numbers gone through, the current one last; empty: the card's own
        self._chosen_op = ""
        context.session.on("selection", self._reset)  # before the tool asks again
        super().__init__(context)
        self._way_lane = context.add_lane("provenance", latest_only=True, of_document=True)
        self._film_lane = context.add_lane("film of arithmetic", latest_only=True)
        context.card_actions.append(self._card_actions)

    def create_panel(self) -> ArithmeticPanel:
        """Return the panel, its signals connected."""
        from explorer.ui.arithmetic.panel import ArithmeticPanel

        panel = ArithmeticPanel()
        panel.op_chosen.connect(self._choose_op)
        panel.source_chosen.connect(self._go_to)
        panel.step_clicked.connect(self._go_back)
        panel.pixels_requested.connect(self._trace)
        panel.export_requested.connect(self._export)
        return panel

    def create_job(self, network: Network, sample: Sample) -> Job | None:
        """Return a job that explains the op in question; None without a selection."""
        selection = self.session.selection
        way = tuple(self._trail)
        return partial(compute_view, network, sample, selection, self._chosen_op, way) if selection else None

    def show_result(self, result: ArithmeticView) -> None:
        """Show the op, and the way that led to it."""
        super().show_result(result)
        if self.panel is not None:
            self.panel.show_trail(self._trail)

    def clear(self) -> None:
        """Take away what is shown: another document is in sight."""
        self._reset()
        super().clear()

    def _reset(self) -> None:
        self._trail, self._chosen_op = [], ""

    def _choose_op(self, name: str) -> None:
        self._trail, self._chosen_op = [], name
        self.refresh()

    def _go_to(self, place: NumberPlace) -> None:
        """Show what made a number that the current one is made of."""
        if self.panel is not None and self.panel.place is not None:
            self._trail = [*self._trail[:-1], self.panel.place, place]
            self.refresh()

    def _go_back(self, step: int) -> None:
        """Go to a step of the trail; −1 is the one before the current."""
        kept = self._trail[: step + 1] if step >= 0 else self._trail[:-1]
        if kept:
            self._trail = kept
            self.refresh()

    def _trace(self, place: NumberPlace) -> None:
        network, sample = self.session.network, self.session.sample
        if network is not None and sample is not None:
            failed = self.context.commands.show_error
            self._way_lane.submit(partial(trace_way, network, sample, place), self._show_way, failed)

    def _show_way(self, way: list[NumberPlace]) -> None:
        self._trail = way
        self.refresh()

    def _export(self) -> None:
        """Save what would be played from the number in sight on."""
        from explorer.ui.arithmetic.film import Film, write_film

        panel = self.panel
        if panel is None or panel.view is None or panel.place is None:
            return
        panel.playback.pause()
        path = ask_animation_path(self.context.window, panel.view.arithmetic.name)
        if path is not None:
            film = Film(panel.view, panel.place.index, panel.playback.speed, panel.canvas.channel)
            show, commands = self.context.commands.show_status, self.context.commands
            self._film_lane.submit(
                partial(write_film, film, path), lambda saved: show(tr("Saved {path}", path=saved)), commands.show_error
            )

    def _card_actions(self, card_id: str) -> list[tuple[str, Callable[[], None] | None]]:
        return [(tr("How it computes"), partial(self._show_card, card_id))]

    def _show_card(self, card_id: str) -> None:
        self.session.select(card_id)
        self.dock.setVisible(True)
        self.dock.raise_()


def compute_view(
    network: Network,
    sample: Sample,
    selection: tuple[str, ...],
    chosen: str,
    way: tuple[NumberPlace, ...],
    keep_going: KeepGoing,
) -> Any:
    """Return how an op of the selection computes: the chosen one, or that of the last number of a way back. At the
    image it says what the first number of the way can see. A job."""
    from explorer.presenters.arithmetic_views import (
        build_arithmetic_view,
        find_receptive_box,
        first_shown_op,
        ops_of_card,
    )

    probe = network.probe(sample)
    place = way[-1] if way else None
    card = ops_of_card(selection, probe)
    name = place.node if place is not None and place.node in network.architecture.live else chosen
    name = name or first_shown_op(card, probe)
    index = place.index if place is not None and place.node == name else None
    view = build_arithmetic_view(name, card if name in card else (*card, name), probe, index, keep_going)
    if len(way) > 1 and name == network.architecture.input.name:
        return replace(view, receptive_box=find_receptive_box(way[0], probe))
    return view


def trace_way(network: Network, sample: Sample, place: NumberPlace, keep_going: KeepGoing) -> list[NumberPlace]:
    """Return the places on the way from a number back to a pixel; a job."""
    from explorer.analysis.arithmetic.provenance import trace_provenance

    return [step.explanation.place for step in trace_provenance(place, network.probe(sample), keep_going)]
