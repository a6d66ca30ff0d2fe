"""Tool of View › Language: at first that of the system, then the one that was chosen; all windows follow."""

from __future__ import annotations

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMenu

from explorer.base.languages import LANGUAGES, InterfaceLanguage, find_languages, join_list, tr, tr_noop, translator
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.language import application
from explorer.ui.plugin.preference import Preference
from explorer.ui.plugin.tool_context import ToolContext


class LanguageTool:
    """Menu of the languages, one checked."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        menu = live_text(context.get_menu("View").addMenu(""), QMenu.setTitle, "Language")
        group = QActionGroup(context.window)
        self._languages = find_languages()
        self.actions: dict[str, QAction] = {}
        for language, about in self._languages.items():
            action = group.addAction(menu.addAction(about.name))
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, language=language: self.choose_language(language))
            self.actions[language] = action
        context.preferences.append(self._preference())
        follow_language(context.window, lambda _: self._follow(), after_texts=True)
        if (unreadable := application.unreadable_language()) is not None:
            application.remember_language("en")  # and nothing is said of it again
            self._refuse(unreadable)

    def _preference(self) -> Preference:
        return Preference(
            tr_noop("Appearance"),
            tr_noop("Language"),
            tr_noop("Of the whole window, at once"),
            lambda: translator.language,
            self.choose_language,
            choices=lambda: [(language, about.name) for language, about in self._languages.items()],
        )

    def choose_language(self, language: str) -> None:
        """Switch all windows to a language and remember it; one that no font has is refused."""
        if application.lacks_font(self._languages[language]):
            self._refuse(self._languages[language])
            self._check_current()
            return
        application.remember_language(language)
        translator.set_language(language)

    def _follow(self) -> None:
        """Have what is shown of networks written in the language in force."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            application.apply_to_application(app, translator.about)
        self._check_current()
        self._session.set_language(next((known for known in LANGUAGES if known == translator.language), "en"))

    def _check_current(self) -> None:
        if translator.language in self.actions:
            self.actions[translator.language].setChecked(True)

    def _refuse(self, language: InterfaceLanguage) -> None:
        text = tr(
            "No font on this computer has the characters of {language}. Install one of these: {fonts}.",
            language=language.locale,
            fonts=join_list(language.fonts),
        )
        self._context.commands.show_error(LookupError(text))
