"""Tables of stages as in papers: layers, output size, parameters and MACs.

Two forms. *Brackets*, as in the ResNet paper's Table 1, for one network or several side by side; *operators* (t, c, n,
s), as in the MobileNetV2 paper's Table 2, for one network of inverted residuals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from explorer.analysis.analysis import Analysis
from explorer.graph import op_kinds
from explorer.graph.groups import Group
from explorer.presenters import titles
from explorer.presenters.block_lines import block_lines, layer_text, main_layers, output_width

TableForm = Literal["auto", "brackets", "operators"]


@dataclass(frozen=True, slots=True)
class LayerRun:
    """Equal consecutive blocks or layers: "[1×1, 64; 3×3, 64; 1×1, 256] × 3"."""

    lines: tuple[str, ...]
    repeat_count: int = 1
    is_block: bool = False

    @property
    def is_bracketed(self) -> bool:
        """Whether it is written in brackets."""
        return self.is_block or self.repeat_count > 1

    def __str__(self) -> str:
        inside = "; ".join(self.lines)
        return f"[{inside}]{self.count_text}" if self.is_bracketed else inside

    @property
    def count_text(self) -> str:
        """ " × 3"; empty for one."""
        return f" × {self.repeat_count}" if self.repeat_count > 1 else ""


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


@dataclass(frozen=True, slots=True)
class StageRow:
    """Stage: its name, output size, content, and the nodes it is made of."""

    name: str
    output_size: str
    items: tuple[str | Group, ...]
    node_names: tuple[str, ...]


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
    if form == "operators" or (form == "auto" and _is_mobile_network(study)):
        return _operators_table(study)
    return _brackets_table(study)


# brackets


def _brackets_table(analysis: Analysis) -> StageTable:
    rows: list[tuple[Cell, ...]] = []
    for part in stage_rows(analysis):
        total = analysis.figures.sum(part.node_names)
        rows.append((part.name, part.output_size, _layer_runs(analysis, part.items), total.params, total.macs))
    total = analysis.figures.total
    totals: list[tuple[Cell, ...]] = [
        ("Total", "", "", total.params, total.macs),
        ("FLOPs (2 × MACs)", "", "", "", total.flops),
    ]
    header = ("Stage", "Output", "Layers", "Parameters", "MACs")
    return StageTable(analysis.architecture.title, header, tuple(rows), tuple(totals), _notes(analysis))


def _side_by_side_table(studies: Sequence[Analysis]) -> StageTable:
    held = [{(part.name, part.output_size): part for part in stage_rows(study)} for study in studies]
    rows: list[tuple[Cell, ...]] = []
    for key in _merge_orders([list(found) for found in held]):
        cells = [
            _layer_runs(s, found[key].items) if key in found else "" for s, found in zip(studies, held, strict=True)
        ]
        rows.append((*key, *cells))
    found = [study.figures.total for study in studies]
    totals: tuple[tuple[Cell, ...], ...] = (
        ("Parameters", "", *(total.params for total in found)),
        ("MACs", "", *(total.macs for total in found)),
        ("FLOPs (2 × MACs)", "", *(total.flops for total in found)),
    )
    names = [study.architecture.title for study in studies]
    notes = tuple(dict.fromkeys(note for study in studies for note in _notes(study)))
    return StageTable(", ".join(names), ("Stage", "Output", *names), tuple(rows), totals, notes)


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
    shape = analysis.architecture.input_shape
    said = [f"Input {shape[2]}×{shape[3]}, batch of one; MACs of convolutions, linear layers and attention."]
    if analysis.figures.unused_params:
        count = analysis.figures.unused_params
        said.append(f"The total counts {count:,} parameters of auxiliary heads that inference does not run.")
    return tuple(said)


def _layer_runs(analysis: Analysis, items: Sequence[str | Group]) -> tuple[LayerRun, ...]:
    """Return the layers and blocks of the items; equal neighbours are one run."""
    runs: list[LayerRun] = []
    bare: list[tuple[str, ...]] = []  # the same lines without strides: what makes neighbours equal
    for run, key in _single_runs(analysis, items):
        if bare and bare[-1] == key and runs[-1].is_block == run.is_block:
            runs[-1] = replace(
                runs[-1], lines=key if run.is_block else runs[-1].lines, repeat_count=runs[-1].repeat_count + 1
            )
        else:
            runs.append(run)
            bare.append(key)
    return tuple(runs)


def _single_runs(analysis: Analysis, items: Sequence[str | Group]) -> Iterator[tuple[LayerRun, tuple[str, ...]]]:
    architecture = analysis.architecture
    for item in items:
        if isinstance(item, Group) and item.role != "unit":
            lines = block_lines(item, architecture, with_strides=True)
            if lines and analysis.pattern(item).name == "Transition":
                yield from ((LayerRun((line,)), (line,)) for line in lines)
            elif lines:
                yield LayerRun(lines, is_block=True), block_lines(item, architecture)
            continue
        for name in (item,) if isinstance(item, str) else item.nodes:
            text = layer_text(architecture.nodes[name])
            if text and not _is_identity_pool(analysis, name):
                yield LayerRun((text,)), (text,)


def _is_identity_pool(analysis: Analysis, name: str) -> bool:
    """A pooling to the size the map has already."""
    node = analysis.architecture.nodes[name]
    if op_kinds.kind(node) != "pool" or not node.inputs:
        return False
    return analysis.figures.shape(name) == analysis.figures.shape(node.inputs[0])


# stages


def stage_rows(analysis: Analysis) -> list[StageRow]:
    """Return the rows: stages, with stem and head split by output size. Poolings before a stage belong to it, as in the
    ResNet paper."""
    found: list[StageRow] = []
    for child in analysis.hierarchy.root.groups:
        name = titles.group_title(analysis, child)
        if child.role in ("stem", "head"):
            found.extend(_split_by_size(analysis, name, child))
            continue
        items = child.children if child.role == "stage" else (child,)
        end = _end_of_last_block(analysis, items)
        kept, after = items[:end], items[end:]
        nodes = _all_nodes(kept) + (child.hidden if child.role == "stage" else ())
        found.append(StageRow(name, _output_size(analysis, _all_nodes(kept)[-1]), tuple(kept), nodes))
        if after:
            found.append(StageRow(name, _output_size(analysis, child.nodes[-1]), tuple(after), _all_nodes(after)))
    joined: list[StageRow] = []
    for part in found:
        if not any(layer for layer in _layer_runs(analysis, part.items)) and joined:
            joined[-1] = replace(joined[-1], node_names=joined[-1].node_names + part.node_names)
        elif joined and _is_leading_pool(analysis, joined[-1], part):
            before = joined.pop()
            joined.append(
                replace(part, items=before.items + part.items, node_names=before.node_names + part.node_names)
            )
        else:
            joined.append(part)
    return joined


def _end_of_last_block(analysis: Analysis, items: Sequence[str | Group]) -> int:
    """Where the poolings behind a stage's last block begin: they lead into the next one."""
    end = len(items)
    while end > 1 and isinstance(item := items[end - 1], str):
        if op_kinds.kind(analysis.architecture.nodes[item]) != "pool":
            return len(items)
        end -= 1
    last = items[end - 1]
    return end if isinstance(last, Group) and last.role == "block" else len(items)


