"""Tool of the guide: the page on the open network, with links into the diagram, to edits and to experiments."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QDockWidget, QVBoxLayout, QWidget

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_n, tr_noop
from explorer.ui.base import appearance
from explorer.ui.base.appearance import Colours
from explorer.ui.documents.panel_result_cache import PanelResultCache
from explorer.ui.guide import page_text
from explorer.ui.guide.output_notes import OutputNotes
from explorer.ui.guide.panel import GuidePanel, draw_ideas
from explorer.ui.guide.prediction_bar import PredictionBar, is_asking_wanted
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.panel_ids import PANEL_IDS

if TYPE_CHECKING:
    from explorer.base.languages import Language
    from explorer.edits import Edit
    from explorer.exercises.predictions import PredictionQuestion
    from explorer.guide.filled_page import CatalogueFacts, FilledPage
    from explorer.guide.output_notes import OutputNote
    from explorer.network import Network


_RenderPage = Callable[[frozenset[tuple[str, str]], Collection["OutputNote"], Colours, Collection[str]], str]

_MAX_KEPT = 4  # pages: their pictures have some megabytes each


class GuideTool:
    """Loads the guide page of the baseline, fills it with live figures, and follows its links."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self._lane = context.add_lane("reading", latest_only=True, of_document=True)
        self._asking_lane = context.add_lane("prediction", latest_only=True, of_document=True)
        self._asked_edits: tuple[Edit, ...] = ()  # made once the question about them is answered
        self._panel: GuidePanel | None = None
        self.bar: PredictionBar | None = None
        self._filled_page: FilledPage | None = None
        self._drawing_lane = context.add_lane("pictures of the page", latest_only=True, of_document=True)
        #: By the edits in force, what to look at, the colours, and the ideas that are drawn.
        self._render_page: _RenderPage | None = None
        self._edits_in_force: frozenset[tuple[str, str]] = frozenset()
        self._notes: tuple[OutputNote, ...] = ()
        #: Page, pictures and notes of the documents seen last: going back to a tab lays its page out once.
        self._kept = PanelResultCache(_MAX_KEPT)
        context.documents.closed.connect(self._kept.drop)
        self._measuring = OutputNotes(context, self._kept, self._show_notes)
        self.dock = context.add_dock(
            tr_noop("Guide"),
            self._create_panel,
            "right",
            "F1",
            visible=True,
            icon="guide",
        )
        self.dock.visibilityChanged.connect(self._measuring.set_in_sight)
        self._session.on("network", self._on_network_changed)
        self._session.on("language", self._load_page)
        self._session.on("document", self._drop_question)

    def _create_panel(self) -> QWidget:
        self._panel, self.bar = GuidePanel(), PredictionBar()
        self._panel.link_clicked.connect(self._open_link)
        self._panel.theme_changed.connect(self._draw_pictures)
        self.bar.decided.connect(self._make_asked_edits)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._panel, 1)
        column.addWidget(self.bar)
        self._load_page()
        return whole

    def _drop_question(self) -> None:
        self._asked_edits = ()
        if self.bar is not None:
            self.bar.close_question()

    def _on_network_changed(self) -> None:
        if self._is_current():
            self._update_links()
        else:
            self._load_page()

    def _is_current(self) -> bool:
        network = self._session.network
        key = network.baseline.architecture.key if network is not None else ""
        return self._filled_page is not None and self._filled_page.network == key

    def _load_page(self) -> None:
        network = self._session.network
        if self._panel is None:
            return
        if network is None:
            self._filled_page = None
            self._measuring.set_page(None)
            self._lane.cancel()
            self._drawing_lane.cancel()
            self._panel.show_text(lambda c, _: page_text.render_placeholder(c))
            return
        causes = (network.history.baseline, self._session.language)
        kept = self._kept.get(self._session.document, "page", causes)
        if kept is not None:
            self._lane.cancel()
            self._show_page(kept)
            return

        def show(page: FilledPage | CatalogueFacts | None) -> None:
            self._kept.put(self._session.document, "page", causes, page)
            self._show_page(page)

        job = partial(load_guide_page, network.baseline, self._session.language)
        self._lane.submit(job, show, self._context.commands.show_error)

    def _show_page(self, page: FilledPage | CatalogueFacts | None) -> None:
        from explorer.experiments.texts import load_texts
        from explorer.guide.filled_page import FilledPage
        from explorer.guide.page import load_page_labels

        labels = load_page_labels(self._session.language)
        self._filled_page = page if isinstance(page, FilledPage) else None
        if self._panel is None:
            return
        if page is None:
            self._panel.show_text(lambda c, _: page_text.render_placeholder(c))
        elif isinstance(page, FilledPage):
            titles = {id: text.title for id, text in load_texts(self._session.language).experiments.items()}
            self._render_page = partial(page_text.render_page, page, labels, titles)
            self._edits_in_force, self._notes = self._in_force(), self._measuring.find_kept(page)
            pictures = self._kept.get(self._session.document, "pictures", (page, _theme_name()))
            self._panel.show_text(partial(self._render_page, self._edits_in_force, self._notes), pictures)
            if pictures is None:
                self._draw_pictures()
            self._measuring.set_page(page)
        else:
            self._panel.show_text(lambda c, _: page_text.render_figures(page, labels, c))

    def _draw_pictures(self) -> None:
        """Draw each idea's place in the network, in the colours in force; they come when they are ready."""
        page, network, panel = self._filled_page, self._session.network, self._panel
        if page is not None and network is not None and panel is not None:
            causes = (page, _theme_name())

            def show(pictures: dict[str, QImage]) -> None:
                self._kept.put(self._session.document, "pictures", causes, pictures)
                panel.show_pictures(pictures)

            job = partial(draw_ideas, network.baseline, page, appearance.is_app_dark())
            self._drawing_lane.submit(job, show, lambda _: None)

    def _update_links(self) -> None:
        """Show for each edit of the page whether it is in force, and can be taken back."""
        tried = self._in_force()
        if self._panel is not None and self._render_page is not None and tried != self._edits_in_force:
            self._edits_in_force = tried
            self._render_again()

    def _show_notes(self, notes: tuple[OutputNote, ...]) -> None:
        """Show what to look at in the output, now that it has been measured."""
        if notes != self._notes and self._filled_page is not None:
            self._notes = notes
            self._render_again()

    def _render_again(self) -> None:
        if self._panel is not None and self._render_page is not None:
            render = partial(self._render_page, self._edits_in_force, self._notes)
            self._panel.show_again(render)

    def _in_force(self) -> frozenset[tuple[str, str]]:
        from explorer.guide.page import tries_in_force

        network = self._session.network
        if self._filled_page is None or network is None:
            return frozenset()
        return tries_in_force(self._filled_page.page.key, network.history.applied_edits)

    # links

    def _open_link(self, url: QUrl) -> None:
        kind, target = url.scheme(), url.path()
        if kind == "https":
            QDesktopServices.openUrl(url)
        elif kind == "network":
            self._context.commands.open_network(target)
        elif kind == "card":
            self._highlight_idea(target)
        elif kind in ("try", "undo"):
            idea, variant = target.split("/")
            self._try_edits(idea, variant, apply=kind == "try")
        elif kind == "panel":
            self._show_panel(target)
        elif kind == "experiment":
            name, number = target.split("/")
            self._open_experiment(name, int(number))

    def _highlight_idea(self, idea: str) -> None:
        """Highlight the cards of an idea in the network as it is now."""
        from explorer.guide.locations import find_locations

        if self._filled_page is not None and self._session.network is not None:
            card_ids = tuple(
                find_locations(self._session.network.analysis, self._filled_page.page.facts.ideas[idea].where)
            )
            self._context.commands.highlight_cards(card_ids)
            text = tr_n("{n} card highlighted in the diagram.", "{n} cards highlighted in the diagram.", len(card_ids))
            self._context.commands.show_status(
                text if card_ids else tr("The edits have removed this from the network.")
            )

    def _show_panel(self, note_name: str) -> None:
        """Bring up the panel that shows what a note speaks of, with its first place selected."""
        note = next((note for note in self._notes if note.name == note_name), None)
        dock = self._context.window.findChild(QDockWidget, PANEL_IDS[note.panel]) if note is not None else None
        if note is None or dock is None:
            return
        dock.show()
        dock.raise_()
        if note.locations:
            self._context.commands.go_to_card(note.locations[0])

    def _try_edits(self, idea: str, variant: str, apply: bool) -> None:
        from explorer.guide.page import load_try_edits

        if self._filled_page is None:
            return
        edits = load_try_edits(self._filled_page.page.key, idea, variant)
        if self.bar is not None:
            self.bar.close_question()
        network = self._session.network
        if apply and network is not None and is_asking_wanted():
            self._asking_lane.submit(
                partial(pose_try, network, edits), partial(self._ask, edits), lambda _: self._make_edits(edits)
            )
        elif apply:
            self._make_edits(edits)
        else:
            self._context.commands.change_network(lambda network: network.without_edits(*edits), is_followed=True)
            self._context.commands.show_status(tr("Edit undone."))

    def _ask(self, edits: tuple[Edit, ...], asked: tuple[str, PredictionQuestion]) -> None:
        self._asked_edits = edits
        if self.bar is not None:
            self.bar.ask(*asked)

    def _make_asked_edits(self) -> None:
        edits, self._asked_edits = self._asked_edits, ()
        if edits:
            self._make_edits(edits)

    def _make_edits(self, edits: tuple[Edit, ...]) -> None:
        self._context.commands.change_network(lambda network: network.edit(*edits), is_followed=True)
        self._context.commands.show_status(tr("Edit applied. Click the link again to undo it."))

    def _open_experiment(self, idea: str, number: int) -> None:
        if self._filled_page is not None:
            experiment = self._filled_page.page.facts.ideas[idea].experiments[number]
            self._session.open_experiment(experiment.id, experiment.controls)


