"""A table of stages as text: Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from explorer.base import number_format
from explorer.export.page import check_suffix
from explorer.presenters.stage_rows import LayerRun
from explorer.presenters.stage_table import Cell, StageTable


def table_as_markdown(table: StageTable) -> str:
    """Return the table in GitHub's Markdown; counts are abbreviated ("25.6 M")."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    def format_cell(cell: Cell) -> str:
        if isinstance(cell, tuple):
            return "<br>".join(_escape_markdown(str(run)) for run in cell)
        return number_format.format_short(cell) if isinstance(cell, int) else _escape_markdown(cell)

    rules = ["---:" if _is_count(table, column) else "---" for column in range(len(table.header))]
    rows = [line([format_cell(cell) for cell in row]) for row in table.rows]
    totals = [line([f"**{text}**" if (text := format_cell(cell)) else "" for cell in row]) for row in table.total_rows]
    notes = ["", *(_escape_markdown(note) for note in table.notes)] if table.notes else []
    return "\n".join([line([_escape_markdown(name) for name in table.header]), line(rules), *rows, *totals, *notes, ""])


def table_as_csv(table: StageTable) -> str:
    """Return the table as CSV; counts are exact."""

    def format_cell(cell: Cell) -> str | int:
        return " · ".join(map(str, cell)) if isinstance(cell, tuple) else cell

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows([format_cell(cell) for cell in row] for row in (*table.rows, *table.total_rows))
    return text.getvalue()


def table_as_latex(table: StageTable) -> str:
    """Return a LaTeX `tabular` with the brackets of the ResNet paper. It needs amsmath, amssymb and booktabs."""

    def line(cells: Sequence[str]) -> str:
        return "  " + " & ".join(cells) + r" \\"

    columns = "".join("r" if _is_count(table, n) else "c" if n > 1 else "l" for n in range(len(table.header)))
    body = [line([_latex_cell(cell) for cell in row]) for row in table.rows]
    return "\n".join(
        [
            rf"% {_one_line(table.title)}",
            r"% \usepackage{amsmath,amssymb,booktabs}",
            r"\begingroup\renewcommand{\arraystretch}{1.1}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"  \toprule",
            line([_escape_latex(name) for name in table.header]),
            r"  \midrule",
            "\n  \\addlinespace\n".join(body),
            r"  \midrule",
            *(line([_latex_cell(cell) for cell in row]) for row in table.total_rows),
            r"  \bottomrule",
            r"\end{tabular}",
            r"\endgroup",
            *(f"% {_one_line(note)}" for note in table.notes),
            "",
        ]
    )


#: What writes which file.
TABLE_WRITERS: dict[str, Callable[[StageTable], str]] = {
    ".md": table_as_markdown,
    ".tex": table_as_latex,
    ".csv": table_as_csv,
}


def save_table_text(table: StageTable, path: str | Path) -> None:
    """Write the table in the format of the suffix of `path`. Raises ExportError; then nothing is written."""
    from explorer.export.sheet_files import write_export

    path = Path(path)
    text = TABLE_WRITERS[check_suffix(path, tuple(TABLE_WRITERS))](table)
    write_export(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def _is_count(table: StageTable, column: int) -> bool:
    return all(isinstance(row[column], int) for row in table.rows)


def _escape_markdown(text: str) -> str:
    for mark in "\\|*_`<":
        text = text.replace(mark, f"\\{mark}")
    return _one_line(text)


def _latex_cell(cell: Cell) -> str:
    if isinstance(cell, int):
        return _escape_latex(number_format.format_short(cell))
    if isinstance(cell, str):
        return _escape_latex(cell)
    runs = [_latex_run(run) for run in cell]
    if len(runs) < 2:
        return "".join(runs)
    return r"\begin{tabular}{@{}c@{}}" + r" \\ ".join(runs) + r"\end{tabular}"


def _latex_run(run: LayerRun) -> str:
    if not run.is_bracketed:
        return _escape_latex("; ".join(run.lines))
    inside = r" \\ ".join(rf"\text{{{_escape_latex(line)}}}" for line in run.lines)
    times = rf"\times {run.repeat_count}" if run.repeat_count > 1 else ""
    return rf"$\left[\begin{{array}}{{c}}{inside}\end{{array}}\right]{times}$"


_LATEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "×": r"$\times$",
    "→": r"$\rightarrow$",
    "²": r"$^2$",
    "✓": r"$\checkmark$",
    "·": r"$\cdot$",
    "|": r"$\mid$",
    "[": r"{[}",  # a line that begins with one would be taken for the room above it
    "]": r"{]}",
    "–": "--",
    "−": "$-$",
    "\N{NO-BREAK SPACE}": "~",
}


def _escape_latex(text: str) -> str:
    return "".join(_LATEX_ESCAPES.get(mark, mark) for mark in _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())