def _split_by_size(analysis: Analysis, name: str, group: Group) -> Iterator[StageRow]:
    items: list[str | Group] = []
    size = ""
    for child in group.children:
        here = _output_size(analysis, child if isinstance(child, str) else child.nodes[-1])
        if items and here != size:
            yield StageRow(name, size, tuple(items), _all_nodes(items))
            items = []
        items.append(child)
        size = here
    if items:
        yield StageRow(name, size, tuple(items), _all_nodes(items) + group.hidden)


def _is_leading_pool(analysis: Analysis, before: StageRow, part: StageRow) -> bool:
    nodes = [analysis.architecture.nodes[name] for name in before.node_names]
    kinds = {op_kinds.kind(node) for node in nodes}
    return before.output_size == part.output_size and "pool" in kinds and not kinds & {"conv", "depthwise", "linear"}


def _all_nodes(items: Sequence[str | Group]) -> tuple[str, ...]:
    return tuple(n for item in items for n in ((item,) if isinstance(item, str) else item.all_nodes))


def _output_size(analysis: Analysis, name: str) -> str:
    """Return "56×56", "1×1" for a vector; without channels, wherever their axis is."""
    shape = analysis.figures.shape(name)
    dims = shape.dims if shape is not None else ()
    if len(dims) == 4:
        last = dims[1] == dims[2] != dims[3]  # channels last, as Swin has them
        return f"{dims[1]}×{dims[2]}" if last else f"{dims[2]}×{dims[3]}"
    return "1×1" if len(dims) == 2 else "×".join(map(str, dims[1:]))


# operators


@dataclass(frozen=True, slots=True)
class _OperatorRow:
    input: str
    name: str
    kernel: str
    expansion: str
    channels: str
    gate: str
    stride: int
    block: bool = False

    def repeats(self, before: _OperatorRow) -> bool:
        """Is it the same block once more?"""
        return self.block and self.stride == 1 and replace(self, input=before.input, stride=before.stride) == before


def _is_mobile_network(analysis: Analysis) -> bool:
    blocks = analysis.hierarchy.blocks
    mobile = [block for block in blocks if "nverted residual" in analysis.pattern(block).name]
    outer = [block for block in blocks if analysis.hierarchy.block_of(block.id) is block]
    return bool(mobile) and 2 * len(mobile) > len(outer)


