"""Tables of stages as in papers: layers, output size, parameters and MACs.

Two forms. *Brackets*, as in the ResNet paper's Table 1, for one network or several side by side; *operators* (t, c, n,
s), as in the MobileNetV2 paper's Table 2, for one network of inverted residuals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from explorer.analysis.analysis import Analysis
from explorer.base.languages import join_list, tr
from explorer.presenters.operator_rows import is_mobile_network, operator_rows
from explorer.presenters.stage_rows import LayerRun, layer_runs, stage_rows

TableForm = Literal["auto", "brackets", "operators"]


#: A word or phrase, a count in full (formats may shorten it), or what a stage is made of.
Cell = str | int | tuple[LayerRun, ...]


@dataclass(frozen=True, slots=True)
class StageTable:
    """Table of stages; counts are numbers, which formats may shorten."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total_rows: tuple[tuple[Cell, ...], ...]  # the last lines, set apart
    notes: tuple[str, ...] = ()


def stage_table(studies: Sequence[Analysis], form: TableForm = "auto") -> StageTable:
    """Return the table of one network, or of several side by side (always in brackets).

    Raises ValueError when there is no network, or several are asked for as operators.
    """
    if not studies:
        raise ValueError("a table needs a network")
    if form == "operators" and len(studies) > 1:
        raise ValueError("several networks side by side can only be shown in brackets")
    if len(studies) > 1:
        return _side_by_side_table(studies)
    (study,) = studies
    if form == "operators" or (form == "auto" and is_mobile_network(study)):
        return _operators_table(study)
    return _brackets_table(study)


# brackets


def _brackets_table(analysis: Analysis) -> StageTable:
    rows: list[tuple[Cell, ...]] = []
    for part in stage_rows(analysis):
        total = analysis.figures.sum(part.node_names)
        rows.append((part.name, part.output_size, layer_runs(analysis, part.items), total.params, total.macs))
    total = analysis.figures.total
    totals: list[tuple[Cell, ...]] = [
        (tr("Total"), "", "", total.params, total.macs),
        ("FLOPs (2 × MACs)", "", "", "", total.flops),
    ]
    header = (tr("Stage"), tr("Output"), tr("Layers"), tr("Parameters"), "MACs")
    return StageTable(analysis.architecture.shown_title, header, tuple(rows), tuple(totals), _notes(analysis))


def _side_by_side_table(studies: Sequence[Analysis]) -> StageTable:
    held = [{(part.name, part.output_size): part for part in stage_rows(study)} for study in studies]
    rows: list[tuple[Cell, ...]] = []
    for key in _merge_orders([list(found) for found in held]):
        cells = [
            layer_runs(s, found[key].items) if key in found else "" for s, found in zip(studies, held, strict=True)
        ]
        rows.append((*key, *cells))
    found = [study.figures.total for study in studies]
    totals: tuple[tuple[Cell, ...], ...] = (
        (tr("Parameters"), "", *(total.params for total in found)),
        ("MACs", "", *(total.macs for total in found)),
        ("FLOPs (2 × MACs)", "", *(total.flops for total in found)),
    )
    names = [study.architecture.shown_title for study in studies]
    notes = tuple(dict.fromkeys(note for study in studies for note in _notes(study)))
    return StageTable(join_list(names), (tr("Stage"), tr("Output"), *names), tuple(rows), totals, notes)


def _merge_orders(orders: Sequence[Sequence[tuple[str, str]]]) -> list[tuple[str, str]]:
    """All keys, each once, in an order that follows each network's own as far as they agree."""
    merged: list[tuple[str, str]] = []
    for order in orders:
        at = 0
        for key in order:
            if key in merged:
                at = max(merged.index(key) + 1, at)
            else:
                merged.insert(at, key)
                at += 1
    return merged


def _notes(analysis: Analysis) -> tuple[str, ...]:
    given = analysis.figures.measures[analysis.architecture.input.name].shape
    assert given is not None
    sides = given.image_dims
    size = "×".join(map(str, sides[1:])) if len(sides) == 3 else str(given)
    if not analysis.figures.has_batch:
        size = tr("{shape}, without a batch", shape=given)
    elif given.dims[:1] == (1,):
        size = tr("{shape}, batch of one", shape=size)
    notes = [tr("Input {size}; MACs of convolutions, linear layers and attention.", size=size)]
    if analysis.figures.unused_params:
        notes.append(
            tr(
                "The total counts {count:,} parameters of auxiliary heads that inference does not run.",
                count=analysis.figures.unused_params,
            )
        )
    return tuple(notes)


def _operators_table(analysis: Analysis) -> StageTable:
    rows = operator_rows(analysis)
    total = analysis.figures.total
    totals: tuple[tuple[Cell, ...], ...] = (
        (tr("Total"), "", "", "", "", "", "", "", total.params, total.macs),
        ("FLOPs (2 × MACs)", "", "", "", "", "", "", "", "", total.flops),
    )
    header = (tr("Input"), tr("Operator"), "k", "t", "c", "SE", "n", "s", tr("Parameters"), "MACs")
    table = StageTable(analysis.architecture.shown_title, header, tuple(rows), totals, _notes(analysis))
    meaning = tr("k kernel, t expansion, c output channels, n times, s stride of the first.")
    return replace(_drop_empty_columns(table), notes=(meaning, *table.notes))


def _drop_empty_columns(table: StageTable) -> StageTable:
    """Return the table without empty columns, such as gates where there are none."""
    kept = [n for n in range(len(table.header)) if any(row[n] != "" for row in table.rows)]

    def cut(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(row[n] for n in kept)

    header = tuple(table.header[n] for n in kept)
    return replace(table, header=header, rows=tuple(map(cut, table.rows)), total_rows=tuple(map(cut, table.total_rows)))
