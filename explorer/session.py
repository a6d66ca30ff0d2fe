"""What is open in the window: the network, the groups that are open, the selection, the sample image.

No Qt: views listen, show what they find here, and say what the user wants. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # importing these imports torch; the window is on screen before that
    from explorer.analysis.sample import Sample
    from explorer.network import Network

#: What a notification is about.
Topic = Literal["network", "opened", "selection", "sample"]


class Session:
    def __init__(self) -> None:
        self.network: Network | None = None
        self.opened: frozenset[str] = frozenset()  # groups that are unfolded
        self.selection: str | None = None
        self.sample: Sample | None = None
        self._listeners: list[Callable[[Topic], None]] = []

    def listen(self, listener: Callable[[Topic], None]) -> None:
        """Call `listener` with the topic after each change, on the thread that made it."""
        self._listeners.append(listener)

    def show(self, network: Network, opened: frozenset[str] | None = None) -> None:
        """Another network, or the same one edited. `opened` is given for a newly opened one."""
        self.network = network
        if opened is not None:
            self.opened = opened
            self.selection = None
        self._tell("network")

    def open_groups(self, opened: frozenset[str]) -> None:
        if opened != self.opened:
            self.opened = opened
            self._tell("opened")

    def toggle(self, group: str) -> None:
        """Unfold a folded group, fold an open one."""
        self.open_groups(self.opened ^ {group})

    def select(self, id: str | None) -> None:
        if id != self.selection:
            self.selection = id
            self._tell("selection")

    def show_sample(self, sample: Sample) -> None:
        self.sample = sample
        self._tell("sample")

    def _tell(self, topic: Topic) -> None:
        for listener in self._listeners:
            listener(topic)
