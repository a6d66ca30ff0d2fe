"""The stage table as an editor: what is read, what is typed, what is pasted; every offered value makes a whole network.

The invariant: a value that a cell offers can be set, and the network is then one whose figures are those of a fresh
trace. A sample of values of each kind of network here; all of all networks with --long.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from explorer.edits import (
    Edit,
    MultiplyDepth,
    RemoveBlock,
    RepeatBlock,
    ReplaceByPart,
    SetDepths,
    SetExpansion,
    SetLayer,
    SetStageWidth,
    SetWidth,
    SwapActivation,
)
from explorer.edits.edit import EditError
from explorer.network import Network
from explorer.presenters.cell_values import TableEntryError
from explorer.presenters.editable_cells import COLUMN_OF_KEY, COLUMNS
from explorer.presenters.editable_rows import find_table_rows
from explorer.presenters.editable_table import build_editable_table, cell_option, row_edit
from explorer.presenters.pasted_table import parse_pasted_table, plan_paste
from explorer.ui.stage_table.live_entry import LiveEntry
from explorer.viewmodels.panels import Choice
from explorer.viewmodels.stage_table import EditableTable
from tests.conftest import KEYS, TYPICAL
from tests.edits.test_random_edits import check_count

Opened = Callable[[str], Network]

#: The body of Table 2 of the MobileNetV2 paper, and what EfficientNet-B0 has of it, with tabs and with spaces.
TABLE_2 = "t\tc\tn\ts\n1\t16\t1\t1\n6\t24\t2\t2\n6\t32\t3\t2\n6\t64\t4\t2\n6\t96\t3\t1\n6\t160\t3\t2\n6\t320\t1\t1"


def table_of(network: Network) -> EditableTable:
    return build_editable_table(network.analysis, network.baseline.analysis)


def column(network: Network, key: str) -> list[str]:
    table = table_of(network)
    at = [heading.key for heading in table.headings].index(key)
    return [row.cells[at] for row in table.rows]


def test_the_table_of_the_mobilenetv2_paper(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    table = table_of(network)
    assert [heading.symbol for heading in table.headings] == ["", "k", "t", "c", "n", "s", "g", "σ"]
    assert column(network, "expansion")[1:8] == ["", "6", "6", "6", "6", "6", "6"]
    assert column(network, "width")[:9] == ["32", "16", "24", "32", "64", "96", "160", "320", "1280"]
    assert column(network, "repeats")[:9] == ["1", "1", "2", "3", "4", "3", "3", "1", "1"]
    assert column(network, "stride")[:9] == ["2", "1", "2", "2", "2", "1", "2", "1", "1"]
    assert column(network, "groups")[1:8] == ["dw"] * 7
    assert not any(any(row.changed) for row in table.rows)


@pytest.mark.parametrize("key", TYPICAL)
def test_rows_add_up_to_the_network(opened: Opened, key: str) -> None:
    network = opened(key)
    table, figures = table_of(network), network.figures
    assert sum(row.macs for row in table.rows) == figures.total.macs
    assert sum(row.params for row in table.rows) == figures.total.params - figures.unused_params


def test_a_row_that_is_not_uniform_says_mixed_and_sets_all(opened: Opened) -> None:
    network = opened("mobilenet_v3_large")
    at = column(network, "expansion").index("mixed")
    row = find_table_rows(network.analysis)[at]
    edit = COLUMN_OF_KEY["expansion"].find_edit(row, "×4")
    assert edit is not None
    edited = network.edit(edit)
    assert edited.history.applied_edits == (SetExpansion(row.place, 4.0),)
    assert column(edited, "expansion")[at] == "4"
    assert table_of(edited).rows[at].changed[2]


@pytest.mark.parametrize(
    ("key", "text", "edit"),
    [
        ("width", "128", SetStageWidth("layer1.1", 128)),
        ("kernel", "5x5", SetLayer("layer1.0,layer1.1", "kernel", 5, "windowed")),
        ("repeats", "5", RepeatBlock("layer1.1", 3)),
        ("repeats", "1", RemoveBlock("layer1.1")),
        ("activation", "silu", SwapActivation("layer1.0,layer1.1", "silu")),
        ("activation", "HS", SwapActivation("layer1.0,layer1.1", "hardswish")),
        ("width", "64", None),
        ("width", " ", None),
    ],
)
def test_what_is_typed_is_one_existing_edit(opened: Opened, key: str, text: str, edit: object) -> None:
    row = find_table_rows(opened("resnet18").analysis)[2]
    assert COLUMN_OF_KEY[key].find_edit(row, text) == edit


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("width", "wide", "none of"),
        ("repeats", "0", "once at least"),
        ("stride", "9999", "does not fit"),
        ("block", "zz", "none of"),
    ],
)
def test_what_is_no_value_is_refused_with_a_reason(opened: Opened, key: str, text: str, says: str) -> None:
    row = find_table_rows(opened("resnet18").analysis)[2]
    with pytest.raises(TableEntryError, match=says):
        COLUMN_OF_KEY[key].find_edit(row, text)


def test_a_table_of_a_paper_can_be_pasted(opened: Opened) -> None:
    network = opened("efficientnet_b0")
    for text in (TABLE_2, TABLE_2.replace("\t", "  "), TABLE_2.replace("\t", " & ").replace("\n", " \\\\\n")):
        plan = plan_paste(network.history.current, parse_pasted_table(text, 1))
        assert not plan.refusals
        edited = network.edit(*plan.edits)
        assert column(edited, "width")[1:8] == ["16", "24", "32", "64", "96", "160", "320"]
        assert column(edited, "repeats")[1:8] == ["1", "2", "3", "4", "3", "3", "1"]
        assert column(edited, "expansion")[2:8] == ["6"] * 6
    check_count(edited)


#: Tan and Le, "EfficientNet", 2019, table 1, as a spreadsheet has it: the rows of MBConv.
B0_TABLE = (
    "k\tt\tc\tn\ts\n3\t1\t16\t1\t1\n3\t6\t24\t2\t2\n5\t6\t40\t2\t2\n3\t6\t80\t3\t2\n5\t6\t112\t3\t1\n"
    "5\t6\t192\t4\t2\n3\t6\t320\t1\t1"
)
#: (network, what is done to it first, the table, its first row, the network that it is then).
PUBLISHED: list[tuple[str, tuple[Edit, ...], str, int, str]] = [
    # He et al., "Deep residual learning", 2016, table 1
    ("resnet50", (), "channels\tlayers\n256\t3\n512\t4\n1024\t23\n2048\t3", 2, "resnet101"),
    ("resnet18", (), "| #layers |\n|---|\n| 3 |\n| 4 |\n| 6 |\n| 3 |", 2, "resnet34"),
    # Sandler et al., "MobileNetV2", 2018, table 2
    ("mobilenet_v2", (SetExpansion("*", 3), MultiplyDepth("*", 0.5)), TABLE_2, 1, "mobilenet_v2"),
    ("efficientnet_b0", (SetLayer("*", "kernel", 3, "depthwise"), SetDepths("*", (1,) * 7)), B0_TABLE, 1,
     "efficientnet_b0"),
    # Radosavovic et al., "Designing network design spaces", 2020: depths 1, 3, 6, 6
    ("regnet_y_400mf", (SetDepths("*", (2, 2, 2, 2)),), "n\n1\n3\n6\n6", 1, "regnet_y_400mf"),
    # Huang et al., "DenseNet", 2017, table 1: a column of a spreadsheet, transitions left empty
    ("densenet121", (), "n\n6\n\n12\n\n32\n\n32\n", 2, "densenet169"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "before", "text", "row", "target"), PUBLISHED)
def test_a_published_table_gives_the_published_network(
    opened: Opened, key: str, before: tuple[Edit, ...], text: str, row: int, target: str
) -> None:
    network = opened(key).edit(*before)
    plan = plan_paste(network.history.current, parse_pasted_table(text, row))
    assert not plan.refusals
    assert plan.edits
    edited, wanted = network.edit(*plan.edits).figures.total, opened(target).figures.total
    assert (edited.params, edited.macs) == (wanted.params, wanted.macs)


def test_empty_rows_of_a_spreadsheet_count_and_rules_do_not() -> None:
    assert [(cell.row, cell.text) for cell in parse_pasted_table("n\n6\n\n12\n")] == [(0, "6"), (2, "12")]
    assert [(cell.row, cell.text) for cell in parse_pasted_table("n\tc\n\t\n6\t\n")] == [(1, "6")]
    ruled = "| n | c |\n|---|---|\n| 6 | 8 |\n\n| 7 | 9 |"
    assert [cell.row for cell in parse_pasted_table(ruled)] == [0, 0, 1, 1]


#: Sandler et al., "MobileNetV2", 2018, table 2, as a viewer of PDF copies it: no columns, and the caption below.
PAGE = """Input Operator t c n s
2242 × 3 conv2d - 32 1 2
1122 × 32 bottleneck 1 16 1 1
1122 × 16 bottleneck 6 24 2 2
562 × 24 bottleneck 6 32 3 2
282 × 32 bottleneck 6 64 4 2
142 × 64 bottleneck 6 96 3 1
142 × 96 bottleneck 6 160 3 2
72 × 160 bottleneck 6 320 1 1
72 × 320 conv2d 1x1 - 1280 1 1
Table 2: MobileNetV2 : Each line describes a sequence
of 1 or more identical (modulo stride) layers, repeated n times."""


def test_a_table_is_read_as_a_page_has_it(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    other = network.edit(SetExpansion("*", 3), SetWidth("features.14", 200), RepeatBlock("features.13", 2))
    plan = plan_paste(other.history.current, parse_pasted_table(PAGE))
    assert not plan.refusals
    assert other.edit(*plan.edits).figures.total == network.figures.total
    words = parse_pasted_table("block\tactivation\nMBConv\tReLU")
    assert [cell.text for cell in words] == ["MBConv", "ReLU"], "what has columns needs no numbers"


@pytest.mark.parametrize(
    "text",
    [
        "All layers in the same sequence have the same number c of output channels.",
        "The first layer of each sequence has a stride s and\nall others use stride 1. All use 3 × 3 kernels.",
    ],
)
def test_sentences_are_no_table_and_one_says_so(text: str) -> None:
    with pytest.raises(TableEntryError, match="no table on the clipboard"):
        parse_pasted_table(text)


def test_the_copied_table_pasted_again_changes_nothing(opened: Opened) -> None:
    for key in TYPICAL:
        network = opened(key)
        text = table_of(network).as_text()
        assert plan_paste(network.history.current, parse_pasted_table(text)).edits == ()


def test_what_of_a_pasted_table_cannot_be_is_said_by_row(opened: Opened) -> None:
    found = plan_paste(opened("resnet18").history.current, parse_pasted_table("c\ts\n96\t9999\nmany\t2", 3))
    assert found.count == 2
    assert [text.partition(":")[0] for text in found.refusals] == ["Row 5, Width", "Row 4, Stride"]
    with pytest.raises(TableEntryError, match="columns"):
        parse_pasted_table("1\t2\t3", 0, "activation")
    with pytest.raises(TableEntryError, match="no table"):
        parse_pasted_table("  \n")


def test_a_value_follows_while_it_is_typed(opened: Opened) -> None:
    network = opened("resnet18")
    entry = LiveEntry(3, "width")
    first, second = entry.step("1"), entry.step("12")
    assert first(network) is network  # late: there is a later text
    shown = second(network)
    assert column(shown, "width")[3] == "12"
    longer = entry.step("128")(shown)
    assert longer.history.applied_edits == ()  # what it had
    wrong = entry.step("128x")(longer)
    assert wrong.history.applied_edits == ()
    assert "128x" in entry.refusal
    again = entry.step("96")(wrong)
    assert len(again.history.applied_edits) == 1
    meanwhile = again.edit(SwapActivation("*", "gelu"))  # somebody else
    typed = entry.step("80")(meanwhile)
    assert [edit.name for edit in typed.history.applied_edits] == [
        "set_stage_width",
        "swap_activation",
        "set_stage_width",
    ]
    assert entry.step(None)(typed) is meanwhile


def test_rows_are_added_moved_and_removed(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    for action, widths in (("add", ["24", "24", "32"]), ("down", ["32", "24", "64"]), ("up", ["24", "16", "32"])):
        edited = network.edit(row_edit(network.analysis, 2, action))  # type: ignore[arg-type]
        at = 1 if action == "up" else 2
        assert column(edited, "width")[at : at + 3] == widths
        assert column(edited, "expansion")[at + 1] == ("" if action == "up" else "6")
        check_count(edited)
    removed = network.edit(row_edit(network.analysis, 2, "remove"))
    assert column(removed, "width")[2] == "32"
    check_count(removed)
    with pytest.raises(TableEntryError, match="no row"):
        row_edit(network.analysis, 0, "up")
    with pytest.raises(EditError):
        network.edit(row_edit(network.analysis, 9, "down"))


def offered(network: Network) -> Iterator[tuple[str, Choice]]:
    for number in range(len(find_table_rows(network.analysis))):
        for known in COLUMNS:
            option = cell_option(network.analysis, number, known.key)
            yield from ((f"{number}.{known.key}", c) for c in option.choices if c.edit is not None)


SAMPLED = ("vgg11_bn", "googlenet_2014", "resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "efficientnet_b0")


@pytest.mark.parametrize("key", SAMPLED)
def test_what_is_offered_works(opened: Opened, key: str) -> None:
    network, chooser = opened(key), random.Random(key)
    count = len(find_table_rows(network.analysis))
    for known in chooser.sample(COLUMNS, 5):
        rows = (cell_option(network.analysis, row, known.key) for row in chooser.sample(range(count), count))
        choices = next(([c for c in option.choices if c.edit is not None] for option in rows if not option.reason), [])
        if choices:
            check_count(network.edit(chooser.choice(choices).edit))


def test_a_row_is_made_of_another_familys_block(opened: Opened) -> None:
    network = opened("resnet18")
    edit = COLUMN_OF_KEY["block"].find_edit(find_table_rows(network.analysis)[3], "Inverted residual")
    assert edit == ReplaceByPart("layer2.0,layer2.1", "inverted_residual")
    edited = network.edit(edit)
    check_count(edited)
    assert column(edited, "block")[2:5] == ["Residual block", "Inverted residual", "Residual block"]
    assert [column(edited, key)[3] for key in ("expansion", "width", "repeats", "stride")] == ["6", "128", "2", "2"]


@pytest.mark.parametrize("key", KEYS)
def test_all_that_is_offered_works(opened: Opened, key: str, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--long"):
        pytest.skip("all values of all cells: --long")
    network = opened(key)
    failed = []
    for cell, choice in offered(network):
        try:
            check_count(network.edit(choice.edit))
        except Exception as failure:  # all of them, to be looked at together
            failed.append(f"{cell} {choice.label}: {failure!r:.200}")
    assert not failed, "\n".join(failed)


def test_units_that_pass_half_on_have_one_width_together(opened: Opened) -> None:
    """Ma et al., "ShuffleNet V2", 2018: each unit's half is the other half's width, so that a stage has one width."""
    network = opened("shufflenet_v2_x1_0")
    row = column(network, "block").index("Shuffle unit (v2)")
    edit = COLUMN_OF_KEY["width"].find_edit(find_table_rows(network.analysis)[row], "120")
    assert edit is not None
    made = network.edit(edit)
    assert column(made, "width")[row : row + 3] == ["120", "232", "464"]
    assert made.figures.total.params == network.edit(SetWidth("stage2", 120)).figures.total.params
    check_count(made)
    offered = {choice.label for choice in cell_option(network.analysis, row, "width").choices}
    assert {"58", "116", "232"} <= offered
    with pytest.raises(EditError, match="would not divide evenly") as refused:
        network.edit(SetWidth("stage2.1", 120))  # the next unit passes half of it on
    assert not refused.value.repairs
