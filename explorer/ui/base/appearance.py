"""Light and dark: the palette of the widgets, following the system unless the user says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from explorer.base.languages import tr_noop
from explorer.ui.base.fonts import font_scale
from explorer.ui.base.settings import read_text

_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}

#: English titles of the schemes.
SCHEME_TITLES = {"system": tr_noop("System default"), "light": tr_noop("Light"), "dark": tr_noop("Dark")}

_SETTING = "theme"
_MENU_ARROW = 19  # pixels at the right of a button that opens a menu, beside its text


@dataclass(frozen=True)
class Colours:
    """Colours for widgets that paint themselves, as CSS names ("#f3f5f8")."""

    background: str
    surface: str
    text: str
    muted: str
    border: str
    accent: str
    previous: str  # what was before
    increase: str  # a cost that grew
    decrease: str  # a cost that shrank


_LIGHT = Colours("#f3f5f8", "#ffffff", "#1b2230", "#626d7f", "#d5dbe4", "#2b68d0", "#b9c4d6", "#c0392b", "#1a7a42")
_DARK = Colours("#1c1f26", "#23272f", "#eceff4", "#9aa5b5", "#3b424e", "#6ea2ff", "#586375", "#ff8a7a", "#5cc98c")


def apply_scheme(app: QApplication, scheme: str) -> None:
    """Make the app "light", "dark" or, by "system", like the desktop, now and whenever that changes."""
    app.setStyle("Fusion")
    hints = app.styleHints()
    app.setProperty("scheme", scheme)
    hints.setColorScheme(_SCHEMES.get(scheme, Qt.ColorScheme.Unknown))  # for what the platform itself paints
    _apply_palette(app)
    if not app.property("follows_scheme"):
        app.setProperty("follows_scheme", True)
        hints.colorSchemeChanged.connect(lambda _: _apply_palette(app))


def chosen_scheme() -> str:
    """Return the scheme that the user has chosen: "system", "light" or "dark"."""
    chosen = read_text(_SETTING, "system")
    return chosen if chosen in _SCHEMES else "system"


def choose_scheme(scheme: str) -> None:
    """Apply a scheme and remember it; all windows follow."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    QSettings().setValue(_SETTING, scheme)
    apply_scheme(app, scheme)


def is_dark(app: QApplication) -> bool:
    """Return whether the app is dark now. An explicit choice counts first: some platforms cannot be told a scheme."""
    chosen = app.property("scheme")
    if chosen in ("light", "dark"):
        return bool(chosen == "dark")
    return app.styleHints().colorScheme() == Qt.ColorScheme.Dark


def is_app_dark() -> bool:
    """Return whether the running application is dark now."""
    app = QApplication.instance()
    return isinstance(app, QApplication) and is_dark(app)


def current_colours() -> Colours:
    """Return the colours of the scheme in force."""
    return _DARK if is_app_dark() else _LIGHT


def _apply_palette(app: QApplication) -> None:
    c = current_colours()
    palette = QPalette()
    role = QPalette.ColorRole
    for name, value in {
        role.Window: c.background,
        role.Base: c.surface,
        role.AlternateBase: c.background,
        role.Button: c.surface,
        role.ToolTipBase: c.surface,
        role.WindowText: c.text,
        role.Text: c.text,
        role.ButtonText: c.text,
        role.ToolTipText: c.text,
        role.PlaceholderText: c.muted,
        role.Highlight: c.accent,
        role.Accent: c.accent,
        role.Link: c.accent,
        role.HighlightedText: "#ffffff" if c is _LIGHT else "#10131a",
        role.Mid: c.border,
        role.Midlight: c.border,
        role.Dark: c.border,
        role.Light: c.surface,
        role.Shadow: c.border,
    }.items():
        palette.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(c.muted))
    app.setPalette(palette)
    app.setStyleSheet(_build_style_sheet(c))


