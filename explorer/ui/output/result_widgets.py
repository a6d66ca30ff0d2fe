"""Widgets of the output panel that paint themselves: bars of classes, divergence."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from explorer.base.languages import add_note, join_clauses, tr
from explorer.ui.base import appearance
from explorer.ui.base.fonts import size_with_font
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.picture_menu import offer_picture_menu
from explorer.viewmodels.panels import ClassPrediction, OutputComparison


class ClassBars(QWidget):
    """A solid bar for each class and a pale one for the baseline, relative to the largest."""

    def __init__(self) -> None:
        super().__init__()
        self._guesses: tuple[ClassPrediction, ...] = ()
        self._dimmed = False
        self.count = 5  # classes that are shown, if they fit
        self.logits = False
        self.setMinimumHeight(3 * 15)
        offer_picture_menu(self)

    def set_view(self, count: int | None = None, logits: bool | None = None) -> None:
        """Set how many classes are shown, and logits instead of probabilities; None keeps the setting."""
        self.count = self.count if count is None else count
        self.logits = self.logits if logits is None else logits
        self.update()

    def show_guesses(self, guesses: tuple[ClassPrediction, ...]) -> None:
        """Show the predicted classes."""
        self._guesses = guesses
        said = join_clauses(
            tr("{label} {now:.1f} %, before {before:.1f} %", label=g.label, now=100 * g.now, before=100 * g.baseline)
            for g in guesses
        )
        self.setAccessibleName(
            tr("Most likely classes: {classes}", classes=said) if said else tr("Most likely classes")
        )
        self.setToolTip("\n".join(map(_describe_prediction, guesses)))
        self.update()

    def dim(self, dimmed: bool) -> None:
        """Paint paler while new values are computed."""
        self._dimmed = dimmed
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._guesses:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.45 if self._dimmed else 1.0)
        metrics = QFontMetricsF(self.font())
        guesses = self._visible_guesses(min(max(int(self.height() // max(metrics.height() - 1, 15)), 1), self.count))
        height = min(self.height() / len(guesses), 24.0)
        said, number = self._format_figures(guesses, metrics)
        name = min(max(metrics.horizontalAdvance(g.label) for g in guesses), self.width() * 0.38) + 8
        room = max(self.width() - name - number - 8, 10.0)
        values = [value for g in guesses for value in self._values(g)]
        self._minimum = min(*values, 0.0) if self.logits else 0.0
        unit = room / ((max(values) - self._minimum) or 1.0)
        for at, guess in enumerate(guesses):
            line = QRectF(0, at * height, self.width(), height)
            self._paint_line(painter, line, guess, said[at], name, unit, number)

    def _paint_line(
        self,
        painter: QPainter,
        line: QRectF,
        guess: ClassPrediction,
        said: str,
        name: float,
        unit: float,
        number: float,
    ) -> None:
        c = appearance.current_colours()
        metrics, middle = QFontMetricsF(self.font()), Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(c.text))
        label = QRectF(0, line.top(), name - 8, line.height())
        text = metrics.elidedText(guess.label, Qt.TextElideMode.ElideRight, label.width())
        painter.drawText(label, middle | Qt.AlignmentFlag.AlignRight, text)
        now, before = self._values(guess)
        painter.setPen(QColor(c.text if self._has_changed(guess) else c.muted))
        painter.drawText(QRectF(line.right() - number, line.top(), number, line.height()), middle, said)
        painter.setPen(Qt.PenStyle.NoPen)
        for share, colour, top, thick in ((before, c.previous, 0.58, 0.28), (now, c.accent, 0.14, 0.40)):
            painter.setBrush(QColor(colour))
            bar = QRectF(
                name, line.top() + top * line.height(), max((share - self._minimum) * unit, 1.0), thick * line.height()
            )
            painter.drawRoundedRect(bar, min(2.0, bar.width() / 2), 2)

    def _format_figures(self, guesses: list[ClassPrediction], metrics: QFontMetricsF) -> tuple[list[str], float]:
        """Return the texts beside the bars, as complete as leaves room for the bars, and their width."""
        pairs = [(*self._values(g), self._has_changed(g)) for g in guesses]
        full = [self._number(now) + (f"  ←  {self._number(was)}" if changed else "") for now, was, changed in pairs]
        brief = [
            f"{self._number(now).removesuffix(' %')} ← {self._number(was)}" if changed else self._number(now)
            for now, was, changed in pairs
        ]
        least = [self._number(now) for now, _, _ in pairs]
        for said in (full, brief, least):
            width = max(metrics.horizontalAdvance(text) for text in said) + 2
            if width <= self.width() * 0.36:
                break
        return said, width

    def _visible_guesses(self, rows: int) -> list[ClassPrediction]:
        """Return as many classes as fit: the likeliest now and before."""
        if len(self._guesses) <= rows:
            return list(self._guesses)
        kept = sorted(self._guesses, key=lambda g: -max(g.now, g.baseline))[:rows]
        return [guess for guess in self._guesses if guess in kept]

    def _values(self, guess: ClassPrediction) -> tuple[float, float]:
        return (guess.logit, guess.baseline_logit) if self.logits else (guess.now, guess.baseline)

    def _number(self, value: float) -> str:
        return f"{value:.2f}" if self.logits else f"{100 * value:.1f} %"

    def _has_changed(self, guess: ClassPrediction) -> bool:
        now, before = self._values(guess)
        return abs(now - before) > (5e-3 if self.logits else 5e-4)


def _describe_prediction(guess: ClassPrediction) -> str:
    values = {"label": guess.label, "now": 100 * guess.now, "before": 100 * guess.baseline}
    text = tr("{label}: {now:.3f} % now, {before:.3f} % before", **values)
    if guess.logit or guess.baseline_logit:
        text += " " + tr("(logits {now:.3f}, {before:.3f})", now=guess.logit, before=guess.baseline_logit)
    return text


class DivergenceMeter(QWidget):
    """Divergence of the outputs of network and baseline: a rating, a number in bits and a meter."""

    def __init__(self) -> None:
        super().__init__()
        self._output: OutputComparison | None = None
        self._busy = False
        size_with_font(self, lambda shown, _: shown.setFixedHeight(shown.fontMetrics().height() + 8), 0)
        live_text(
            self,
            QWidget.setToolTip,
            "Jensen–Shannon divergence of the probabilities of network and baseline, in bits: "
            "0 when they are equal, 1 when they have nothing in common.",
        )

    def show_output(self, output: OutputComparison | None) -> None:
        """Show the divergence of two outputs."""
        self._output = output
        self.setAccessibleName(self.text)
        self.update()

    def show_busy(self, busy: bool) -> None:
        """Show that outputs are being computed."""
        self._busy = busy
        self.update()

    @property
    def text(self) -> str:
        """The divergence as a sentence; empty without outputs."""
        if self._output is None:
            return ""
        if self._output.distance_text:
            return tr("Compared with baseline: {difference}", difference=self._output.distance_text)
        difference = add_note(self._rating, self._bits)
        if self._output.top1_changed:
            return tr("Compared with baseline: {difference}, different top class", difference=difference)
        return tr("Compared with baseline: {difference}", difference=difference)

    @property
    def short_text(self) -> str:
        """The divergence where there is less room."""
        if self._output is None:
            return ""
        if self._output.distance_text:
            return f"{self._output.distance_text[:1].upper()}{self._output.distance_text[1:]}"
        top1 = f" · {tr('different top class')}" if self._output.top1_changed else ""
        return f"{self._rating[:1].upper()}{self._rating[1:]} · {self._bits}{top1}"

    @property
    def _bits(self) -> str:
        d = self._output.divergence if self._output is not None else 0.0
        return tr("less than 0.001 bits") if 0 < d < 0.001 else tr("{bits:.3f} bits", bits=d)

    @property
    def _rating(self) -> str:
        d = self._output.divergence if self._output is not None else 0.0
        return (
            tr("identical")
            if d == 0
            else tr("small difference")
            if d < 0.05
            else tr("moderate difference")
            if d < 0.4
            else tr("large difference")
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        text = tr("Running…") if self._busy else self.text
        if metrics.horizontalAdvance(text) > self.width():
            text = metrics.elidedText(self.short_text, Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(QColor(c.muted if self._busy else c.text))
        painter.drawText(QRectF(0, 0, self.width(), metrics.height()), Qt.AlignmentFlag.AlignVCenter, text)
        if self._output is None or self._busy:
            return
        meter = QRectF(0, self.height() - 4, self.width(), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.border))
        painter.drawRoundedRect(meter, 2, 2)
        if self._output.divergence > 0:
            meter.setWidth(max(meter.width() * self._output.divergence, 4.0))
            painter.setBrush(QColor(c.accent))
            painter.drawRoundedRect(meter, 2, 2)
