"""Lineages: chains of edits from one idea to the next, each step measured; any of them can be opened in the window."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from PySide6.QtCore import QEvent, QUrl, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QTextBrowser, QWidget

from explorer import numbers
from explorer.guide.lineages import Lineage, Stop, lineages
from explorer.language import Language
from explorer.networks.catalogue import find
from explorer.ui import appearance
from explorer.ui.guide_text import CHINESE

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "start": "Start",
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
        "open": "打开到这一步",
        "opened": "已在窗口中打开",
        "params": "参数量",
        "macs": "MACs",
        "peak": "峰值内存",
        "arrived": "计数与 {network} 完全一致。",
        "busy": "正在实际模块上测量…",
    },
}


class Lineages(QWidget):
    wanted = Signal(str, tuple)  # key of a network to open, and the edits to make to it
    asked = Signal(object)  # a lineage to be measured; answer with `show_stops`

    def __init__(self) -> None:
        super().__init__()
        self._language: Language = "en"
        self._shown: Lineage | None = None
        self._found = lineages()
        self._stops: dict[str, Sequence[Stop]] = {}
        self._opened: tuple[str, tuple[Any, ...]] = ("", ())  # the network in the window, and its edits
        self.list = QListWidget()
        self.list.setMaximumWidth(250)
        self.list.setSpacing(3)
        self.list.setAccessibleName("Lineages")
        self.list.currentRowChanged.connect(lambda _: self._show())
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text.document().setDocumentMargin(14)
        self.text.anchorClicked.connect(self._follow)
        row = QHBoxLayout(self)
        row.addWidget(self.list)
        row.addWidget(self.text, 1)
        self.speak("en")

    def show_opened(self, key: str, edits: tuple[Any, ...]) -> None:
        """Mark the step that is open in the window, if one is."""
        if (key, edits) != self._opened:
            self._opened = key, edits
            self._show()

    def speak(self, language: Language) -> None:
        if language == self._language and self.list.count():
            return
        self._language = language
        at = max(self.list.currentRow(), 0)
        self.list.clear()
        self.list.addItems([lineage.title[language] for lineage in self._found])
        self.list.setCurrentRow(at)

    def show_stops(self, lineage: Lineage, stops: Sequence[Stop]) -> None:
        self._stops[lineage.id] = stops
        self._show()

    @property
    def is_open(self) -> bool:
        """Is a step of the lineage that is read open in the window?"""
        return self._step(self.current) >= 0

    @property
    def current(self) -> Lineage:
        return self._found[max(self.list.currentRow(), 0)]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show()

    def _follow(self, url: QUrl) -> None:
        self.wanted.emit(self.current.start, self.current.edits(int(url.path())))

    def _show(self) -> None:
        lineage = self.current
        if lineage.id not in self._stops and self.isVisible():
            self.asked.emit(lineage)
        stops, bar = self._stops.get(lineage.id, ()), self.text.verticalScrollBar()
        place = bar.value() if lineage is self._shown else 0  # one reads on where one was
        self._shown = lineage
        self.text.setHtml(page(lineage, stops, self._language, appearance.colours(), self._step(lineage)))
        bar.setValue(place)

    def _step(self, lineage: Lineage) -> int:
        """Which step of it is open in the window; -1 for none."""
        key, edits = self._opened
        steps = range(len(lineage.steps) + 1) if key == lineage.start else range(0)
        return next((step for step in steps if lineage.edits(step) == edits), -1)


def page(lineage: Lineage, stops: Sequence[Stop], language: Language, c: appearance.Colours, opened: int = -1) -> str:
    """A lineage as rich text; `stops` are its networks as far as they are measured, `opened` the step that is open."""
    words = _WORDS[language]
    parts = [f"<h1>{escape(lineage.title[language])}</h1><p>{escape(lineage.about[language])}</p>"]
    said = [(f"{words['start']}: {find(lineage.start).title}", "")]
    said += [(step.title[language], step.why[language]) for step in lineage.steps]
    for number, (title, why) in enumerate(said):
        parts.append(f"<h2>{f'{number}. ' if number else ''}{escape(title)}</h2>")
        parts.append(f"<p>{escape(why)}</p>" if why else "")
        if number < len(stops):
            parts.append(_figures(stops[number], stops[number - 1] if number else None, words, c))
        if number == opened:
            parts.append(f"<p style='color:{c.less}'>✓ {escape(words['opened'])}</p>")
        else:
            parts.append(f"<p><a href='open:{number}'>▶ {escape(words['open'])}</a></p>")
    if not stops:
        parts.append(f"<p class='muted'>{escape(words['busy'])}</p>")
    elif lineage.arrives_at and len(stops) == len(said):
        title = find(lineage.arrives_at).title
        parts.append(f"<p style='color:{c.less}'><b>= {escape(words['arrived'].format(network=title))}</b></p>")
    font = CHINESE if language == "zh" else ""
    style = f"""body {{ color: {c.text}; {font} }} a {{ color: {c.accent}; text-decoration: none; }}
        h1 {{ font-size: 19px; }} h2 {{ font-size: 15px; margin: 14px 0 2px 0; color: {c.accent}; }}
        p {{ margin: 2px 0 4px 0; }} .muted {{ color: {c.muted}; }} td {{ padding-right: 14px; }}"""
    return f"<html><head><style>{style}</style></head><body>{''.join(parts)}</body></html>"


def _figures(now: Stop, before: Stop | None, words: dict[str, str], c: appearance.Colours) -> str:
    rows = []
    for name, field in (("params", "params"), ("macs", "macs"), ("peak", "peak_bytes")):
        value = getattr(now, field)
        said = numbers.size(value) if name == "peak" else numbers.exact(value)
        change = ""
        if before is not None:
            old = getattr(before, field)
            colour = c.more if value > old else c.less if value < old else c.muted
            change = f"<span style='color:{colour}'>{numbers.percent(value, old)}</span>"
        rows.append(
            f"<tr><td class='muted'>{escape(words[name])}</td><td align='right'>{said}</td><td>{change}</td></tr>"
        )
    return f"<table cellspacing='0' cellpadding='1'>{''.join(rows)}</table>"
