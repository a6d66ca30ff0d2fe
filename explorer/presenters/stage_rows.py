"""The rows of tables of stages: which layers and blocks a stage is made of, and its output size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from explorer.analysis.analysis import Analysis
from explorer.graph import op_kinds
from explorer.graph.groups import Group
from explorer.presenters import titles
from explorer.presenters.block_lines import block_lines, layer_text


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


@dataclass(frozen=True, slots=True)
class StageRow:
    """Stage: its name, output size, content, and the nodes it is made of."""

    name: str
    output_size: str
    items: tuple[str | Group, ...]
    node_names: tuple[str, ...]


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
        if not any(layer for layer in layer_runs(analysis, part.items)) and joined:
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
    if shape is None:
        return ""
    dims = shape.image_dims
    if len(dims) == 3:
        last = dims[0] == dims[1] != dims[2]  # channels last, as Swin has them
        return f"{dims[0]}×{dims[1]}" if last else f"{dims[1]}×{dims[2]}"
    return "1×1" if len(dims) == 1 else str(shape)


def main_items(analysis: Analysis) -> Iterator[str | Group]:
    """Yield blocks, units and single ops on the main path, in order."""
    for child in analysis.hierarchy.root.groups:
        if child.role in ("stem", "stage", "head"):
            yield from child.children
        else:
            yield child


def layer_runs(analysis: Analysis, items: Sequence[str | Group]) -> tuple[LayerRun, ...]:
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
            if text and not is_identity_pool(analysis, name):
                yield LayerRun((text,)), (text,)


def is_identity_pool(analysis: Analysis, name: str) -> bool:
    """Whether a node pools to the size that its map has already."""
    node = analysis.architecture.nodes[name]
    if op_kinds.kind(node) != "pool" or not node.inputs:
        return False
    return analysis.figures.shape(name) == analysis.figures.shape(node.inputs[0])
