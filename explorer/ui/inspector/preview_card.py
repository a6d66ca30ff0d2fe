"""The card over the canvas that previews an edit: the figures it changes, and the layers that follow."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from explorer.base import number_format
from explorer.base.languages import add_note, tr, tr_n
from explorer.ui.base import appearance
from explorer.viewmodels.panels import AffectedOp, EditPreview, HeadlineFigure

_MAX_ROWS = 8  # layers listed one by one
_MAX_WIDTH = 440
_MARGIN = 14
_MAX_NAME_LENGTH = 30  # characters of a layer's name


class PreviewCard(QFrame):
    """Floats over its parent in the corner where it covers least; ignores the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
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
        """The shown preview as rich text."""
        return self._text.text()

    def show_preview(self, preview: EditPreview | None, count_covered: Callable[[QRect], int] = lambda rect: 0) -> None:
        """Show a preview, or hide the card for None; `count_covered` counts the cards that a rectangle would cover."""
        if preview is None:
            self.hide()
            return
        c = appearance.current_colours()
        self.setStyleSheet(f"#preview {{ background: {c.surface}; border: 1px solid {c.accent}; border-radius: 8px; }}")
        self._text.setText(render_preview(preview))
        width = min(_MAX_WIDTH, max(self._host.width() - 28, 200))
        self.setFixedSize(width, self.heightForWidth(width))
        if self.isHidden() or count_covered(self.geometry()):  # it does not hop about while a slider moves
            self.move(min(self._corners(), key=lambda corner: count_covered(QRect(corner, self.size()))))
        self.show()
        self.raise_()

    def _corners(self) -> list[QPoint]:
        right, bottom = (self._host.width() - self.width() - _MARGIN, self._host.height() - self.height() - _MARGIN)
        xs, ys = (_MARGIN, max(right, _MARGIN)), (_MARGIN, max(bottom, _MARGIN))
        return [QPoint(x, y) for y in ys for x in xs]


def render_preview(preview: EditPreview) -> str:
    """Return a preview as rich text: the edit, the figures it changes, the layers that follow."""
    parts = [f"<b>{escape(preview.title)}</b>"]
    if preview.refusal:
        parts.append(f"<p style='margin: 4px 0 0 0'>{escape(preview.refusal)}</p>")
    changed = [count for count in preview.headline_figures if count.now != count.baseline]
    if changed:
        parts.append(f"<table cellpadding='1' width='100%'>{''.join(map(_render_count, changed))}</table>")
    if preview.affected_ops:
        rows = "".join(map(_render_follower, preview.affected_ops[:_MAX_ROWS]))
        parts.append(f"<hr/><table cellpadding='1' width='100%' style='font-size: small'>{rows}</table>")
    left = preview.affected_ops[_MAX_ROWS:]
    muted = appearance.current_colours().muted
    if left:
        total = number_format.format_signed(sum(follower.params for follower in left))
        more = tr_n("and {n} more: {total} parameters", "and {n} more: {total} parameters", len(left), total=total)
        parts.append(f"<span style='color: {muted}; font-size: small'>{more}</span>")
    if not (changed or preview.affected_ops or preview.refusal):
        parts.append(f"<br/><span style='color: {muted}'>{tr('No change: it rounds to the current value.')}</span>")
    return "".join(parts)


def _render_count(count: HeadlineFigure) -> str:
    is_bytes = count.unit == "bytes"
    shown = number_format.format_bytes(count.now) if is_bytes else number_format.format_exact(count.now)
    change = number_format.format_signed(count.difference, count.unit)
    return _render_row(
        count.name,
        shown,
        add_note(change, number_format.format_percent_change(count.now, count.baseline)),
        count.difference,
    )


def _render_follower(follower: AffectedOp) -> str:
    change = number_format.format_signed(follower.params) if follower.params else ""
    return _render_row(_shorten_name(follower.name), follower.description, change, follower.params, left=True)


def _render_row(name: str, value: str, change: str, difference: float, left: bool = False) -> str:
    c = appearance.current_colours()
    colour = c.muted if not difference else c.increase if difference > 0 else c.decrease
    return (
        f"<tr><td style='color: {c.muted}; padding-right: 8px'>{escape(name)}</td>"
        f"<td align='{'left' if left else 'right'}'>{escape(value)}</td>"
        f"<td align='right' style='color: {colour}; white-space: nowrap'>{escape(change)}</td></tr>"
    )


def _shorten_name(name: str) -> str:
    return (
        name
        if len(name) <= _MAX_NAME_LENGTH
        else f"…{name[-_MAX_NAME_LENGTH:].partition('.')[2] or name[-_MAX_NAME_LENGTH:]}"
    )
