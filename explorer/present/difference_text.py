"""A list of differences to read or to paste into a table."""

from __future__ import annotations

import csv
import io

from explorer import numbers
from explorer.present.differences import Difference, Differences

SIGNS = {"changed": "~", "added": "+", "removed": "−"}


def headline(found: Differences) -> str:
    """ "3 changed, 1 removed; −1.2 M parameters, ±0 MACs"."""
    counts = [f"{count} {what}" for what in ("changed", "added", "removed") if (count := found.count(what))]
    figures = f"{numbers.signed(found.params)} parameters, {numbers.signed(found.macs)} MACs"
    return f"{', '.join(counts) or 'No differences'}; {figures}" if counts else "No differences"


def sentence(row: Difference) -> str:
    """What one row says: "Conv 3×3 · 64 → 64 (was Conv 3×3 · 32 → 32)"."""
    if row.what != "changed":
        return row.now or row.was
    return f"{row.now} (was {row.was})" if row.now != row.was else row.now


def as_text(found: Differences, left: str, right: str) -> str:
    """Lines for people."""
    lines = [f"{left} → {right}: {headline(found)}"]
    for row in found.rows:
        figures = [f"{numbers.signed(v)} {word}" for v, word in ((row.params, "params"), (row.macs, "MACs")) if v]
        rest = [row.details, *figures] if row.what == "changed" else figures
        lines.append(f"{SIGNS[row.what]} {row.place}: {'; '.join(filter(None, (sentence(row), *rest)))}")
    return "\n".join(lines) + "\n"


def as_csv(found: Differences) -> str:
    """One line for each row, figures as plain numbers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("what", "left", "right", "was", "now", "details", "params", "macs"))
    for row in found.rows:
        ids = (row.left.removeprefix("unit:"), row.right.removeprefix("unit:"))
        writer.writerow((row.what, *ids, row.was, row.now, row.details, row.params, row.macs))
    return text.getvalue()