def _theme_name() -> str:
    return "dark" if appearance.is_app_dark() else "light"


def pose_try(network: Network, edits: tuple[Edit, ...], keep_going: KeepGoing) -> tuple[str, PredictionQuestion]:
    """Return a question about an edit with its truth: of the work where it goes another way than the parameters."""
    from explorer.exercises.predictions import FIGURE_NAMES, MovesQuestion, pose

    edited = network.edit(*edits)
    found = {
        figure: pose(MovesQuestion(figure=figure), network.analysis, edited.analysis, edits)
        for figure in ("params", "macs", "field")
    }
    figure = "params"
    if found["macs"].truth != found["params"].truth:
        figure = "macs"
    elif found["params"].truth == "same" and found["field"].truth != "same":
        figure = "field"
    text = tr(
        "{edit}. What happens to the {figure} of the network?",
        edit=edits[-1].title,
        figure=tr(FIGURE_NAMES[figure]),
    )
    return text, found[figure]


def load_guide_page(baseline: Network, language: Language, keep_going: KeepGoing) -> FilledPage | CatalogueFacts | None:
    """Return the filled page of a network; catalogue facts of one without a page; None for a user's module. A job."""
    from explorer.guide.filled_page import catalogue_facts, fill_page
    from explorer.guide.page import find_page_key, load_page

    key = baseline.architecture.key
    if not key:
        return None
    page_key = find_page_key(key)
    return (
        fill_page(load_page(page_key, language), baseline.analysis)
        if page_key is not None
        else catalogue_facts(baseline.analysis)
    )
