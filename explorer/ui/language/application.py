"""What the whole application takes from the language: Qt's own texts, the fonts, how numbers are typed."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QSettings, QTranslator
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QAbstractButton, QApplication, QTabBar

from explorer.base.languages import InterfaceLanguage, closest_language, find_languages, tr
from explorer.ui.base.fonts import set_font_families
from explorer.ui.base.settings import read_text

_QT_TEXTS = "Texts of Qt"  # name of the application's translator of them
_SETTING = "language"
_WRITING_SYSTEMS = {
    "zh": QFontDatabase.WritingSystem.SimplifiedChinese,
    "ja": QFontDatabase.WritingSystem.Japanese,
    "ko": QFontDatabase.WritingSystem.Korean,
}


def first_language() -> str:
    """Return the language to begin with: the one that was chosen, or the system's; English where no font has it."""
    languages = find_languages()
    found = closest_language(_preferred_languages(), languages)
    return "en" if lacks_font(languages[found]) else found


def unreadable_language() -> InterfaceLanguage | None:
    """Return the language that the system asks for and that no font has, until another was chosen."""
    languages = find_languages()
    wanted = languages[closest_language(_preferred_languages(), languages)]
    return wanted if lacks_font(wanted) else None


def remember_language(language: str) -> None:
    """Begin with this language from now on."""
    QSettings().setValue(_SETTING, language)


def _preferred_languages() -> list[str]:
    return [*filter(None, [read_text(_SETTING)]), *QLocale.system().uiLanguages()]


def apply_to_application(app: QApplication, language: InterfaceLanguage) -> None:
    """Give the application's own texts and its font the language, where they have another one."""
    if app.property("language") != language.name:
        app.setProperty("language", language.name)
        QLocale.setDefault(QLocale(language.locale))  # Qt writes numbers as the texts around them do
        _translate_qt(app, QLocale(language.locale))
        set_font_families(app, language.fonts)
    _name_scroll_buttons()


def lacks_font(language: InterfaceLanguage) -> bool:
    """Return whether no font of this computer has the characters of the language."""
    if not language.fonts or set(language.fonts) & set(QFontDatabase.families()):
        return False
    system = _WRITING_SYSTEMS.get(language.locale.partition("_")[0])
    return system is not None and not QFontDatabase.families(system)


class _QtTexts(QTranslator):
    """Qt's own texts; one that has got another key since it was translated ("&Look in:") is looked for without any."""

    def translate(self, context: str, text: str, /, remark: str | None = None, number: int = -1) -> str | None:
        found = super().translate(context, text, remark, number)
        found = found or super().translate(context, text.replace("&", ""), remark, number)
        return found or None  # "" would be a text


def _translate_qt(app: QApplication, locale: QLocale) -> None:
    for old in app.findChildren(QTranslator, _QT_TEXTS):
        app.removeTranslator(old)
        old.deleteLater()
    translator = _QtTexts(app)
    translator.setObjectName(_QT_TEXTS)
    if translator.load(locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)


def _name_scroll_buttons() -> None:
    """Rename the buttons of tab bars that are there: Qt gives them a name, for screen readers, once."""
    names = {"ScrollLeftButton": tr("Scroll Left"), "ScrollRightButton": tr("Scroll Right")}
    for bar in (widget for widget in QApplication.allWidgets() if isinstance(widget, QTabBar)):
        for button in bar.findChildren(QAbstractButton):
            if button.objectName() in names:
                button.setAccessibleName(names[button.objectName()])
