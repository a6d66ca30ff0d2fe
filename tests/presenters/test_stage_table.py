"""Tables of stages read as those of the papers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import explorer
from explorer import ToggleShortcut
from explorer.network import Network
from explorer.presenters.stage_table import Cell, StageTable, TableForm, stage_table
from tests.conftest import KEYS, TYPICAL

Opened = Callable[[str], Network]


def table(opened: Opened, *keys: str, form: TableForm = "auto") -> StageTable:
    return stage_table([opened(key).analysis for key in keys], form)


def said(cell: Cell) -> list[str]:
    assert isinstance(cell, tuple)
    return [str(run) for run in cell]


def column(found: StageTable, name: str) -> list[list[str]]:
    return [said(row[found.header.index(name)]) for row in found.rows]


def test_table_1_of_the_resnet_paper(opened: Opened) -> None:
    found = table(opened, "resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
    assert found.header == ("Stage", "Output", "ResNet-18", "ResNet-34", "ResNet-50", "ResNet-101", "ResNet-152")
    assert [row[1] for row in found.rows] == ["112×112", "56×56", "28×28", "14×14", "7×7", "1×1"]
    stem, pool, head = ["7×7, 64, stride 2"], "3×3 max pool, stride 2", ["global avg pool", "1000-d fc"]
    for name, counts in (("ResNet-18", (2, 2, 2, 2)), ("ResNet-34", (3, 4, 6, 3))):
        blocks = [f"[3×3, {64 * 2**n}; 3×3, {64 * 2**n}] × {count}" for n, count in enumerate(counts)]
        assert column(found, name) == [stem, [pool, blocks[0]], *([block] for block in blocks[1:]), head]
    for name, counts in (("50", (3, 4, 6, 3)), ("101", (3, 4, 23, 3)), ("152", (3, 8, 36, 3))):
        widths = [64 * 2**n for n in range(4)]
        blocks = [f"[1×1, {w}; 3×3, {w}; 1×1, {4 * w}] × {n}" for w, n in zip(widths, counts, strict=True)]
        assert column(found, f"ResNet-{name}") == [stem, [pool, blocks[0]], *([block] for block in blocks[1:]), head]
    macs = next(row for row in found.total_rows if row[0] == "MACs")
    # The paper's "FLOPs" are multiply-adds: 1.8, 3.6, 3.8, 7.6 and 11.3 × 10⁹ (its bottlenecks stride in the 1×1).
    assert [round(count / 1e9, 1) for count in macs[2:] if isinstance(count, int)] == [1.8, 3.7, 4.1, 7.8, 11.5]
    flops = next(row for row in found.total_rows if str(row[0]).startswith("FLOPs"))
    assert flops[2:] == tuple(2 * count for count in macs[2:] if isinstance(count, int))


def test_table_2_of_the_mobilenetv2_paper(opened: Opened) -> None:
    found = table(opened, "mobilenet_v2")
    at = [found.header.index(name) for name in ("Input", "t", "c", "n", "s")]
    assert [tuple(row[n] for n in at) for row in found.rows] == [
        ("224² × 3", "", "32", 1, 2),
        ("112² × 32", "1", "16", 1, 1),
        ("112² × 16", "6", "24", 2, 2),
        ("56² × 24", "6", "32", 3, 2),
        ("28² × 32", "6", "64", 4, 2),
        ("14² × 64", "6", "96", 3, 1),
        ("14² × 96", "6", "160", 3, 2),
        ("7² × 160", "6", "320", 1, 1),
        ("7² × 320", "", "1280", 1, 1),
        ("7² × 1280", "", "", 1, 1),
        ("1280", "", "1000", 1, 1),
    ]
    assert "SE" not in found.header
    assert found.total_rows[0][-2:] == (3_504_872, 300_774_272)


def test_efficientnet_has_kernels_and_gates(opened: Opened) -> None:
    found = table(opened, "efficientnet_b0")
    at = [found.header.index(name) for name in ("k", "t", "c", "SE", "n", "s")]
    blocks = [tuple(row[n] for n in at) for row in found.rows if row[1] == "Inverted residual"]
    # The paper's Table 1, with the strides of torchvision and of its authors' code.
    assert blocks == [
        ("3×3", "1", "16", "✓", 1, 1),
        ("3×3", "6", "24", "✓", 2, 2),
        ("5×5", "6", "40", "✓", 2, 2),
        ("3×3", "6", "80", "✓", 3, 2),
        ("5×5", "6", "112", "✓", 3, 1),
        ("5×5", "6", "192", "✓", 4, 2),
        ("3×3", "6", "320", "✓", 1, 1),
    ]


def test_vgg(opened: Opened) -> None:
    layers = column(table(opened, "vgg16"), "Layers")
    pool = "2×2 max pool, stride 2"
    assert layers == [
        ["[3×3, 64] × 2", pool],
        ["[3×3, 128] × 2", pool],
        ["[3×3, 256] × 3", pool],
        ["[3×3, 512] × 3", pool],
        ["[3×3, 512] × 3", pool],
        ["[4096-d fc] × 2", "1000-d fc"],
    ]


def test_table_1_of_the_densenet_paper(opened: Opened) -> None:
    found = table(opened, "densenet121", "densenet169")
    assert [row[0] for row in found.rows][1:8:2] == [f"Dense block {number}" for number in (1, 2, 3, 4)]
    first, second = (column(found, name) for name in found.header[2:])
    assert first[1] == ["3×3 max pool, stride 2", "[1×1, 128; 3×3, 32] × 6"]
    assert first[2] == ["1×1, 128", "2×2 avg pool, stride 2"]
    assert [cells[-1].split("× ")[-1] for cells in second[1:8:2]] == ["6", "12", "32", "32"]


def test_inception_shows_its_branches(opened: Opened) -> None:
    found = table(opened, "googlenet_2014")
    assert [row[1] for row in found.rows] == ["112×112", "56×56", "28×28", "14×14", "7×7", "1×1"]
    modules = column(found, "Layers")[2]
    assert modules[1] == "[1×1, 64; 1×1, 96 → 3×3, 128; 1×1, 16 → 5×5, 32; 3×3 max pool → 1×1, 32]"
    deep = column(table(opened, "inception_v3"), "Layers")
    assert any("1×1, 384 → (1×3, 384 | 3×1, 384)" in text for row in deep for text in row)
    assert any("3×3 max pool, stride 2" in text for row in deep for text in row if text.startswith("[3×3, 384"))


@pytest.mark.parametrize(
    ("key", "block"),
    [
        ("se_resnet50", "[1×1, 64; 3×3, 64; 1×1, 256; SE, 16] × 3"),
        ("resnext50_32x4d", "[1×1, 128; 3×3, 128, g=32; 1×1, 256] × 3"),
        ("shufflenet_v1_g3", "[1×1, 60, g=3; channel shuffle; 3×3 dw, 60; 1×1, 240, g=3] × 3"),
        ("shufflenet_v2_x0_5", "[identity; 1×1, 24 → 3×3 dw, 24 → 1×1, 24; channel shuffle] × 3"),
        ("squeezenet1_1", "[1×1, 16; (1×1, 64 | 3×3, 64)] × 2"),
        ("mobilenet_v1", "[3×3 dw, 512; 1×1, 512] × 5"),
        ("vit_b_16", "[12-head attention; fc, 3072; fc, 768] × 12"),
    ],
)
def test_blocks_as_their_papers_write_them(opened: Opened, key: str, block: str) -> None:
    assert block in [text for cells in column(table(opened, key, form="brackets"), "Layers") for text in cells]


@pytest.mark.parametrize("key", TYPICAL)
def test_the_rows_add_up(opened: Opened, key: str) -> None:
    network = opened(key)
    found = stage_table([network.analysis])
    for name, total in (("Parameters", network.figures.total.params), ("MACs", network.figures.total.macs)):
        at = found.header.index(name)
        counts = [cell for row in found.rows if isinstance(cell := row[at], int)]
        unused = network.figures.unused_params if name == "Parameters" else 0
        stray = [n for n in network.architecture.live if n not in _gathered(network)]
        assert sum(counts) + unused + _of(network, stray, name) == total
    assert {len(row) for row in (*found.rows, *found.total_rows)} == {len(found.header)}


def _gathered(network: Network) -> set[str]:
    return {name for group in network.analysis.hierarchy.root.groups for name in group.all_nodes}


def _of(network: Network, names: list[str], figure: str) -> int:
    """What belongs to no stage, such as a class token."""
    total = network.figures.sum(names)
    return total.params if figure == "Parameters" else total.macs


def test_an_edit_shows(opened: Opened) -> None:
    edited = opened("resnet18").edit(ToggleShortcut("layer2.0", on=False))
    found = stage_table([opened("resnet18").analysis, edited.analysis])
    params = found.total_rows[0]
    assert isinstance(params[2], int)
    assert isinstance(params[3], int)
    assert params[2] - params[3] == 8_448  # the projection


def test_what_cannot_be(opened: Opened) -> None:
    with pytest.raises(ValueError, match="needs a network"):
        stage_table([])
    with pytest.raises(ValueError, match="only be shown in brackets"):
        table(opened, "mobilenet_v2", "resnet18", form="operators")


@pytest.mark.parametrize("key", KEYS)
def test_a_stage_that_the_code_numbers_has_its_number(key: str, opened: Callable[[str], Network]) -> None:
    """`stage2` of ShuffleNet is stage 2, as in its paper, though it is the first."""
    study = opened(key).analysis
    for id, number in study.stage_numbers.items():
        own = study.hierarchy.groups[id].path.rsplit(".", 1)[-1]
        assert not own.startswith("stage") or own == f"stage{number}"


@pytest.mark.parametrize(
    ("inputs", "note", "sizes"),
    [
        ("1x128", "Input 1×128, batch of one; MACs", ["8×64", "4"]),
        ("[1x128]", "Input 1×128, without a batch; MACs", ["8×64", "4"]),
        ("[2x1x128]", "Input 1×128; MACs", ["8×64", "4"]),
    ],
)
def test_what_is_no_image_has_a_table_too(inputs: str, note: str, sizes: list[str]) -> None:
    layers = nn.Sequential(nn.Conv1d(1, 8, 3, 2, 1), nn.ReLU(), Means(), nn.Linear(8, 4))
    found = stage_table([explorer.open(layers, inputs=inputs).analysis])
    assert found.notes[0].startswith(note)
    assert [row[1] for row in found.rows][:1] == sizes[:1]
    assert not any("-1" in line for row in found.rows for run in said(row[2]) for line in [run])


class Means(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(-1)