def _operators_table(analysis: Analysis) -> StageTable:
    found: list[tuple[_OperatorRow, int, tuple[str, ...]]] = []  # with how many times, and all its nodes
    silent: tuple[str, ...] = ()  # what stands before an operator and is none, such as a norm of its own
    for item in main_items(analysis):
        names = (item,) if isinstance(item, str) else item.all_nodes
        operator = _operator_row(analysis, item)
        if operator is None:
            silent += names
        elif found and isinstance(item, Group) and operator.repeats(found[-1][0]):
            before, times, nodes = found[-1]
            found[-1] = (before, times + 1, nodes + silent + names)
            silent = ()
        else:
            found.append((operator, 1, silent + names))
            silent = ()
    rows: list[tuple[Cell, ...]] = []
    for at, (o, times, names) in enumerate(found):
        total = analysis.figures.sum(names + (silent if at == len(found) - 1 else ()))
        size = (o.input, o.name, o.kernel, o.expansion, o.channels, o.gate)
        rows.append((*size, times, o.stride, total.params, total.macs))
    total = analysis.figures.total
    totals: tuple[tuple[Cell, ...], ...] = (
        ("Total", "", "", "", "", "", "", "", total.params, total.macs),
        ("FLOPs (2 × MACs)", "", "", "", "", "", "", "", "", total.flops),
    )
    header = ("Input", "Operator", "k", "t", "c", "SE", "n", "s", "Parameters", "MACs")
    table = StageTable(analysis.architecture.title, header, tuple(rows), totals, _notes(analysis))
    meaning = "t expansion, c output channels, n times, s stride of the first"
    return replace(_drop_empty_columns(table), notes=(f"k kernel, {meaning}.", *table.notes))


def _drop_empty_columns(table: StageTable) -> StageTable:
    """Return the table without empty columns, such as gates where there are none."""
    kept = [n for n in range(len(table.header)) if any(row[n] != "" for row in table.rows)]

    def cut(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(row[n] for n in kept)

    header = tuple(table.header[n] for n in kept)
    return replace(table, header=header, rows=tuple(map(cut, table.rows)), total_rows=tuple(map(cut, table.total_rows)))


def main_items(analysis: Analysis) -> Iterator[str | Group]:
    """Yield blocks, units and single ops on the main path, in order."""
    for child in analysis.hierarchy.root.groups:
        if child.role in ("stem", "stage", "head"):
            yield from child.children
        else:
            yield child


def _operator_row(analysis: Analysis, item: str | Group) -> _OperatorRow | None:
    architecture = analysis.architecture
    names = (item,) if isinstance(item, str) else item.nodes
    entered = _input_text(analysis, names)
    if isinstance(item, Group) and item.role == "block":
        layers = main_layers(item, architecture)
        gate = next((line for line in block_lines(item, architecture) if line.startswith("SE")), "")
        wide = [_kernel_size(node.layer) for node in layers if max(_kernel_size(node.layer), default=1) > 1]
        widths = [output_width(node) for node in layers]
        strides = [max(node.layer.stride) for node in layers if hasattr(node.layer, "stride")]  # type: ignore[union-attr,arg-type]
        return _OperatorRow(
            entered,
            analysis.pattern(item).name.replace(" + SE", ""),
            "×".join(map(str, wide[0])) if wide else "1×1",
            _expansion_text(widths, analysis, names),
            str(widths[-1]) if widths else "",
            "✓" if gate else "",
            max(strides, default=1),
            block=True,
        )
    nodes = [architecture.nodes[name] for name in names]
    shown = next((node for node in nodes if layer_text(node) and not _is_identity_pool(analysis, node.name)), None)
    if shown is None:
        return None
    layer = shown.layer
    stride = getattr(layer, "stride", 1)
    kernel = "×".join(map(str, _kernel_size(layer)))
    width = output_width(shown)
    name = {"conv": "Conv", "linear": "Linear", "depthwise": "Depthwise"}.get(op_kinds.kind(shown))
    step = max(stride) if isinstance(stride, tuple) else int(stride) if isinstance(stride, int) else 1
    return _OperatorRow(entered, name or _capitalise(layer_text(shown)), kernel, "", str(width or ""), "", step)


def _expansion_text(widths: Sequence[int], analysis: Analysis, names: Sequence[str]) -> str:
    """Widest against what enters."""
    shape = _input_dims(analysis, names)
    return f"{max(widths) / shape[1]:.3g}" if widths and len(shape) == 4 and max(widths[:-1], default=0) else ""


def _input_dims(analysis: Analysis, names: Sequence[str]) -> tuple[int, ...]:
    inside = set(names)
    for name in names:
        for source in analysis.architecture.nodes[name].inputs:
            shape = analysis.figures.shape(source)
            if source not in inside and shape is not None:
                return shape.dims
    return ()


def _input_text(analysis: Analysis, names: Sequence[str]) -> str:
    """ "112² × 32", as the MobileNet papers write it."""
    dims = _input_dims(analysis, names)
    if len(dims) != 4:
        return "×".join(map(str, dims[1:]))
    side = f"{dims[2]}²" if dims[2] == dims[3] else f"{dims[2]}×{dims[3]}"
    return f"{side} × {dims[1]}"


def _kernel_size(layer: object) -> tuple[int, ...]:
    sides = getattr(layer, "kernel_size", ())
    return tuple(sides) if isinstance(sides, tuple) else (sides, sides)


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
