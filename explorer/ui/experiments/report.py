"""The outcome of an experiment as rich text: observations, and numbers beside published ones."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from explorer.base import number_format
from explorer.base.languages import as_sentence, join_sentences
from explorer.experiments.outcome import ComputedNumber, Label, Outcome
from explorer.ui.base.appearance import Colours

FormatLabel = Callable[[Label], str]

_COLUMN_WIDTHS = (
    33,
    14,
    17,
    36,
)  # of the columns, in per cent: left alone, Qt gives the room to the source and breaks names


def format_quantity(value: float, unit: str = "") -> str:
    """Return a number with its significant digits as HTML: 15,872; 0.5510; 4.7 × 10⁻⁹."""
    magnitude = abs(value)
    if value == 0 or (float(value).is_integer() and magnitude < 1e15):
        text = number_format.format_exact(value)
    elif magnitude < 1e-3 or magnitude >= 1e15:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{mantissa} × 10<sup>{int(exponent)}</sup>".replace("-", "\N{MINUS SIGN}")
    elif magnitude >= 1e3:
        text = number_format.format_exact(round(value))
    else:
        text = f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
    return f"{text}&nbsp;{unit}" if unit else text


def report_html(outcome: Outcome, format_label: FormatLabel, translate: Callable[[str], str], c: Colours) -> str:
    """Return the report as an HTML page.

    `format_label` formats labels of the experiment, `translate` keys of the window ("ui.…").
    """
    seen = "".join(
        f"<li style='margin-bottom: 3px'>{escape(format_label(sentence))}</li>" for sentence in outcome.observations
    )
    told = sorted(outcome.numbers, key=lambda number: number.published is None)  # what can be compared comes first
    rows = "".join(_number_row(number, format_label, translate, c) for number in told)
    heads = ("ui.quantity", "ui.computed", "ui.published", "ui.source")
    head = "".join(
        f"<td style='color: {c.muted}' width='{_COLUMN_WIDTHS[n]}%'{_alignment(n)}>{translate(key)}</td>"
        for n, key in enumerate(heads)
    )
    table = f"<tr>{head}</tr>{rows}{_quoted_rows(outcome, format_label, translate, c)}"
    return (
        "<html><body>"
        f"<ul style='margin: 2px 0 8px -22px'>{seen}</ul>"
        f"<table cellspacing='0' cellpadding='4' width='100%'>{table}</table></body></html>"
    )


def _alignment(column: int) -> str:
    return " align='right'" if column in (1, 2) else ""


def _number_row(number: ComputedNumber, format_label: FormatLabel, translate: Callable[[str], str], c: Colours) -> str:
    published = format_quantity(number.published, number.unit) if number.published is not None else ""
    if number.agrees is not None:
        sign, colour, key = ("✓", c.decrease, "ui.agrees") if number.agrees else ("≠", c.increase, "ui.differs")
        published += f"&nbsp;<span style='color: {colour}'>{sign}&nbsp;{translate(key)}</span>"
    is_quoted = number.source and number.published is not None
    said = (as_sentence(format_label(number.source)) if is_quoted else "", format_label(number.note))
    remark = escape(join_sentences(said))
    return (
        f"<tr><td>{escape(format_label(number.label))}</td>"
        f"<td align='right'><b>{format_quantity(number.computed, number.unit)}</b></td>"
        f"<td align='right'>{published}</td><td style='color: {c.muted}'>{remark}</td></tr>"
    )


def _quoted_rows(outcome: Outcome, format_label: FormatLabel, translate: Callable[[str], str], c: Colours) -> str:
    if not outcome.quoted:
        return ""
    rows = "".join(
        f"<tr><td>{escape(format_label(q.label))}</td><td></td><td align='right'>{escape(q.value)}</td>"
        f"<td style='color: {c.muted}'>{escape(format_label(q.source))}</td></tr>"
        for q in outcome.quoted
    )
    return f"<tr><td colspan='4' style='color: {c.muted}'><br><i>{translate('ui.quoted')}</i></td></tr>{rows}"
