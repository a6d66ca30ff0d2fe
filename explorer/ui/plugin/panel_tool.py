"""What tools with a panel below the canvas share: a dock, a lane, and that nothing is found out which nobody would see.

A panel has `show_found(found, why)`: what was found, or why there is nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from PySide6.QtWidgets import QWidget

from explorer.base.cancellation import KeepGoing
from explorer.session import Topic
from explorer.ui.plugin.dock_size import enlarge_dock
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network

Job = Callable[[KeepGoing], Any]


class ResultPanel(Protocol):
    def show_result(self, result: Any, reason: str = "") -> None: ...

    def isVisible(self) -> bool: ...


class ClassPanel(ResultPanel, Protocol):
    def show_busy(self) -> None: ...


PanelT = TypeVar("PanelT", bound=ResultPanel)
ClassPanelT = TypeVar("ClassPanelT", bound=ClassPanel)


class PanelTool(Generic[PanelT]):
    """A tool with one panel. A kind of it says how the panel is made, and what is to be found out for it."""

    title = ""
    shortcut = ""
    preferred_height = 320  # pixels the panel wants when it is opened

    def __init__(self, context: ToolContext) -> None:
        self.context, self.session = context, context.session
        self.lane = context.add_lane(self.title, latest_only=True)
        self.panel: PanelT | None = None  # until it is first seen
        self.dock = context.add_dock(self.title, self._create_dock_widget, "bottom", self.shortcut)
        self.session.listen(self.session_changed)

    def create_panel(self) -> PanelT:
        """The panel, its signals connected."""
        raise NotImplementedError

    def create_job(self, network: Network, sample: Sample) -> Job | None:
        """What is to be found out off the UI thread; None where nothing is to be seen."""
        raise NotImplementedError

    def session_changed(self, topic: Topic) -> None:
        """Something of the session is new."""

    @property
    def selected_nodes(self) -> frozenset[str]:
        """The nodes on the selected card."""
        network, selection = self.session.network, self.session.selection
        if network is None or selection is None:
            return frozenset()
        hierarchy = network.analysis.hierarchy
        chosen = [id for id in selection.split(",") if id in hierarchy.parent]
        return frozenset(name for id in chosen for name in hierarchy.nodes_of(id))

    def submit(self) -> bool:
        """Find it out, and show it when it is there. False where there is nothing to find out."""
        network, sample = self.session.network, self.session.sample
        work = self.create_job(network, sample) if network is not None and sample is not None else None
        if network is None or work is None:
            self.lane.cancel()
            return False
        self.lane.submit(
            work, partial(self._finished, network, network.context.forward.fallback_reason), self.show_failure
        )
        return True

    def _finished(self, network: Network, previous_fallback: str, result: Any) -> None:
        if (said := network.context.forward.fallback_reason) != previous_fallback:
            self.context.commands.show_status(said)  # the device failed meanwhile
        self.show_result(result)

    def show_result(self, result: Any) -> None:
        if self.panel is not None:
            self.panel.show_result(result)

    def show_failure(self, failure: Exception) -> None:
        if self.panel is not None:
            self.panel.show_result(None, str(failure))

    def _create_dock_widget(self) -> QWidget:
        self.panel = self.create_panel()
        enlarge_dock(self.context.window, self.dock, self.preferred_height)
        return cast("QWidget", self.panel)


class FollowingTool(PanelTool[PanelT]):
    """One whose panel follows the session: at once while it is seen, else when it is seen again."""

    topics: frozenset[Topic] = frozenset({"network", "sample"})

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._is_stale = True
        self.dock.visibilityChanged.connect(lambda _: self.refresh() if self._is_stale else None)

    @property
    def is_panel_visible(self) -> bool:
        return self.panel is not None and self.panel.isVisible()

    def session_changed(self, topic: Topic) -> None:
        if topic in self.topics:
            self._is_stale = True
            self.refresh()

    def refresh(self) -> None:
        """Ask again, unless nobody would see the answer."""
        if self.panel is None or not self.is_panel_visible:
            return
        self._is_stale = False
        if not self.submit():
            self.panel.show_result(None)


class ClassTool(FollowingTool[ClassPanelT]):
    """One that asks about a class: the likeliest, until the user chooses another."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self.target_class: int | None = None

    def session_changed(self, topic: Topic) -> None:
        if topic == "sample":
            self.target_class = None
        super().session_changed(topic)

    def choose_class(self, target_class: int) -> None:
        self.target_class = target_class
        self.refresh()

    def submit(self) -> bool:
        asked = super().submit()
        if asked and self.panel is not None:
            self.panel.show_busy()
        return asked

    def create_job(self, network: Network, sample: Sample) -> Job:
        return partial(self.compute, network, sample, self.target_class)

    @staticmethod
    def compute(network: Network, sample: Sample, target_class: int | None, keep_going: KeepGoing) -> Any:
        """On the lane's thread."""
        raise NotImplementedError

    def show_failure(self, failure: Exception) -> None:
        if self.target_class is not None:  # a class of another network
            self.target_class = None
            self.refresh()
        else:
            super().show_failure(failure)
