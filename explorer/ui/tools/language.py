"""The language of the explanations, chosen in View › Language and remembered."""

from __future__ import annotations

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction, QActionGroup

from explorer.language import LANGUAGES, Language
from explorer.ui.desk import Desk


class LanguageTool:
    def __init__(self, desk: Desk) -> None:
        self._session = desk.session
        menu = desk.menu("View").addMenu("Language of explanations")
        group = QActionGroup(desk.window)
        self.actions: dict[Language, QAction] = {}
        for language, words in LANGUAGES.items():
            action = group.addAction(menu.addAction(words))
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, language=language: self.speak(language))
            self.actions[language] = action
        remembered = QSettings().value("language")
        self.speak(next((language for language in LANGUAGES if language == remembered), "en"))

    def speak(self, language: Language) -> None:
        self.actions[language].setChecked(True)
        QSettings().setValue("language", language)
        self._session.speak(language)
