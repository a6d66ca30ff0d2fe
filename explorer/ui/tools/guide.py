"""The guide: what the open network brought, with links into the diagram, to edits that try it, to experiments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QTextBrowser, QWidget

from explorer.session import Topic
from explorer.ui import appearance, guide_text
from explorer.ui.appearance import Colours
from explorer.ui.desk import Desk
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.guide.told import Known, Told
    from explorer.language import Language
    from explorer.network import Network


class GuideTool:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._session = desk, desk.session
        self._lane = desk.lane("reading", newest=True)
        self._panel: GuidePanel | None = None
        self._told: Told | None = None
        self._text: Callable[[frozenset[tuple[str, str]], Colours], str] | None = None  # given what was tried
        self._tried: frozenset[tuple[str, str]] = frozenset()
        self.dock = desk.dock("About", self._make, "right", "F1", shown=True)
        self._session.listen(self._changed)

    def _make(self) -> QWidget:
        self._panel = GuidePanel()
        self._panel.followed.connect(self._follow)
        self._read()
        return self._panel

    def _changed(self, topic: Topic) -> None:
        if topic == "language" or (topic == "network" and not self._is_told()):
            self._read()
        elif topic == "network":
            self._mark()

    def _is_told(self) -> bool:
        network = self._session.network
        key = network.baseline.architecture.key if network is not None else ""
        return self._told is not None and self._told.network == key

    def _read(self) -> None:
        network = self._session.network
        if self._panel is None or network is None:
            return
        work = partial(read, network.baseline, self._session.language)
        self._lane.submit(work, self._show, self._desk.intent.complain)

    def _show(self, found: Told | Known | None) -> None:
        from explorer.experiments.texts import texts
        from explorer.guide.page import labels
        from explorer.guide.told import Told

        words = labels(self._session.language)
        self._told = found if isinstance(found, Told) else None
        if self._panel is None:
            return
        if found is None:
            self._panel.show_text(guide_text.nothing)
        elif isinstance(found, Told):
            titles = {id: text.title for id, text in texts(self._session.language).experiments.items()}
            self._text = partial(guide_text.page, found, words, titles)
            self._tried = self._in_force()
            self._panel.show_text(partial(self._text, self._tried))
        else:
            self._panel.show_text(partial(guide_text.known, found, words))

    def _mark(self) -> None:
        """What was tried and is in force says so, and can be taken back."""
        tried = self._in_force()
        if self._panel is not None and self._text is not None and tried != self._tried:
            self._tried = tried
            self._panel.show_text(partial(self._text, tried), stay=True)

    def _in_force(self) -> frozenset[tuple[str, str]]:
        from explorer.guide.page import in_force

        network = self._session.network
        if self._told is None or network is None:
            return frozenset()
        return in_force(self._told.page.key, network.history.in_force)

    # links

    def _follow(self, url: QUrl) -> None:
        kind, target = url.scheme(), url.path()
        if kind == "https":
            QDesktopServices.openUrl(url)
        elif kind == "network":
            self._desk.intent.open(target)
        elif kind == "card":
            self._show_places(target)
        elif kind in ("try", "undo"):
            idea, tried = target.split("/")
            self._try(idea, tried, on=kind == "try")
        elif kind == "experiment":
            name, number = target.split("/")
            self._prove(name, int(number))

    def _show_places(self, idea: str) -> None:
        """Light up where an idea lives in the network as it is now."""
        from explorer.guide.told import places

        if self._told is not None and self._session.network is not None:
            found = tuple(places(self._session.network.study, self._told.page.facts.ideas[idea]))
            self._desk.intent.point_out(found)
            lit = f"{len(found)} place{'s' * (len(found) > 1)} lit up on the diagram."
            self._desk.intent.say(lit if found else "The edits made so far left nothing of this in the network.")

    def _try(self, idea: str, tried: str, on: bool) -> None:
        from explorer.guide.page import edits_of

        if self._told is None:
            return
        edits = edits_of(self._told.page.key, idea, tried)
        if on:
            self._desk.intent.change(lambda network: network.edit(*edits))
            self._desk.intent.say("Tried. The same link takes it back.")
        else:
            self._desk.intent.change(lambda network: network.without(*edits))
            self._desk.intent.say("Taken back.")

    def _prove(self, idea: str, number: int) -> None:
        if self._told is not None:
            experiment = self._told.page.facts.ideas[idea].experiments[number]
            self._session.prove(experiment.id, experiment.controls)


def read(baseline: Network, language: Language, wanted: Wanted) -> Told | Known | None:
    """The page on a network, what the catalogue knows of one without a page, or None for a module of the user's."""
    from explorer.guide.page import page, page_of
    from explorer.guide.told import known, told

    key = baseline.architecture.key
    if not key:
        return None
    about = page_of(key)
    return told(page(about, language), baseline.study) if about is not None else known(baseline.study)


class GuidePanel(QTextBrowser):
    followed = Signal(QUrl)

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setAccessibleName("About the network")
        self.document().setDocumentMargin(12)
        self.anchorClicked.connect(self.followed)
        self._text: Callable[[Colours], str] = guide_text.nothing
        self._paint()

    def show_text(self, text: Callable[[Colours], str], stay: bool = False) -> None:
        """Show a page, given as a function of the colours in force; where one reads, when it is the same page."""
        self._text = text
        self._repaint() if stay else self._paint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._repaint()

    def _repaint(self) -> None:
        place = self.verticalScrollBar().value()
        self._paint()
        self.verticalScrollBar().setValue(place)

    def _paint(self) -> None:
        self.setHtml(self._text(appearance.colours()))
