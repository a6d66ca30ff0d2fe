"""Tool of the guided tours: the list to choose from, the card, the spotlight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMenu

from explorer.base.languages import tr, tr_noop
from explorer.links import LINK_SCHEME
from explorer.tours.listing import TOUR_SUFFIX, TourEntry, in_language, is_of_the_app, list_lineage_tours, list_tours
from explorer.ui.base.guess_score import add_to_score, load_score
from explorer.ui.base.live_texts import live_text
from explorer.ui.plugin.menu_entries import OPENS
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.tours.authoring import TourAuthoring
from explorer.ui.tours.card import TourCard
from explorer.ui.tours.chooser import TourChooser, TourRow
from explorer.ui.tours.handouts import HandoutSaver
from explorer.ui.tours.links import LinkOpener
from explorer.ui.tours.own_tours import OwnTour, own_tours, remember_own_tour
from explorer.ui.tours.panels import TourPanels
from explorer.ui.tours.player import TourPlayer
from explorer.ui.tours.progress import load_progress

if TYPE_CHECKING:
    from explorer.tours.tour import Tour
    from explorer.tours.walk import TourScene, View


_RECORD, _OPEN = tr_noop("Record a tour…"), tr_noop("Open a tour…")


class ToursTool:
    """Reached from the start page, Help and the palette; a tour goes on where it was left."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self._reading_lane = context.add_lane("tours", latest_only=True)
        self.player = TourPlayer(context, context.window)
        self.player.scene_changed.connect(self._show_scene)
        self.player.view_shown.connect(self._show_view)
        self.player.ended.connect(self._on_ended)
        self.panels = TourPanels(context.window)
        self.card = TourCard(context.canvas)
        self.card.shown_changed.connect(context.canvas.guided)
        self.card.next_requested.connect(lambda: self._step(1))
        self.card.back_requested.connect(lambda: self._step(-1))
        self.card.left.connect(self.leave)
        self.card.guessed.connect(lambda is_right: self.card.show_score(add_to_score(is_right)))
        self.card.answer_shown.connect(self._on_answered)
        self.card.experiment_requested.connect(self._open_experiment)
        self.card.rooms_changed.connect(self._light)
        self._view: View | None = None  # of the step, once it is in sight
        self.authoring = TourAuthoring(
            context, lambda tour, number: self.player.play("", tour, number), lambda: self.player.is_in_sight
        )
        own_actions = ((_RECORD, self._record), (_OPEN, self._ask_what_to_play))
        self.chooser = TourChooser(context.canvas, own_actions)
        self.chooser.tour_chosen.connect(self.play)
        title, tip = (
            tr_noop("Guided tours…"),
            tr_noop("New here? Ten minutes each: from what a convolution does to MobileNet v3"),
        )
        context.add_activity(context.add_action("Help", title, self.show_chooser, "F2", tip), "tours")
        self._menu = live_text(context.get_menu("Help").addMenu(""), QMenu.setTitle, "Tours")
        self._menu.aboutToShow.connect(self._fill_menu)
        context.start_actions.insert(0, (title, tip, self.show_chooser))
        context.file_handlers[TOUR_SUFFIX] = self.open_file
        self.links = LinkOpener(context, self.play)
        context.scheme_handlers[LINK_SCHEME] = self.links.open_link
        title, tip = (
            tr_noop("Copy link to this view"),
            tr_noop("A link for slides and notes: network, edits, selection"),
        )
        context.add_action("View", title, self._copy_link, "Ctrl+Alt+C", tip, needs_network=True)
        self.handouts = HandoutSaver(context, lambda: self.player.tour if self.player.is_in_sight else None)
        title, tip = (
            tr_noop("Save handout…"),
            tr_noop("The tour, or the guide page, as a web page or slides with notes"),
        )
        context.add_action("File", title, self.handouts.ask_path, tip=tip)
        context.card_actions.append(lambda id: [(tr("Copy link to this view"), self._copy_link)])
        self._session.on("document", self._follow_document)
        self._session.on("language", self._show_anew)

    # ways in

    def show_chooser(self) -> None:
        """Show the list of tours over the canvas."""
        self.chooser.show_rows(self._rows())

    def _rows(self) -> list[TourRow]:
        sections: tuple[tuple[str, Sequence[TourEntry | OwnTour]], ...] = (
            ("", list_tours()),
            (tr("Lineages: one network becomes the next"), list_lineage_tours()),
            (tr("Your own"), own_tours()),
        )
        return [self._row(entry, section) for section, entries in sections for entry in entries]

    def _row(self, entry: TourEntry | OwnTour, section: str) -> TourRow:
        language, known = self._session.language, load_progress(entry.id)
        title = in_language(entry.title, language) or tr("Untitled tour")
        about = in_language(entry.about, language)
        counts = entry.minutes, known.step, entry.step_count, known.is_finished
        return TourRow(entry.id, title, about, *counts, section=section)

    def _fill_menu(self) -> None:
        self._menu.clear()
        section = ""
        for row in self._rows():
            if row.section != section:
                self._menu.addSeparator()
            section = row.section
            action = self._menu.addAction(row.title)
            action.setProperty(OPENS, True)
            action.triggered.connect(partial(self._play_row, row.id))
        self._menu.addSeparator()
        for title, callback in ((_RECORD, self._record), (_OPEN, self._ask_what_to_play)):
            self._menu.addAction(tr(title)).triggered.connect(lambda _=False, callback=callback: callback())

    def _play_row(self, id: str, _: bool = False) -> None:
        self.play(id)

    def _record(self) -> None:
        self.chooser.hide()
        self.authoring.record()

    def _ask_what_to_play(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._context.window, tr("Open tour"), "", tr("Tours (*.tour)"))
        if path:
            self.open_file(path)

    def play(self, id: str, number: int | None = None) -> None:
        """Begin one of the app's tours, or of the user's own, at a step; by default where the user was."""
        self.chooser.hide()
        own = next((tour for tour in own_tours() if tour.id == id), None)
        if own is not None:
            self.open_file(own.path, number)
            return

        def read(_: object) -> Tour:
            from explorer.tours.lineage_tour import find_tour

            return find_tour(id)

        self._reading_lane.submit(read, lambda tour: self.player.play(id, tour, number), self._show_failure)

    def open_file(self, path: str, number: int | None = None) -> None:
        """Begin a tour of a file, one that a teacher wrote or that was recorded. It is listed from then on."""
        self.chooser.hide()

        def read(_: object) -> Tour:
            from explorer.tours.tour import read_tour

            return read_tour(Path(path))

        def play(tour: Tour) -> None:
            self.player.play(remember_own_tour(Path(path), tour).id, tour, number)

        self._reading_lane.submit(read, play, self._show_failure)

    def _show_failure(self, failure: Exception) -> None:
        self._context.commands.show_error(failure)

    def _copy_link(self) -> None:
        is_touring = self.player.is_in_sight and is_of_the_app(self.player.id)
        self.links.copy_link(self.player.id if is_touring else "", self.player.number + 1 if is_touring else 0)

    # on the way

    def _step(self, by: int) -> None:
        self.card.show_busy()
        self.player.go_to(self.player.number + by)

    def leave(self) -> None:
        """Leave the tour; it goes on here when it is chosen again."""
        number, is_over = self.player.number + 1, self._is_at_end
        self.player.leave()
        if not is_over:
            text = tr("You left the tour at step {number}. Help › Guided tours… goes on there.", number=number)
            self._context.commands.show_status(text)

    @property
    def _is_at_end(self) -> bool:
        tour = self.player.tour
        return tour is None or self.player.number + 1 >= len(tour.steps)

    def _on_answered(self) -> None:
        self._open_panel()  # first: it is what a card is then selected for
        self.player.reveal()

    def _show_scene(self, scene: TourScene) -> None:
        tour, self._view = self.player.tour, None
        assert tour is not None
        language = self._session.language
        if self.card.isHidden():
            self.panels.begin()
        self.card.show_scene(in_language(tour.title, language) or tr("Untitled tour"), scene, load_score(), language)
        self._open_panel()

    def _show_view(self, view: View) -> None:
        if self.player.is_in_sight and not self.card.isHidden():
            self._view = view
            self._light()
            self._select_for_panel(view)

    def _light(self) -> None:
        """Light what the step speaks of, in the part of the canvas that is free: a panel may come or go meanwhile."""
        if self._view is not None:
            self._context.canvas.show_spotlight(frozenset(self._view.targets), self.card.free_rooms())

    def _open_panel(self) -> None:
        """Bring the panel of the step to the front, once there is nothing to guess; the card keeps the keys."""
        scene = self.player.scene
        if self.panels.show(scene.step.panel if scene is not None and not self.card.is_asking else ""):
            self.card.setFocus()

    def _select_for_panel(self, view: View) -> None:
        """Select the card that the step's panel is about: most panels follow the selection."""
        scene = self.player.scene
        has_panel = scene is not None and bool(scene.step.panel) and not self.card.is_asking
        self._session.select(view.targets[0] if has_panel and view.targets else None)

    def _open_experiment(self) -> None:
        scene = self.player.scene
        if scene is not None and scene.step.experiment is not None:
            self._session.open_experiment(scene.step.experiment.id, scene.step.experiment.controls)

    def _on_ended(self) -> None:
        self._view = None
        self.card.hide()
        self.panels.end()
        self._context.canvas.show_spotlight(frozenset())
        self._context.canvas.setFocus()

    def _follow_document(self) -> None:
        """The card is over its own document only."""
        if self.player.tour is None:
            return
        shown = self.player.is_in_sight
        self.card.setVisible(shown)
        if not shown:
            self._context.canvas.show_spotlight(frozenset())
        elif self.player.scene is not None:
            view = self.player.scene.before if self.card.is_asking else self.player.scene.after
            self._context.commands.when_drawn(partial(self._show_view, view))

    def _show_anew(self) -> None:
        if not self.chooser.isHidden():
            self.chooser.show_rows(self._rows())
        self.player.show_again()
