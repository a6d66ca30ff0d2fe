"""Tool of Edit › Preferences…: the dialog, and each preference in the command palette."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.ui.base import appearance, jobs
from explorer.ui.base.fonts import FONT_SCALES, font_scale, set_font_scale
from explorer.ui.base.settings import read_text, read_whole
from explorer.ui.plugin.preference import Preference, switch_of_setting
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.preferences.dialog import PreferencesDialog
from explorer.viewmodels.diagram import LEVEL_NAMES, LEVELS, Level

_APPEARANCE, _DIAGRAM, _COMPUTING = tr_noop("Appearance"), tr_noop("Diagram"), tr_noop("Computing")


class PreferencesTool:
    """Declares what belongs to no other tool, and shows all there are."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._lane = context.add_lane("preferences")
        self.dialog: PreferencesDialog | None = None
        context.get_menu("Edit").addSeparator()
        tip = tr_noop("Language, theme, font size, memory, device and others")
        self.action = context.add_action("Edit", tr_noop("Preferences…"), self.show, "Ctrl+,", tip)
        context.preferences[:0] = self._appearance()
        context.preferences.extend((self._level(), self._room(), self._threads()))
        context.palette_lines.append(self._lines)
        context.session.on("language", self._on_language_changed)
        context.before_close.append(self._close)

    def show(self, title: str = "") -> None:
        """Show the dialog; with an English title, at that preference."""
        if self.dialog is None:
            ordered = sorted(self._context.preferences, key=lambda one: self._group_order(one.group))
            self.dialog = PreferencesDialog(ordered, self._context.window)
        self.dialog.show_preferences()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self.dialog.show_preference(title or next(iter(self.dialog.controls)))

    def _group_order(self, group: str) -> int:
        groups = [_APPEARANCE, *dict.fromkeys(one.group for one in self._context.preferences)]
        return groups.index(group)

    def _lines(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        for preference in self._context.preferences:
            yield tr(preference.title), tr("Preferences"), partial(self.show, preference.title)

    def _on_language_changed(self) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self.dialog.show_preferences()

    def _close(self) -> None:
        if self.dialog is not None:
            self.dialog.close()

    # what belongs to no other tool

    def _appearance(self) -> list[Preference]:
        theme = Preference(
            _APPEARANCE,
            tr_noop("Theme"),
            tr_noop("Colours of the window and the diagram"),
            appearance.chosen_scheme,
            appearance.choose_scheme,
            choices=lambda: [(name, tr(title)) for name, title in appearance.SCHEME_TITLES.items()],
        )
        size = Preference(
            _APPEARANCE,
            tr_noop("Font size"),
            tr_noop("Size of all texts but those of the diagram, which is zoomed"),
            lambda: str(font_scale()),
            _apply_font_scale,
            choices=lambda: [(str(scale), f"{scale} %") for scale in FONT_SCALES],
        )
        return [theme, size]

    def _level(self) -> Preference:
        def write(value: str) -> None:
            QSettings().setValue("default_level", value)
            level: Level = next((level for level in LEVELS if level == value), "blocks")
            self._context.session.prefer_level(level)

        return Preference(
            _DIAGRAM,
            tr_noop("Level of detail"),
            tr_noop("To which networks are expanded when they are opened"),
            read_default_level,
            write,
            choices=lambda: [(level, tr(LEVEL_NAMES[level])) for level in LEVELS],
        )

    @staticmethod
    def _room() -> Preference:
        return switch_of_setting(
            _DIAGRAM,
            tr_noop("Panels on one side in small windows"),
            tr_noop("A panel that comes up puts those on other sides away, so that the diagram keeps its room"),
            "one_side_in_small_windows",
            True,
        )

    def _threads(self) -> Preference:
        def write(value: str) -> None:
            QSettings().setValue("threads", value)

            def apply(keep_going: KeepGoing) -> None:
                jobs.set_thread_count()

            self._lane.submit(apply, lambda _: None, self._context.commands.show_error)

        def choices() -> list[tuple[str, str]]:
            count = os.cpu_count() or 1
            counts = [number for number in (1, 2, 4, 8, 16, 32, 64) if number < count]
            return [("0", tr("Automatic")), *((str(number), str(number)) for number in (*counts, count))]

        tip = tr_noop("Processor cores that a pass may use; one stays free for the window by default")
        return Preference(
            _COMPUTING, tr_noop("Threads"), tip, lambda: str(read_whole("threads")), write, choices=choices
        )


def read_default_level() -> Level:
    """Return the level that networks are expanded to when they are opened."""
    chosen = read_text("default_level", "blocks")
    return next((level for level in LEVELS if level == chosen), "blocks")


def _apply_font_scale(value: str) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        set_font_scale(app, int(value))
        appearance.apply_scheme(app, appearance.chosen_scheme())  # sizes of the style sheet follow
