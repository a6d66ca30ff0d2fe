"""What an edit would do, on a card over the canvas: what it costs or saves, and the layers that follow."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from explorer import numbers
from explorer.panels import Count, Follower, Preview
from explorer.ui import appearance

_SHOWN = 8  # layers listed one by one
_WIDEST = 440
_GAP = 14
_LONGEST = 30  # characters of a layer's name


class PreviewCard(QFrame):
    """Lies over its parent, top left, and takes no clicks."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("preview")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.addWidget(self._text)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def show_preview(self, preview: Preview | None, hides: Callable[[QRect], int] = lambda rect: 0) -> None:
        """Show it in the corner where it hides least; `hides` counts what a place of the parent would cover."""
        if preview is None:
            self.hide()
            return
        c = appearance.colours()
        self.setStyleSheet(f"#preview {{ background: {c.raised}; border: 1px solid {c.accent}; border-radius: 8px; }}")
        self._text.setText(said(preview))
        width = min(_WIDEST, max(self._over.width() - 28, 200))
        self.setFixedSize(width, self.heightForWidth(width))
        if self.isHidden() or hides(self.geometry()):  # it does not hop about while a slider moves
            self.move(min(self._corners(), key=lambda corner: hides(QRect(corner, self.size()))))
        self.show()
        self.raise_()

    def _corners(self) -> list[QPoint]:
        right, bottom = (self._over.width() - self.width() - _GAP, self._over.height() - self.height() - _GAP)
        xs, ys = (_GAP, max(right, _GAP)), (_GAP, max(bottom, _GAP))
        return [QPoint(x, y) for y in ys for x in xs]


def said(preview: Preview) -> str:
    """The preview as rich text: the edit, the figures it changes, the layers that follow with what each gains."""
    parts = [f"<b>{escape(preview.title)}</b>"]
    if preview.refused:
        parts.append(f"<p style='margin: 4px 0 0 0'>{escape(preview.refused)}</p>")
    changed = [count for count in preview.counts if count.now != count.before]
    if changed:
        parts.append(f"<table cellpadding='1' width='100%'>{''.join(map(_count, changed))}</table>")
    if preview.follows:
        rows = "".join(map(_follower, preview.follows[:_SHOWN]))
        parts.append(f"<hr/><table cellpadding='1' width='100%' style='font-size: small'>{rows}</table>")
    left = preview.follows[_SHOWN:]
    muted = appearance.colours().muted
    if left:
        total = numbers.signed(sum(follower.params for follower in left))
        parts.append(f"<span style='color: {muted}; font-size: small'>and {len(left)} more: {total} parameters</span>")
    if not (changed or preview.follows or preview.refused):
        parts.append(f"<br/><span style='color: {muted}'>Nothing changes: it rounds to what is there.</span>")
    return "".join(parts)


def _count(count: Count) -> str:
    is_bytes = count.unit == "bytes"
    shown = numbers.size(count.now) if is_bytes else numbers.exact(count.now)
    change = numbers.signed(count.now - count.before, count.unit)
    return _row(count.name, shown, f"{change} ({numbers.percent(count.now, count.before)})", count.now - count.before)


def _follower(follower: Follower) -> str:
    change = numbers.signed(follower.params) if follower.params else ""
    return _row(_shortened(follower.name), follower.words, change, follower.params, left=True)


def _row(name: str, value: str, change: str, grown: float, left: bool = False) -> str:
    c = appearance.colours()
    colour = c.muted if not grown else c.more if grown > 0 else c.less
    return (
        f"<tr><td style='color: {c.muted}; padding-right: 8px'>{escape(name)}</td>"
        f"<td align='{'left' if left else 'right'}'>{escape(value)}</td>"
        f"<td align='right' style='color: {colour}; white-space: nowrap'>{escape(change)}</td></tr>"
    )


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else f"…{name[-_LONGEST:].partition('.')[2] or name[-_LONGEST:]}"
