"""Base classes of tools with a panel below the canvas: a dock, a lane, and nothing computed that nobody would see."""

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
    """Panel that shows a result, or the reason why there is none."""

    def show_result(self, result: Any, reason: str = "") -> None:
        """Show a result; with None, the reason, or how to get one."""
        ...

    def isVisible(self) -> bool:
        """Qt's own: True while the panel can be seen."""
        ...


class ClassPanel(ResultPanel, Protocol):
    """Panel of a result for one class, which says while it is computed."""

    def show_busy(self) -> None:
        """Say that a result is being computed."""
        ...


PanelT = TypeVar("PanelT", bound=ResultPanel)
ClassPanelT = TypeVar("ClassPanelT", bound=ClassPanel)


class PanelTool(Generic[PanelT]):
    """Tool with one panel. A subclass says how the panel is built, and which job computes its result."""

    title = ""  # English, marked by tr_noop
    object_name = ""  # Qt name of the dock in saved window states; the title by default
    shortcut = ""
    icon = ""  # of `resources/icons/`, for the activity bar; not there without one
    short_title = ""  # there, where the title is long
    preferred_height = 320  # pixels when the dock is first shown
    needs_height = False  # a picture to work in, of which a strip would be of no use in a small window

    def __init__(self, context: ToolContext) -> None:
        self.context, self.session = context, context.session
        self.lane = context.add_lane(self.title, latest_only=True, of_document=True)
        self.panel: PanelT | None = None  # until the dock is first shown
        context.session.on("document", self.clear)
        self.dock = context.add_dock(
            self.title,
            self._create_dock_widget,
            "bottom",
            self.shortcut,
            icon=self.icon,
            short_title=self.short_title,
            needs_height=self.needs_height,
        )
        if self.object_name:
            self.dock.setObjectName(self.object_name)

    def create_panel(self) -> PanelT:
        """Return the panel, its signals connected; called when the dock is first shown."""
        raise NotImplementedError

    def create_job(self, network: Network, sample: Sample) -> Job | None:
        """Return the job that computes the result off the UI thread; None where there is nothing to compute."""
        raise NotImplementedError

    @property
    def selected_nodes(self) -> frozenset[str]:
        """Names of the nodes on the selected card; empty without a selection."""
        network, selection = self.session.network, self.session.selection
        if network is None:
            return frozenset()
        hierarchy = network.analysis.hierarchy
        chosen = [id for id in selection if id in hierarchy.parent]
        return frozenset(name for id in chosen for name in hierarchy.nodes_of(id))

    def submit(self) -> bool:
        """Start the job, and show its result when it arrives. Return False where there is nothing to compute."""
        network, sample = self.session.network, self.session.sample
        job = self.create_job(network, sample) if network is not None and sample is not None else None
        if network is None or job is None:
            self.lane.cancel()
            return False
        self.lane.submit(
            job, partial(self._finished, network, network.context.forward.fallback_reason), self.show_failure
        )
        return True

    def _finished(self, network: Network, previous_fallback: str, result: Any) -> None:
        if (reason := network.context.forward.fallback_reason) != previous_fallback:
            self.context.commands.show_status(reason)  # the device failed meanwhile
        self.show_result(result)

    def clear(self) -> None:
        """Take away what is shown: another document is in sight."""
        if self.panel is not None:
            self.panel.show_result(None)

    def show_result(self, result: Any) -> None:
        """Show a result in the panel, if that has been created."""
        if self.panel is not None:
            self.panel.show_result(result)

    def show_failure(self, failure: Exception) -> None:
        """Show why the job failed, in the place of a result."""
        if self.panel is not None:
            self.panel.show_result(None, str(failure))

    def _create_dock_widget(self) -> QWidget:
        self.panel = self.create_panel()
        enlarge_dock(self.context.window, self.dock, self.preferred_height)
        return cast("QWidget", self.panel)


class FollowingTool(PanelTool[PanelT]):
    """Tool whose panel follows the session: at once while it is visible, otherwise when it is shown again."""

    topics: tuple[Topic, ...] = ("network", "sample")  # changes of the session that make its result out of date

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._is_stale = True
        self.dock.visibilityChanged.connect(lambda _: self.refresh() if self._is_stale else None)
        for topic in (*self.topics, "language"):
            self.session.on(topic, self._on_topic_changed)

    @property
    def is_panel_visible(self) -> bool:
        """True while the panel exists and can be seen."""
        return self.panel is not None and self.panel.isVisible()

    def _on_topic_changed(self) -> None:
        self._is_stale = True
        self.refresh()

    def refresh(self) -> None:
        """Compute again, unless the panel is hidden."""
        if self.panel is None or not self.is_panel_visible:
            return
        self._is_stale = False
        if not self.submit():
            self.panel.show_result(None)


class NetworkTool(FollowingTool[PanelT]):
    """Tool whose result follows from the network alone: `compute` needs no image, and waits for none."""

    topics: tuple[Topic, ...] = ("network",)

    @property
    def subject(self) -> Network | None:
        """The network that the result is of: the one in sight."""
        return self.session.network

    def submit(self) -> bool:
        """Start `compute`. Return False without a network."""
        network = self.subject
        if network is None:
            self.lane.cancel()
            return False
        self.lane.submit(partial(self.compute, network), self.show_result, self.show_failure)
        return True

    @staticmethod
    def compute(network: Network, keep_going: KeepGoing) -> Any:
        """Return the result; runs on the lane's thread."""
        raise NotImplementedError


class ClassTool(FollowingTool[ClassPanelT]):
    """Tool whose result is for one class: the likeliest, until the user chooses another."""

    def __init__(self, context: ToolContext) -> None:
        self.target_class: int | None = None
        context.session.on("sample", self._reset_class)  # before the tool asks again
        super().__init__(context)

    def clear(self) -> None:
        """Take away the result of the former document, and the class chosen for it."""
        super().clear()
        self._reset_class()

    def _reset_class(self) -> None:
        self.target_class = None

    def choose_class(self, target_class: int) -> None:
        """Compute for this class (index of the network's output) from now on."""
        self.target_class = target_class
        self.refresh()

    def submit(self) -> bool:
        """Start the job and say so in the panel."""
        started = super().submit()
        if started and self.panel is not None:
            self.panel.show_busy()
        return started

    def create_job(self, network: Network, sample: Sample) -> Job:
        """Return a job that calls `compute` with the chosen class."""
        return partial(self.compute, network, sample, self.target_class)

    @staticmethod
    def compute(network: Network, sample: Sample, target_class: int | None, keep_going: KeepGoing) -> Any:
        """Return the result for a class, the likeliest for None; runs on the lane's thread."""
        raise NotImplementedError

    def show_failure(self, failure: Exception) -> None:
        """Show why the job failed; a class of another network is given up for the likeliest first."""
        if self.target_class is not None:  # a class of another network
            self.target_class = None
            self.refresh()
        else:
            super().show_failure(failure)
