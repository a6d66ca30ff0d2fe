"""Differences between two networks as text and CSV."""

from __future__ import annotations

import csv
import io

from explorer.base import number_format
from explorer.base.languages import join_clauses, join_list, tr, tr_noop, with_label
from explorer.presenters.differences import ChangeType, Difference, Differences

CHANGE_SIGNS = {"changed": "~", "added": "+", "removed": "−"}


def difference_headline(differences: Differences) -> str:
    """Return "3 changed, 1 removed; −1.2 M parameters, ±0 MACs"."""
    counts = [tr(text, n=count) for what, text in _COUNTS.items() if (count := differences.count(what))]
    if not counts:
        return tr("No differences")
    params, macs = (number_format.format_signed(value) for value in (differences.params, differences.macs))
    return tr("{counts}; {params} parameters, {macs} MACs", counts=join_list(counts), params=params, macs=macs)


_COUNTS: dict[ChangeType, str] = {
    "changed": tr_noop("{n} changed"),
    "added": tr_noop("{n} added"),
    "removed": tr_noop("{n} removed"),
}


def difference_sentence(row: Difference) -> str:
    """Return one row as a sentence: "Conv 3×3 · 64 → 64 (was Conv 3×3 · 32 → 32)"."""
    if row.change != "changed":
        return row.right_text or row.left_text
    if row.right_text == row.left_text:
        return row.right_text
    return tr("{now} (was {before})", now=row.right_text, before=row.left_text)


def differences_as_text(differences: Differences, left: str, right: str) -> str:
    """Return the headline and one line for each row."""
    lines = [with_label(f"{left} → {right}", difference_headline(differences))]
    for row in differences.rows:
        figures = [
            f"{number_format.format_signed(v)} {word}"
            for v, word in ((row.params, tr("params")), (row.macs, "MACs"))
            if v
        ]
        rest = [row.details, *figures] if row.change == "changed" else figures
        lines.append(
            with_label(f"{CHANGE_SIGNS[row.change]} {row.location}", join_clauses((difference_sentence(row), *rest)))
        )
    return "\n".join(lines) + "\n"


def differences_as_csv(differences: Differences) -> str:
    """Return one line for each row, figures as plain numbers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("what", "left", "right", "was", "now", "details", "params", "macs"))
    for row in differences.rows:
        ids = (row.left_card.removeprefix("unit:"), row.right_card.removeprefix("unit:"))
        writer.writerow((row.change, *ids, row.left_text, row.right_text, row.details, row.params, row.macs))
    return text.getvalue()
