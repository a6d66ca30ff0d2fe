"""What tools with a panel below the canvas share: a dock, a lane, and that nothing is found out which nobody would see.

A panel has `show_found(found, why)`: what was found, or why there is nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from PySide6.QtWidgets import QWidget

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.inside.room import make_room
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network

Work = Callable[[Wanted], Any]


class FoundPanel(Protocol):
    def show_found(self, found: Any, why: str = "") -> None: ...

    def isVisible(self) -> bool: ...


class ClassPanel(FoundPanel, Protocol):
    def show_busy(self) -> None: ...


P = TypeVar("P", bound=FoundPanel)
C = TypeVar("C", bound=ClassPanel)


class PanelTool(Generic[P]):
    """A tool with one panel. A kind of it says how the panel is made, and what is to be found out for it."""

    title = ""
    keys = ""
    height = 320  # pixels the panel wants when it is opened

    def __init__(self, desk: Desk) -> None:
        self.desk, self.session = desk, desk.session
        self.lane = desk.lane(self.title, newest=True)
        self.panel: P | None = None  # until it is first seen
        self.dock = desk.dock(self.title, self._make, "bottom", self.keys)
        self.session.listen(self.changed)

    def make(self) -> P:
        """The panel, its signals connected."""
        raise NotImplementedError

    def work(self, network: Network, sample: Sample) -> Work | None:
        """What is to be found out off the UI thread; None where nothing is to be seen."""
        raise NotImplementedError

    def changed(self, topic: Topic) -> None:
        """Something of the session is new."""

    @property
    def selected(self) -> frozenset[str]:
        """The nodes on the selected card."""
        network, selection = self.session.network, self.session.selection
        if network is None or selection is None:
            return frozenset()
        hierarchy = network.study.hierarchy
        chosen = [id for id in selection.split(",") if id in hierarchy.parent]
        return frozenset(name for id in chosen for name in hierarchy.nodes_of(id))

    def ask(self) -> bool:
        """Find it out, and show it when it is there. False where there is nothing to find out."""
        network, sample = self.session.network, self.session.sample
        work = self.work(network, sample) if network is not None and sample is not None else None
        if network is None or work is None:
            self.lane.cancel()
            return False
        self.lane.submit(work, partial(self._arrived, network, network.origin.forward.fell_back), self.fail)
        return True

    def _arrived(self, network: Network, known: str, found: Any) -> None:
        if (said := network.origin.forward.fell_back) != known:
            self.desk.intent.say(said)  # the device failed meanwhile
        self.show(found)

    def show(self, found: Any) -> None:
        if self.panel is not None:
            self.panel.show_found(found)

    def fail(self, failure: Exception) -> None:
        if self.panel is not None:
            self.panel.show_found(None, str(failure))

    def _make(self) -> QWidget:
        self.panel = self.make()
        make_room(self.desk.window, self.dock, self.height)
        return cast("QWidget", self.panel)


class FollowingTool(PanelTool[P]):
    """One whose panel follows the session: at once while it is seen, else when it is seen again."""

    topics: frozenset[Topic] = frozenset({"network", "sample"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._stale = True
        self.dock.visibilityChanged.connect(lambda _: self.refresh() if self._stale else None)

    @property
    def seen(self) -> bool:
        return self.panel is not None and self.panel.isVisible()

    def changed(self, topic: Topic) -> None:
        if topic in self.topics:
            self._stale = True
            self.refresh()

    def refresh(self) -> None:
        """Ask again, unless nobody would see the answer."""
        if self.panel is None or not self.seen:
            return
        self._stale = False
        if not self.ask():
            self.panel.show_found(None)


class ClassTool(FollowingTool[C]):
    """One that asks about a class: the likeliest, until the user chooses another."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.target: int | None = None

    def changed(self, topic: Topic) -> None:
        if topic == "sample":
            self.target = None
        super().changed(topic)

    def choose(self, target: int) -> None:
        self.target = target
        self.refresh()

    def ask(self) -> bool:
        asked = super().ask()
        if asked and self.panel is not None:
            self.panel.show_busy()
        return asked

    def work(self, network: Network, sample: Sample) -> Work:
        return partial(self.measure, network, sample, self.target)

    @staticmethod
    def measure(network: Network, sample: Sample, target: int | None, wanted: Wanted) -> Any:
        """On the lane's thread."""
        raise NotImplementedError

    def fail(self, failure: Exception) -> None:
        if self.target is not None:  # a class of another network
            self.target = None
            self.refresh()
        else:
            super().fail(failure)
