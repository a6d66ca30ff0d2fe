"""Two networks side by side: the baseline or any other beside the open one, moved and selected together, with the list
of what differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from explorer.diagram import COLOURS
from explorer.drawing import Picture
from explorer.networks.catalogue import entries
from explorer.session import Topic
from explorer.ui import requests
from explorer.ui.beside.differences import DifferencesPanel
from explorer.ui.beside.linked import Linked
from explorer.ui.beside.pane import Pane
from explorer.ui.desk import Desk
from explorer.ui.library import LibraryPanel, rows

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.present.differences import Difference


class SideBySide(QObject):
    """The other network is on the left: differences read from left to right."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk, self._session = desk, desk.session
        self.mode: Literal["", "baseline", "other"] = ""
        self.other: Network | None = None  # what is on the left
        self._found: requests.Beside | None = None
        self._own: frozenset[str] = frozenset()  # groups of the left that answer to none of the right, and are open
        self._keep: str | None = None  # card of the left that stays where it is
        self._reveal: str | None = None
        self._comparing = desk.lane("comparing", newest=True)
        self._drawing = desk.lane("drawing beside", newest=True)
        self._make_actions()
        self.pane: Pane | None = None
        self.panel: DifferencesPanel | None = None
        self._dock = desk.dock("Differences", self._make_panel, keys="Ctrl+Shift+L")
        self._session.listen(self._changed)
        self._follow()

    def _make_actions(self) -> None:
        a = self._desk.action
        self._desk.menu("View").addSeparator()
        tip = "The network as it was opened, on the left, and the list of differences"
        self.baseline = a("View", "Beside the baseline", self._toggle_baseline, "Ctrl+Shift+B", tip)
        self.baseline.setCheckable(True)
        tip = "Any network of the catalogue, on the left, and the list of differences"
        self.another = a("View", "Beside another network…", self._ask, "Ctrl+Shift+K", tip)

    # what is beside

    def show_baseline(self) -> None:
        if self._session.network is not None:
            self._show("baseline", self._session.network.baseline)

    def open(self, key: str) -> None:
        """Put a network of the catalogue beside the open one."""
        work = requests.open_network(key, self._session.level)
        self._desk.intent.say(f"Opening {key}…")
        self._comparing.submit(work, lambda found: self._show("other", found.network), self._desk.intent.complain)

    def close(self) -> None:
        self.mode, self.other, self._found = "", None, None
        self._comparing.cancel()
        self._drawing.cancel()
        if self.pane is not None:
            self.pane.hide()
        self._show_list()
        self._tell_apart()
        self._follow()

    def _show(self, mode: Literal["baseline", "other"], network: Network) -> None:
        self.mode, self.other, self._found, self._keep = mode, network, None, None
        if self.pane is None:
            self.pane = self._make_pane()
        self.pane.name.setText(f"{network.title} · baseline" if mode == "baseline" else network.title)
        self.pane.name.setToolTip(self.pane.name.text())
        self.pane.canvas.show_picture(None)
        self.pane.show()
        self._dock.show()
        self._dock.raise_()
        self._compare()
        self._follow()

    def _toggle_baseline(self) -> None:
        if self.mode:
            self.close()
        else:
            self.show_baseline()

    def _ask(self) -> None:
        dialog = QDialog(self._desk.window)
        dialog.setWindowTitle("Beside another network")
        dialog.resize(360, 560)
        list_ = LibraryPanel()
        list_.show_entries(rows(entries()))
        list_.chosen.connect(self.open)
        list_.chosen.connect(lambda _: dialog.accept())
        column = QVBoxLayout(dialog)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(list_)
        list_.filter.setFocus()
        dialog.exec()
        dialog.deleteLater()

    def _make_pane(self) -> Pane:
        pane = Pane()
        self._desk.beside(pane)
        pane.canvas.show_legend(False)  # the other canvas has one
        self._link = Linked(self._desk.canvas, pane.canvas, pane)
        pane.linked.connect(self._link.switch)
        pane.closed.connect(self.close)
        pane.canvas.selected.connect(self._picked)
        pane.canvas.jumped.connect(self._picked)
        pane.canvas.toggled.connect(self._toggled)
        return pane

    def _make_panel(self) -> QWidget:
        self.panel = DifferencesPanel()
        self.panel.chosen.connect(self._go)
        self._show_list()
        return self.panel

    # what differs

    def _compare(self) -> None:
        network, other = self._session.network, self.other
        if network is not None and other is not None:
            work = requests.compare(other, network, self._session.level)
            self._comparing.submit(work, self._show_found, self._desk.intent.complain)

    def _show_found(self, found: requests.Beside) -> None:
        if self._found is None:
            self._own = found.unpaired
        self._found = found
        self._desk.intent.say("", 1)
        self._show_list()
        self._draw()
        self._tell_apart()

    def _tell_apart(self) -> None:
        """Point out on the right what differs; the left has it with its picture."""
        from explorer.present.places import card_of

        network, found = self._session.network, self._found
        if network is None or found is None:
            self._desk.canvas.tell_apart(frozenset())
            return
        there = network.study.hierarchy.parent  # an edit may just have taken something away
        ids = (row.right for row in found.differences.rows if row.right in there)
        self._desk.canvas.tell_apart(frozenset(card_of(network.study, id, self._session.opened) for id in ids))

    def _show_list(self) -> None:
        network, other = self._session.network, self.other
        if self.panel is None:
            return
        if self._found is None or network is None or other is None:
            self.panel.show_differences(None, "", "")
            return
        left = "Baseline" if self.mode == "baseline" else other.title
        right = "now" if self.mode == "baseline" else network.title
        self.panel.show_differences(self._found.differences, left, right)

    @property
    def _opened(self) -> frozenset[str]:
        """Groups that are open on the left: those that answer to open ones, and its own."""
        if self._found is None:
            return frozenset()
        back = self._found.back
        return frozenset(filter(None, (_answer(id, back) for id in self._session.opened))) | self._own

    def _draw(self) -> None:
        if self.other is not None and self._found is not None:
            colours = self._session.colours if self._session.colours in COLOURS else "kind"
            work = requests.draw(self.other, self._opened, colours, self._session.direction)
            self._drawing.submit(work, self._show_picture, self._desk.intent.complain)

    def _show_picture(self, picture: Picture) -> None:
        if self.pane is None or self.other is None or self._found is None:
            return
        canvas = self.pane.canvas
        before = canvas.picture
        keep = self._keep if picture.rect(self._keep or "") else next(iter(self.other.study.hierarchy.root.nodes))
        with self._link.apart():  # one does not follow the other to where it begins
            canvas.show_picture(picture, keep=keep if before is not None else None)
            if before is None and self.mode == "baseline":
                canvas.look_from(*self._desk.canvas.looks)
            elif before is None:
                canvas.fit()
        rows = self._found.differences.rows
        canvas.tell_apart(frozenset(self._left_card(row.left) for row in rows if row.left))
        self._select()
        if self._reveal is not None:
            canvas.reveal(self._reveal)
            self._reveal = None

    # the two together

    def _left_card(self, id: str) -> str:
        from explorer.present.places import card_of

        assert self.other is not None
        return card_of(self.other.study, id, self._opened)

    def _select(self) -> None:
        """Mark what answers to the selection."""
        selection = self._session.selection
        if self.pane is None or self._found is None or selection is None:
            return
        left = self._found.back.get(selection.split(",")[-1])
        self.pane.canvas.select(self._left_card(left) if left is not None else None)
        if left is not None:
            self.pane.canvas.reveal(self._left_card(left))

    def _picked(self, id: str | None) -> None:
        """Something was selected on the left."""
        if self.pane is None or self._found is None:
            return
        right = _answer(id or "", self._found.differences.pairs)
        if right and self.pane.link.isChecked():
            self._keep = id
            self._desk.intent.go_to_card(right)
            return
        self._session.select(None)
        self.pane.canvas.select(id)
        if id is not None and self.other is not None and not right:
            self._desk.intent.say(f"Only in {self.other.title}")

    def _toggled(self, id: str) -> None:
        """A group of the left should fold the other way; what answers to it on the right does too."""
        if self._found is None:
            return
        self._keep = id
        right = _answer(id, self._found.differences.pairs)
        if right:
            self._desk.canvas.toggled.emit(right)
        else:
            self._own ^= {id}
            self._draw()

    def _go(self, row: Difference) -> None:
        """Show a difference on both sides."""
        network, other = self._session.network, self.other
        if network is None or other is None or self.pane is None:
            return
        from explorer.present.places import seen_on, unfolded_for

        if row.right:
            card = seen_on(network.study, row.right, self._session.opened)
            self._keep = self._found.back.get(card) if self._found is not None else None
            self._desk.intent.go_to_card(card)
        if row.left and not row.right:
            around = unfolded_for(other.study, row.left, frozenset())
            self._reveal = seen_on(other.study, row.left, self._opened)
            self._session.select(None)
            self._unfold_left(around)

    def _unfold_left(self, groups: frozenset[str]) -> None:
        assert self._found is not None
        pairs = self._found.differences.pairs
        self._own |= {id for id in groups if not _answer(id, pairs)}
        self._session.open_groups(self._session.opened | {answer for id in groups if (answer := _answer(id, pairs))})
        self._draw()
        if self.pane is not None:
            self.pane.canvas.select(self._reveal)

    def _changed(self, topic: Topic) -> None:
        if topic == "network":
            self._follow()
            network = self._session.network
            if self.mode == "baseline" and network is not None and self.other is not None:
                if network.origin is not self.other.origin:
                    self._show("baseline", network.baseline)
                else:
                    self._compare()
            elif self.mode == "other":
                self._compare()
        elif topic in ("opened", "colours", "direction") and self.mode:
            self._draw()
            self._tell_apart()
        elif topic == "selection" and self.mode and self._session.selection is not None:
            self._select()

    def _follow(self) -> None:
        there = self._session.network is not None
        self.baseline.setEnabled(there)
        self.another.setEnabled(there)
        self.baseline.setChecked(bool(self.mode))


def _answer(id: str, pairs: Mapping[str, str]) -> str:
    """What answers to a card, or to a stack of equal ones (separated by commas); empty when nothing does."""
    return ",".join(pairs[part] for part in id.split(",") if part in pairs)
