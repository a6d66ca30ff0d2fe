"""What the open network is trained beside: points of its history and other open networks, ticked in a menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from explorer.base.languages import tr
from explorer.ui.base.live_texts import live_text

if TYPE_CHECKING:
    from explorer.document import Document
    from explorer.network import Network


class ContestantsButton(QToolButton):
    """Menu of contestants; the network as it was opened is ticked until the user says otherwise."""

    chosen_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network: Network | None = None
        self._documents: tuple[Document, ...] = ()
        self._unticked_baseline = False
        self._points: set[int] = set()  # ticked beside the baseline
        self._others: set[Document] = set()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.contestants_menu = QMenu(self)
        self.contestants_menu.setToolTipsVisible(True)
        self.contestants_menu.aboutToShow.connect(self._fill)
        self.setMenu(self.contestants_menu)
        live_text(self, QToolButton.setText, "Against…")
        live_text(
            self,
            QWidget.setToolTip,
            "Points of the history and other open networks that are trained beside the network in sight",
        )

    def show_choices(self, network: Network | None, documents: Sequence[Document]) -> None:
        """Offer the history of the network in sight, and other documents; ticks of another network are forgotten."""
        if network is None or self._network is None or network.history.baseline is not self._network.history.baseline:
            self._points, self._unticked_baseline = set(), False
        self._network = network
        self._documents = tuple(one for one in documents if one.network is not None)
        self._others &= set(self._documents)
        self.setEnabled(bool(self._points_to_offer or self._documents))

    @property
    def positions(self) -> tuple[int, ...]:
        """The points of the history that are ticked, without the one in sight."""
        ticked = self._points if self._unticked_baseline else self._points | {0}
        return tuple(point for point in self._points_to_offer if point in ticked)

    @property
    def others(self) -> tuple[Network, ...]:
        """The networks of other documents that are ticked."""
        return tuple(one.network for one in self._documents if one in self._others and one.network is not None)

    @property
    def _points_to_offer(self) -> list[int]:
        """All but the one in sight, also those that can be redone."""
        history = self._network.history if self._network is not None else None
        points = range(len(history.edits) + 1) if history is not None else range(0)
        return [point for point in points if history is not None and point != history.position]

    def _fill(self) -> None:
        self.contestants_menu.clear()
        edits = self._network.history.edits if self._network is not None else ()
        for position in self._points_to_offer:
            edit = edits[position - 1].title if position else ""
            title = tr("After {number}. {edit}", number=position, edit=edit) if edit else tr("As it was opened")
            action = self._add(title, position in self.positions)
            action.toggled.connect(lambda ticked, position=position: self._tick_point(position, ticked))
        self.contestants_menu.addSeparator()
        for document in self._documents:
            action = self._add(document.title, document in self._others)
            action.toggled.connect(lambda _, document=document: self._tick_other(document))

    def _add(self, text: str, ticked: bool) -> QAction:
        action = self.contestants_menu.addAction(text.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(ticked)
        return action

    def _tick_point(self, position: int, ticked: bool) -> None:
        if not position:
            self._unticked_baseline = not ticked
        else:
            self._points ^= {position}
        self.chosen_changed.emit()

    def _tick_other(self, document: Document) -> None:
        self._others ^= {document}
        self.chosen_changed.emit()
