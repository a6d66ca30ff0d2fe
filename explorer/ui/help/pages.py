"""The pages of Help as windows of text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from PySide6.QtCore import QSize, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from explorer.base.languages import tr, translator
from explorer.base.resources import document_path, find_translated_document
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.base.log_file import log_folder
from explorer.ui.help.system_information import app_version, describe_system, find_libraries

_Fill = Callable[[QTextBrowser], object]
_MARGIN = 16.0  # pixels around a text
#: Sections of the README that are of no use to whom the app already runs for, and one of pictures, which it lacks.
_FOR_DEVELOPERS = ("Test", "Gallery", "How it is built")
#: Markdown makes a space of it, which Chinese has none of.
_LINE_END_IN_CHINESE = re.compile("(?<=[\u2e80-\uffef*])\n *(?=[*]?[\u2e80-\uffef])")
_INSTALLATION = "Install and start"  # begins what stands before the first section and ends with it


class HelpPage(QDialog):
    """A window with a text to read, filled anew in each language."""

    def __init__(self, window: QWidget, title: str, fill: _Fill, size: QSize) -> None:
        """`title` is marked by `tr_noop`; `fill` puts the text in."""
        super().__init__(window)
        live_text(self, QWidget.setWindowTitle, title)
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(True)
        self.text.document().setDocumentMargin(_MARGIN)
        live_text(self.text, QWidget.setAccessibleName, title)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(self.buttons)
        self.buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.resize(size.boundedTo(self.screen().availableSize() * 0.9))
        follow_language(self.text, fill, after_texts=True)  # the sheet of shortcuts reads the menus


def build_about_page(window: QWidget, title: str, networks: int) -> HelpPage:
    """Return About: versions, licences, and a button that copies what a report needs."""
    page = HelpPage(window, title, lambda text: text.setHtml(_render_about(networks)), QSize(600, 620))
    copy = live_text(QPushButton(), QPushButton.setText, "Copy system information")
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(describe_system()))
    page.buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
    folder = live_text(QPushButton(), QPushButton.setText, "Open log folder")
    live_text(folder, QWidget.setToolTip, "Errors and warnings of the last starts, for a report")
    folder.clicked.connect(_open_log_folder)
    page.buttons.addButton(folder, QDialogButtonBox.ButtonRole.ActionRole)
    return page


def _open_log_folder() -> None:
    folder = log_folder()
    folder.mkdir(parents=True, exist_ok=True)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def fill_with_markdown(text: QTextBrowser, name: str) -> None:
    """Show a Markdown file of the app, "README.md" or "CHANGELOG.md"; say it where it is missing."""
    try:
        text.setMarkdown(read_document(name))
    except OSError as failure:
        text.setPlainText(str(failure))
        return
    _wrap_code(text)


def read_document(name: str) -> str:
    """Return what users read of a document, in the language in force where it is written in it.

    What is written of the changelog there is a summary: the whole stands below it. Raises FileNotFoundError.
    """
    source = without_pictures(for_users(document_path(name).read_text(encoding="utf-8")))
    translated = find_translated_document(name, translator.language)
    if translated is None:
        return source
    summary = _LINE_END_IN_CHINESE.sub("", translated.read_text(encoding="utf-8"))
    return f"{summary}\n---\n\n{source}" if name == "CHANGELOG.md" else summary


def without_pictures(source: str) -> str:
    """Return Markdown without its pictures: they are wider than the page, and an installed app lacks them."""
    return re.sub(r"^\s*!\[[^\]]*\]\([^)]*\)\s*$\n?", "", source, flags=re.MULTILINE)


def for_users(source: str) -> str:
    """Return a document without what nobody needs once the app runs: how it is installed, tested and built."""
    head, *sections = re.split(r"^(?=## )", source, flags=re.MULTILINE)
    kept = (section for section in sections if section[3:].partition("\n")[0] not in _FOR_DEVELOPERS)
    return head.partition(_INSTALLATION)[0] + "".join(kept)


def _wrap_code(text: QTextBrowser) -> None:
    """Let lines of code go on in the next line: nobody reads beyond the edge of a page."""
    block = text.document().begin()
    while block.isValid():
        layout = block.blockFormat()
        if layout.nonBreakableLines():
            layout.setNonBreakableLines(False)
            QTextCursor(block).setBlockFormat(layout)
        block = block.next()


def _render_about(networks: int) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(version)}</td><td>{escape(licence)}</td></tr>"
        for name, version, licence in find_libraries()
    )
    system = "<br>".join(escape(line) for line in describe_system().splitlines()[:6])
    return (
        f"<h2>CNN Explorer {escape(app_version())}</h2>"
        f"<p>{escape(tr('{n} networks: open one, change it, and see what happens.', n=networks))}</p>"
        f"<p>{system}</p><h3>{escape(tr('Libraries and their licences'))}</h3><table cellpadding='3'>{rows}</table>"
    )
