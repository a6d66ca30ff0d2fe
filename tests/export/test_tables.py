"""Tables of stages as text and as pictures."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from explorer.export.network_sheet import save_table
from explorer.export.page import ExportError, Page
from explorer.export.tables import save_table_text, table_as_csv, table_as_latex, table_as_markdown
from explorer.network import Network
from explorer.presenters.stage_rows import LayerRun
from explorer.presenters.stage_table import StageTable, stage_table

NASTY = StageTable(
    "50% of {a} & b",
    ("Stage", "a_b", "Layers", "n"),
    (("#1 ~x^2\\", "[x] | $5", (LayerRun(("1×1, 64", "a & b")), LayerRun(("3×3",), 3, True)), 1_234_567),),
    (("Total", "", "", 2_000),),
    ("one\nline",),
)


@pytest.fixture(params=["resnet50", "mobilenet_v2", "googlenet_2014", "NASTY"])
def table(request: pytest.FixtureRequest, opened: Callable[[str], Network]) -> StageTable:
    return NASTY if request.param == "NASTY" else stage_table([opened(request.param).analysis])


def test_csv_parses_back(table: StageTable) -> None:
    header, *rows = csv.reader(table_as_csv(table).splitlines())
    assert tuple(header) == table.header
    for row, cells in zip(rows, (*table.rows, *table.total_rows), strict=True):
        assert row == [" · ".join(map(str, c)) if isinstance(c, tuple) else str(c) for c in cells]


def test_markdown_has_a_cell_for_each(table: StageTable) -> None:
    lines = [line for line in table_as_markdown(table).splitlines() if line.startswith("|")]
    assert len(lines) == len(table.rows) + len(table.total_rows) + 2
    for line in lines:
        assert len(re.split(r"(?<!\\)\|", line)) == len(table.header) + 2


def test_latex_is_balanced(table: StageTable) -> None:
    text = "\n".join(line for line in table_as_latex(table).splitlines() if not line.startswith("%"))
    bare = re.sub(r"\\[{}$%&#_]", "", text)  # what is escaped opens and closes nothing
    depth = 0
    for mark in bare:
        depth += {"{": 1, "}": -1}.get(mark, 0)
        assert depth >= 0
    assert depth == 0
    opened_: list[str] = []
    for word, name in re.findall(r"\\(begin|end){(\w+)}", bare):
        if word == "begin":
            opened_.append(name)
        else:
            assert opened_.pop() == name
    assert not opened_
    assert bare.count(r"\left[") == bare.count(r"\right]")
    assert text.count(r"\begingroup") == text.count(r"\endgroup") == 1
    assert not set(re.sub(r"\\text(backslash|ascii\w+)", "", bare)) & set("^~#%") - {"^"}
    for line in bare.splitlines():
        if line.endswith(r"\\") and "tabular" not in line and "array" not in line:
            assert line.count("&") == len(table.header) - 1


def test_latex_is_plain_ascii(table: StageTable) -> None:
    code = "\n".join(line for line in table_as_latex(table).splitlines() if not line.startswith("%"))
    assert code.isascii()


def test_latex_of_the_paper(opened: Callable[[str], Network]) -> None:
    text = table_as_latex(stage_table([opened("resnet50").analysis]))
    assert (
        r"$\left[\begin{array}{c}\text{1$\times$1, 128} \\ \text{3$\times$3, 128} \\ \text{1$\times$1, 512}"
        r"\end{array}\right]\times 4$ & 1.22 M & 1.03 G \\" in text
    )


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_a_table_is_a_picture_too(
    theme: str, tmp_path: Path, qapp: QApplication, opened: Callable[[str], Network]
) -> None:
    networks = [opened("resnet18"), opened("resnet50")]
    made = stage_table([network.analysis for network in networks])
    page = Page(kind="table", theme=theme, scale=1)  # type: ignore[arg-type]
    save_table(networks, made, tmp_path / "t.png", page)
    assert QImage(str(tmp_path / "t.png")).width() > 500
    save_table(networks, made, tmp_path / "t.svg", page)
    drawn = (tmp_path / "t.svg").read_text()
    for text in ("1×1, 1024", "ResNet-18", "× 6", "8.18 G", "Input 224×224"):
        assert text in drawn


def test_files(tmp_path: Path) -> None:
    for suffix in (".md", ".tex", ".csv"):
        save_table_text(NASTY, tmp_path / f"t{suffix}")
        assert (tmp_path / f"t{suffix}").read_text(encoding="utf-8")
    with pytest.raises(ExportError, match=r"must end in \.md, \.tex, \.csv"):
        save_table_text(NASTY, tmp_path / "t.doc")
    with pytest.raises(ExportError, match="no folder"):
        save_table_text(NASTY, tmp_path / "nowhere" / "t.md")
