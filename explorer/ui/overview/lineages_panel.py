"""Lineages: chains of edits from one idea to the next, with the measured cost of each step."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from PySide6.QtCore import QEvent, QUrl, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QTextBrowser, QWidget

from explorer.base import number_format
from explorer.base.languages import Language, with_label
from explorer.guide.lineages import Lineage, LineageFigures, load_lineages
from explorer.networks.catalogue import get_entry
from explorer.ui.base import appearance
from explorer.ui.base.fonts import scaled, size_with_font
from explorer.ui.base.live_texts import live_text

_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "start": "Start",
        "save": "Save as a web page or slides…",
        "tour": "Play as a tour: guess each step before it is made",
        "open": "Open here",
        "opened": "Open in the window",
        "params": "Parameters",
        "macs": "MACs",
        "peak": "Peak memory",
        "arrived": "Counts are those of {network}, exactly.",
        "busy": "Measuring on the live module…",
    },
    "zh": {
        "start": "起点",
        "save": "保存为网页或幻灯片…",
        "tour": "作为导览播放：每一步先猜再看",
        "open": "打开到这一步",
        "opened": "已在窗口中打开",
        "params": "参数量",
        "macs": "MACs",
        "peak": "峰值内存",
        "arrived": "计数与 {network} 完全一致。",
        "busy": "正在实际模块上测量…",
    },
}


class LineagesPanel(QWidget):
    """List of lineages and the steps of the current one. Measuring is requested by signal."""

    open_requested = Signal(str, tuple)  # key of a network to open, and the edits to make to it
    tour_requested = Signal(str)  # id of a lineage, to be played step by step
    save_requested = Signal(str)  # id of a lineage, to be saved as a handout
    measure_requested = Signal(object)  # a lineage to be measured; answer with `show_stops`

    def __init__(self) -> None:
        super().__init__()
        self._language: Language = "en"
        self._displayed: Lineage | None = None
        self._lineages = load_lineages()
        self._figures_of: dict[str, Sequence[LineageFigures]] = {}
        self._open_network: tuple[str, tuple[Any, ...]] = ("", ())  # the network in the window, and its edits
        self.lineage_list = QListWidget()
        size_with_font(self.lineage_list, QWidget.setMaximumWidth, 250)
        self.lineage_list.setSpacing(3)
        live_text(self.lineage_list, QWidget.setAccessibleName, "Lineages")
        self.lineage_list.currentRowChanged.connect(lambda _: self._show_lineage())
        self.text_view = QTextBrowser()
        self.text_view.setOpenLinks(False)
        self.text_view.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text_view.document().setDocumentMargin(14)
        self.text_view.anchorClicked.connect(self._open_link)
        row = QHBoxLayout(self)
        row.addWidget(self.lineage_list)
        row.addWidget(self.text_view, 1)
        self.set_language("en")

    def set_open_network(self, key: str, edits: tuple[Any, ...]) -> None:
        """Mark the step that equals the open network with these edits, if there is one."""
        if (key, edits) != self._open_network:
            self._open_network = key, edits
            self._show_lineage()

    def set_language(self, language: Language) -> None:
        """Show titles and texts in a language."""
        if language == self._language and self.lineage_list.count():
            return
        self._language = language
        at = max(self.lineage_list.currentRow(), 0)
        self.lineage_list.clear()
        self.lineage_list.addItems([lineage.title[language] for lineage in self._lineages])
        self.lineage_list.setCurrentRow(at)

    def show_figures(self, lineage: Lineage, figures: Sequence[LineageFigures]) -> None:
        """Show the measured figures of a lineage, as far as they are known."""
        self._figures_of[lineage.id] = figures
        self._show_lineage()

    @property
    def has_open_step(self) -> bool:
        """Whether a step of the current lineage is open in the window."""
        return self._open_step(self.current) >= 0

    @property
    def current(self) -> Lineage:
        """The lineage that is selected in the list."""
        return self._lineages[max(self.lineage_list.currentRow(), 0)]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_lineage()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_lineage()

    def _open_link(self, url: QUrl) -> None:
        if url.scheme() in ("tour", "save"):
            asked = self.tour_requested if url.scheme() == "tour" else self.save_requested
            asked.emit(self.current.id)
            return
        self.open_requested.emit(self.current.start, self.current.edits_up_to(int(url.path())))

    def _show_lineage(self) -> None:
        lineage = self.current
        if lineage.id not in self._figures_of and self.isVisible():
            self.measure_requested.emit(lineage)
        stops, bar = self._figures_of.get(lineage.id, ()), self.text_view.verticalScrollBar()
        place = bar.value() if lineage is self._displayed else 0  # one reads on where one was
        self._displayed = lineage
        self.text_view.setHtml(
            lineage_html(lineage, stops, self._language, appearance.current_colours(), self._open_step(lineage))
        )
        bar.setValue(place)

    def _open_step(self, lineage: Lineage) -> int:
        """Which step of it is open in the window; -1 for none."""
        key, edits = self._open_network
        steps = range(len(lineage.steps) + 1) if key == lineage.start else range(0)
        return next((step for step in steps if lineage.edits_up_to(step) == edits), -1)


def lineage_html(
    lineage: Lineage, figures: Sequence[LineageFigures], language: Language, c: appearance.Colours, open_step: int = -1
) -> str:
    """Return a lineage as an HTML page. `figures` are those measured so far; `open_step` is the step open in the
    window, -1 for none."""
    words = _TEXTS[language]
    parts = [f"<h1>{escape(lineage.title[language])}</h1><p>{escape(lineage.about[language])}</p>"]
    parts.append(f"<p><a href='tour:play'>▶ {escape(words['tour'])}</a>")
    parts.append(f" &nbsp; <a href='save:handout'>⇩ {escape(words['save'])}</a></p>")
    said = [(with_label(words["start"], get_entry(lineage.start).title), "")]
    said += [(step.title[language], step.why[language]) for step in lineage.steps]
    for number, (title, why) in enumerate(said):
        parts.append(f"<h2>{f'{number}. ' if number else ''}{escape(title)}</h2>")
        parts.append(f"<p>{escape(why)}</p>" if why else "")
        if number < len(figures):
            parts.append(_figures_html(figures[number], figures[number - 1] if number else None, words, c))
        if number == open_step:
            parts.append(f"<p style='color:{c.decrease}'>✓ {escape(words['opened'])}</p>")
        else:
            parts.append(f"<p><a href='open:{number}'>▶ {escape(words['open'])}</a></p>")
    if not figures:
        parts.append(f"<p class='muted'>{escape(words['busy'])}</p>")
    elif lineage.arrives_at and len(figures) == len(said):
        title = get_entry(lineage.arrives_at).title
        parts.append(f"<p style='color:{c.decrease}'><b>= {escape(words['arrived'].format(network=title))}</b></p>")
    style = f"""body {{ color: {c.text}; }} a {{ color: {c.accent}; text-decoration: none; }}
        h1 {{ font-size: {scaled(19)}px; }} h2 {{ font-size: {scaled(15)}px; margin: 14px 0 2px 0; color: {c.accent}; }}
        p {{ margin: 2px 0 4px 0; }} .muted {{ color: {c.muted}; }} td {{ padding-right: 14px; }}"""
    return f"<html><head><style>{style}</style></head><body>{''.join(parts)}</body></html>"


def _figures_html(
    now: LineageFigures, before: LineageFigures | None, texts: dict[str, str], c: appearance.Colours
) -> str:
    rows = []
    for name, field in (("params", "params"), ("macs", "macs"), ("peak", "peak_bytes")):
        value = getattr(now, field)
        said = number_format.format_bytes(value) if name == "peak" else number_format.format_exact(value)
        change = ""
        if before is not None:
            old = getattr(before, field)
            colour = c.increase if value > old else c.decrease if value < old else c.muted
            change = f"<span style='color:{colour}'>{number_format.format_percent_change(value, old)}</span>"
        rows.append(
            f"<tr><td class='muted'>{escape(texts[name])}</td><td align='right'>{said}</td><td>{change}</td></tr>"
        )
    return f"<table cellspacing='0' cellpadding='1'>{''.join(rows)}</table>"
