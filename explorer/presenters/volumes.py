"""Feature maps on the main path as volumes: the boxes in figures of papers (AlexNet, VGG)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from explorer.analysis.analysis import Analysis
from explorer.graph import op_kinds
from explorer.graph.groups import Group
from explorer.graph.node import Node
from explorer.presenters import titles
from explorer.presenters.block_lines import block_lines, layer_text, main_layers
from explorer.presenters.stage_rows import is_identity_pool, main_items, stage_rows
from explorer.viewmodels.diagram import Kind, Level

_GROUPING_THRESHOLD = 18  # volumes from which equal neighbours are drawn once


@dataclass(frozen=True, slots=True)
class Volume:
    """Feature map, and the layer or block that computes it."""

    height: int
    width: int
    channels: int
    kind: Kind
    label_above: str = ""  # "7×7, 64, stride 2"
    window: int = 0  # side of the window that slides over the map before; 0 where there is no single one
    repeat_count: int = 1

    @property
    def is_vector(self) -> bool:
        """Whether it has no spatial size."""
        return self.height == self.width == 1

    @property
    def label(self) -> str:
        """ "56×56×64", or the length of a vector."""
        return str(self.channels) if self.is_vector else f"{self.height}×{self.width}×{self.channels}"


def build_volumes(analysis: Analysis, level: Level = "blocks") -> tuple[Volume, ...]:
    """Return the input image and a volume for each stage, each block, or (units, ops) each layer."""
    image = _build_volume(analysis, analysis.architecture.input.name, "input", "")
    found = [volume for volume in _volumes_after_image(analysis, level) if volume is not None]
    kept = [volume for volume in (image, *found) if volume is not None]
    return tuple(_merge_equal_volumes(kept) if len(kept) > _GROUPING_THRESHOLD else kept)


def _volumes_after_image(analysis: Analysis, level: Level) -> Iterator[Volume | None]:
    if level == "stages":
        for part in stage_rows(analysis):
            name = _last_map_name(analysis, part.node_names)
            kind: Kind = "linear" if part.output_size == "1×1" else "conv"
            yield _build_volume(analysis, name, kind, _stage_text(analysis, part.items))
        return
    for item in main_items(analysis):
        if isinstance(item, Group) and item.role == "block":
            if level == "blocks" or _has_branches(analysis, item):
                yield _build_volume(analysis, item.nodes[-1], "block", titles.group_title(analysis, item))
            else:
                yield from (_layer_volume(analysis, node) for node in main_layers(item, analysis.architecture))
            continue
        names = (item,) if isinstance(item, str) else item.nodes
        for node in (analysis.architecture.nodes[name] for name in names):
            if layer_text(node) and not is_identity_pool(analysis, node.name):
                yield _layer_volume(analysis, node)


def _layer_volume(analysis: Analysis, node: Node) -> Volume | None:
    kind = op_kinds.kind(node)
    kernel = getattr(node.layer, "kernel_size", 0)
    side = max(kernel) if isinstance(kernel, tuple) else int(kernel)
    made = _build_volume(analysis, node.name, kind, layer_text(node))
    return replace(made, window=side) if made is not None else None


def _has_branches(analysis: Analysis, block: Group) -> bool:
    return any(" → " in line or " | " in line for line in block_lines(block, analysis.architecture))


def _stage_text(analysis: Analysis, items: Sequence[str | Group]) -> str:
    """ "3 × residual bottleneck"; the layers where there is no block."""
    blocks = [item for item in items if isinstance(item, Group) and item.role == "block"]
    if blocks:
        name, count = Counter(titles.group_title(analysis, block) for block in blocks).most_common(1)[0]
        lowered = name[:1].lower() + name[1:]
        return f"{count} × {lowered}" if len(blocks) > 1 else lowered
    nodes = [
        analysis.architecture.nodes[n] for item in items for n in ((item,) if isinstance(item, str) else item.nodes)
    ]
    counted = Counter(
        text
        for node in nodes
        if not is_identity_pool(analysis, node.name) and (text := layer_text(node, with_strides=False))
    )
    return ", ".join(f"{times} × {text.split(', ')[0]}" if times > 1 else text for text, times in counted.items())


def _last_map_name(analysis: Analysis, names: Sequence[str]) -> str:
    order = list(analysis.architecture.live)
    return max((name for name in names if analysis.figures.shape(name) is not None), key=order.index)


def _build_volume(analysis: Analysis, name: str, kind: Kind, by: str) -> Volume | None:
    shape = analysis.figures.shape(name)
    dims = shape.dims[1:] if shape is not None else ()
    if len(dims) == 3:
        last = dims[0] == dims[1] != dims[2]  # channels last
        high, wide, deep = dims if last else (dims[1], dims[2], dims[0])
        return Volume(high, wide, deep, kind, by)
    if len(dims) == 2:  # a row of tokens
        return Volume(dims[0], 1, dims[1], kind, by)
    return Volume(1, 1, dims[0], "linear", by) if len(dims) == 1 else None


def _merge_equal_volumes(found: Sequence[Volume]) -> Iterator[Volume]:
    """Equal neighbours as one, "× 3"."""
    waiting = found[0]
    for volume in found[1:]:
        if replace(volume, repeat_count=1) == replace(waiting, repeat_count=1):
            waiting = replace(waiting, repeat_count=waiting.repeat_count + 1)
        else:
            yield waiting
            waiting = volume
    yield waiting
