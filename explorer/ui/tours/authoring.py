"""Recording and writing tours: what is done in the window becomes a draft, which the editor shows and a file holds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, QTimer
from PySide6.QtWidgets import QDockWidget, QFileDialog, QWidget

from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr, tr_n, tr_noop
from explorer.tours.listing import TOUR_SUFFIX, in_language
from explorer.ui.base.later import call_later
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.tours.own_tours import remember_own_tour
from explorer.viewmodels.card_ids import card_id_of
from explorer.viewmodels.panel_ids import find_panel_id

if TYPE_CHECKING:  # importing these imports torch
    from explorer.tours.draft import TourDraft
    from explorer.tours.recorder import TourRecorder
    from explorer.tours.tour import Tour
    from explorer.ui.tours.editor import TourEditor

_MAX_SHOWN = 40  # cards of a step, as the schema has it
_PAUSE = 1500  # ms without a change before the draft is kept


class TourAuthoring(QObject):
    """Keeps one draft, in memory and beside the app's state, so that closing the window loses none."""

    def __init__(self, context: ToolContext, play: Callable[[Tour, int], None], is_playing: Callable[[], bool]) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self._play, self._is_playing = play, is_playing
        self._lane = context.add_lane("tour editor")
        self.editor: TourEditor | None = None
        self.recorder: TourRecorder | None = None
        self.is_recording = False
        self._shown_docks: list[QDockWidget] = []  # that have come up just now
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(lambda: self._lane.submit(self._keep_job(), _ignore, _ignore))
        self.dock = context.add_dock(tr_noop("Tour editor"), self._create_editor)
        context.before_close.append(self._keep_now)
        for topic, callback in (
            ("network", self._see_network),
            ("selection", self._see_selection),
            ("experiment", self._see_experiment),
            ("colouring", self._see_colour),
            ("expanded", self._see_level),
        ):
            self._session.on(topic, callback)  # type: ignore[arg-type]

    def _create_editor(self) -> QWidget:
        from explorer.tours.recorder import TourRecorder
        from explorer.ui.tours.editor import TourEditor

        editor = self.editor = TourEditor()
        self.recorder = TourRecorder()
        editor.set_language(self._session.language)
        editor.changed.connect(self._on_changed)
        editor.record_toggled.connect(self.set_recording)
        editor.step_requested.connect(self._add_step)
        editor.play_requested.connect(self.play)
        editor.save_requested.connect(self._ask_where_to_save)
        editor.open_requested.connect(self.ask_what_to_open)
        editor.new_requested.connect(self.begin_new)
        if self._kept_path.is_file():
            self._lane.submit(lambda _: _read_draft(self._kept_path), self._show_kept, _ignore)
        return editor

    # recording

    def record(self) -> None:
        """Show the editor and record from now on."""
        self.dock.setVisible(True)
        self.dock.raise_()
        self.set_recording(True)

    def set_recording(self, recording: bool) -> None:
        """Record from now on, beginning with the network in sight, or stop."""
        if self.editor is None or self.recorder is None:
            return
        self.is_recording = recording
        self.editor.set_recording(recording)
        if recording:
            self._follow_docks()
            self.recorder.language = self._session.language
            self.recorder.level = self._session.document.level
            self._see_network()

    @property
    def _active(self) -> TourRecorder | None:
        """The recorder, while what is done is the user's own: not what a tour does that is played."""
        return self.recorder if self.is_recording and not self._is_playing() else None

    def _see_network(self) -> None:
        recorder, network = self._active, self._session.network
        if recorder is None or network is None or self._session.is_baseline_shown:
            return
        if recorder.see_network(network):
            self._show_recorded()
        else:
            self._context.commands.show_status(
                tr("Only networks of the catalogue can be in a tour: this one is left out.")
            )

    def _see_selection(self) -> None:
        recorder, ids = self._active, self._session.selection[:_MAX_SHOWN]
        network = self._session.network
        if recorder is None or not ids or network is None or network.context.entry is None:
            return
        recorder.see_selection(ids, self._card_title(ids))
        self._show_recorded()

    def _card_title(self, ids: tuple[str, ...]) -> str:
        picture = self._context.canvas.picture
        card = picture.diagram.cards.get(card_id_of(ids)) if picture is not None else None
        if card is not None:
            return card.title
        return ids[0] if len(ids) == 1 else tr_n("{n} card", "{n} cards", len(ids))

    def _see_experiment(self) -> None:
        recorder, shown = self._active, self._session.experiment
        if recorder is None or shown is None:
            return
        from explorer.experiments.texts import load_texts

        id, controls = shown
        texts = load_texts(self._session.language).experiments
        if id in texts:
            recorder.see_experiment(id, controls, texts[id].title)
            self._show_recorded()

    def _see_colour(self) -> None:
        recorder = self._active
        if recorder is not None and recorder.draft.steps:
            recorder.see_colour(self._session.colour_mode)
            self._show_recorded()

    def _see_level(self) -> None:
        recorder, level = self._active, self._session.document.level
        if recorder is not None and recorder.level != level:
            recorder.see_level(level)
            self._show_recorded()

    def _follow_docks(self) -> None:
        for dock in self._context.window.findChildren(QDockWidget):
            if dock is not self.dock and not dock.property(_FOLLOWED):
                dock.setProperty(_FOLLOWED, True)
                dock.visibilityChanged.connect(lambda shown, dock=dock: self._see_dock(dock) if shown else None)

    def _see_dock(self, dock: QDockWidget) -> None:
        if self._active is None:
            return
        if not self._shown_docks:
            call_later(self, self._see_panels)
        self._shown_docks.append(dock)

    def _see_panels(self) -> None:
        """Take up the panel that has come up; several at once are an arrangement of the window, not the user's wish."""
        docks, self._shown_docks = self._shown_docks, []
        recorder, names = self._active, {dock.objectName() for dock in docks}
        if recorder is not None and len(names) == 1:
            recorder.see_panel(find_panel_id(names.pop()))
            self._show_recorded()

    def _add_step(self) -> None:
        if self.recorder is None:
            return
        network = self._session.network
        if network is not None:
            self.recorder.language = self._session.language
            self.recorder.see_network(network)
            self.recorder.add_step()
            self._show_recorded()

    def _show_recorded(self) -> None:
        recorder, editor = self.recorder, self.editor
        if recorder is not None and editor is not None and recorder.draft is not editor.draft:
            editor.show_draft(recorder.draft, len(recorder.draft.steps) - 1)
            self._timer.start()

    # the draft

    def _on_changed(self, draft: TourDraft) -> None:
        if self.recorder is not None:
            self.recorder.draft = draft
            self._timer.start()

    def show_draft(self, draft: TourDraft) -> None:
        """Go on with a draft."""
        if self.recorder is not None and self.editor is not None:
            self.recorder.draft = draft
            self.editor.show_draft(draft, 0)
            self._timer.start()

    def _show_kept(self, draft: TourDraft) -> None:
        if self.recorder is not None and not self.recorder.draft.steps:
            self.show_draft(draft)

    def begin_new(self) -> None:
        """Begin another tour."""
        from explorer.tours.draft import TourDraft

        self.set_recording(False)
        self.show_draft(TourDraft())

    def play(self, number: int) -> None:
        """Play the draft from a step on, as it is."""
        if self.recorder is None:
            return
        from explorer.tours.draft import draft_as_tour

        self.set_recording(False)
        try:
            tour = draft_as_tour(self.recorder.draft)
        except ValueError as failure:
            self._context.commands.show_error(failure)
        else:
            self._play(tour, number)

    # files

    def _ask_where_to_save(self) -> None:
        title = in_language(self.recorder.draft.title, self._session.language) if self.recorder is not None else ""
        name = "".join(sign if sign.isalnum() else "_" for sign in title) or "tour"
        path, _ = QFileDialog.getSaveFileName(
            self._context.window, tr("Save tour"), name + TOUR_SUFFIX, tr("Tours (*.tour)")
        )
        if path:
            self.save(path if Path(path).suffix.lower() == TOUR_SUFFIX else path + TOUR_SUFFIX)

    def save(self, path: str) -> None:
        """Write the draft to a file; it is listed among the tours from then on."""
        if self.recorder is None:
            return
        draft = self.recorder.draft

        def done(tour: Tour) -> None:
            remember_own_tour(Path(path), tour)
            self._context.commands.show_status(tr("Saved {path}", path=path))

        self._lane.submit(lambda _: _write_draft(draft, Path(path)), done, self._context.commands.show_error)

    def ask_what_to_open(self) -> None:
        """Ask for a file, and go on writing the tour in it."""
        path, _ = QFileDialog.getOpenFileName(self._context.window, tr("Open tour"), "", tr("Tours (*.tour)"))
        if path:
            self.open(path)

    def open(self, path: str) -> None:
        """Go on writing the tour of a file."""
        self.dock.setVisible(True)
        self.dock.raise_()
        self._lane.submit(lambda _: _read_draft(Path(path)), self.show_draft, self._context.commands.show_error)

    # kept beside the app's state

    @property
    def _kept_path(self) -> Path:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.StateLocation)
        return Path(folder, f"draft{TOUR_SUFFIX}")

    def _keep_job(self) -> Callable[[KeepGoing], object]:
        draft, path = self.recorder.draft if self.recorder is not None else None, self._kept_path
        return lambda _: _keep_draft(draft, path)

    def _keep_now(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            with contextlib.suppress(OSError, ValueError):
                self._keep_job()(always)


_FOLLOWED = "followed by the tour editor"


def _ignore(_: Any) -> None:
    """The draft is in memory still."""


def _read_draft(path: Path) -> TourDraft:
    from explorer.tours.draft import tour_as_draft
    from explorer.tours.tour import read_tour

    return tour_as_draft(read_tour(path))


def _write_draft(draft: TourDraft, path: Path) -> Tour:
    from explorer.tours.draft import draft_as_tour
    from explorer.tours.tour import write_tour

    tour = draft_as_tour(draft)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tour(tour, path)
    return tour


def _keep_draft(draft: TourDraft | None, path: Path) -> None:
    """Write the draft; without a step there is nothing to keep."""
    if draft is not None and draft.steps:
        _write_draft(draft, path)
    else:
        path.unlink(missing_ok=True)
