"""Tool of View › Language: chosen once, remembered in the settings."""

from __future__ import annotations

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction, QActionGroup

from explorer.base.languages import LANGUAGES, Language, tr, translator
from explorer.ui.plugin.tool_context import ToolContext


class LanguageTool:
    """Menu of the languages, one checked."""

    def __init__(self, context: ToolContext) -> None:
        self._session = context.session
        menu = context.get_menu("View").addMenu(tr("Language"))
        group = QActionGroup(context.window)
        self.actions: dict[Language, QAction] = {}
        for language, name in LANGUAGES.items():
            action = group.addAction(menu.addAction(name))
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, language=language: self.choose_language(language))
            self.actions[language] = action
        remembered = QSettings().value("language")
        self.choose_language(next((language for language in LANGUAGES if language == remembered), "en"))

    def choose_language(self, language: Language) -> None:
        """Switch the session to a language, check its entry and remember it."""
        self.actions[language].setChecked(True)
        QSettings().setValue("language", language)
        translator.set_language(language)
        self._session.set_language(language)