def _build_style_sheet(c: Colours) -> str:
    """Return the style sheet of the whole application."""
    scale = font_scale() / 100
    return f"""
        QToolTip {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.border}; padding: 5px; }}
        QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
        QDockWidget {{ titlebar-close-icon: none; titlebar-normal-icon: none; }}
        QDockWidget::title {{ background: {c.background}; border-bottom: 1px solid {c.border}; }}
        QDockWidget::title {{ padding: 4px 10px 0 10px; }}
        QMainWindow > QTabBar {{ qproperty-drawBase: 0; background: {c.background}; }}
        QMainWindow > QTabBar {{ qproperty-elideMode: ElideNone; }}
        QMainWindow > QTabBar::tab {{ background: {c.background}; color: {c.muted}; padding: 5px 12px; border: 0; }}
        QMainWindow > QTabBar::tab {{ border-bottom: 2px solid transparent; }}
        QMainWindow > QTabBar::tab:hover {{ color: {c.text}; }}
        QMainWindow > QTabBar::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
        QMainWindow::separator {{ background: {c.border}; width: 3px; height: 3px; }}
        QToolBar {{ background: {c.background}; border: 0; border-bottom: 1px solid {c.border}; }}
        QToolBar {{ spacing: 2px; padding: 3px; }}
        QToolBar QToolButton {{ padding: 4px 9px; border-radius: 5px; border: 1px solid transparent; }}
        QToolBar QToolButton:hover {{ border-color: {c.border}; background: {c.surface}; }}
        QToolBar QToolButton:checked {{ background: {c.accent}; color: {"#ffffff" if c is _LIGHT else "#10131a"}; }}
        QToolBar QToolButton:disabled {{ background: transparent; color: {c.muted}; }}
        QToolBar#activities {{ border: 0; border-right: 1px solid {c.border}; padding: 3px 0; spacing: 0; }}
        QToolBar QToolButton[role="activity"] {{ border: 0; border-left: 2px solid transparent; border-radius: 0; }}
        QToolBar QToolButton[role="activity"] {{ padding: 4px 2px 3px 0; color: {c.muted}; }}
        QToolBar QToolButton[role="activity"] {{ font-size: {round(10 * scale)}px; }}
        QToolBar QToolButton[role="activity"]:hover {{ background: {c.surface}; color: {c.text}; }}
        QToolBar QToolButton[role="activity"]:focus {{ background: {c.surface}; color: {c.text}; }}
        QToolBar QToolButton[role="activity"]:checked {{ background: transparent; color: {c.accent}; }}
        QToolBar QToolButton[role="activity"]:checked {{ border-left-color: {c.accent}; }}
        QStatusBar {{ border-top: 1px solid {c.border}; }}
        QLineEdit {{ padding: 4px 6px; border: 1px solid {c.border}; border-radius: 5px; background: {c.surface}; }}
        QLineEdit:focus {{ border-color: {c.accent}; }}
        QToolButton[role="muted"] {{ color: {c.muted}; border: 0; border-radius: 4px; padding: 0 5px; }}
        QToolButton[role="muted"]:hover {{ color: {c.accent}; background: {c.surface}; }}
        QToolButton[role="muted"]:focus {{ color: {c.accent}; background: {c.surface}; }}
        QToolButton[role="tab"] {{ border: 1px solid {c.border}; border-radius: 5px; padding: 3px 4px; }}
        QToolButton[role="tab"]:hover {{ border-color: {c.accent}; }}
        QToolButton[role="tab"]:focus {{ border-color: {c.accent}; }}
        QToolButton[role="tab"]:checked {{ background: {c.accent}; border-color: {c.accent}; }}
        QToolButton[role="tab"]:checked {{ color: {"#ffffff" if c is _LIGHT else "#10131a"}; }}
        QToolButton[popupMode="2"], QToolButton[role="muted"][popupMode="2"] {{ padding-right: {_MENU_ARROW}px; }}
        QToolButton[role="tab"][popupMode="2"] {{ padding-right: {_MENU_ARROW}px; }}
        QToolButton[autoRaise="true"][popupMode="2"] {{ border: 0; border-radius: 4px; }}
        QToolButton[autoRaise="true"][popupMode="2"]:hover {{ background: {c.background}; }}
        QToolButton[popupMode="2"]::menu-indicator {{ subcontrol-position: right center; right: 4px; }}
        QLabel[role="kind"] {{ color: {c.muted}; border: 1px solid {c.border}; border-radius: 4px; padding: 0 5px; }}
        QScrollBar:vertical {{ background: transparent; border: 0; width: 10px; margin: 0; }}
        QScrollBar:horizontal {{ background: transparent; border: 0; height: 10px; margin: 0; }}
        QScrollBar::handle {{ background: {c.previous}; border-radius: 3px; margin: 2px; }}
        QScrollBar::handle:vertical {{ min-height: 28px; }}
        QScrollBar::handle:horizontal {{ min-width: 28px; }}
        QScrollBar::handle:hover {{ background: {c.muted}; }}
        QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
        QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
        QLabel[role="title"] {{ font-size: {round(15 * scale)}px; font-weight: 600; }}
        QLabel[role="heading"] {{ font-weight: 600; color: {c.muted}; }}
        QLabel[role="muted"] {{ color: {c.muted}; }}
        QLabel[role="refusal"] {{ color: {c.increase}; }}
        QLabel[role="formula"] {{ background: {c.surface}; border: 1px solid {c.border}; }}
        QLabel[role="formula"] {{ border-radius: 5px; padding: 7px; }}
    """
