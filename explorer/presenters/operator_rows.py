"""The rows of a table of operators, as in Table 2 of the MobileNetV2 paper: t, c, n, s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr
from explorer.graph import op_kinds
from explorer.graph.groups import Group
from explorer.graph.recognition import patterns
from explorer.presenters.block_lines import block_lines, layer_text, main_layers, output_width
from explorer.presenters.stage_rows import is_identity_pool, main_items


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


def is_mobile_network(analysis: Analysis) -> bool:
    """Whether most blocks are inverted residuals."""
    blocks = analysis.hierarchy.blocks
    mobile = [block for block in blocks if "nverted residual" in analysis.pattern(block).name]
    outer = [block for block in blocks if analysis.hierarchy.block_of(block.id) is block]
    return bool(mobile) and 2 * len(mobile) > len(outer)


def operator_rows(analysis: Analysis) -> list[tuple[str | int, ...]]:
    """Return a row for each operator: input, name, k, t, c, SE, n, s, parameters and MACs; equal neighbours in one."""
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
    rows: list[tuple[str | int, ...]] = []
    for at, (o, times, names) in enumerate(found):
        total = analysis.figures.sum(names + (silent if at == len(found) - 1 else ()))
        size = (o.input, o.name, o.kernel, o.expansion, o.channels, o.gate)
        rows.append((*size, times, o.stride, total.params, total.macs))
    return rows


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
            analysis.pattern(item).without_addition(patterns.GATED).title,
            "×".join(map(str, wide[0])) if wide else "1×1",
            _expansion_text(widths, analysis, names),
            str(widths[-1]) if widths else "",
            "✓" if gate else "",
            max(strides, default=1),
            block=True,
        )
    nodes = [architecture.nodes[name] for name in names]
    shown = next((node for node in nodes if layer_text(node) and not is_identity_pool(analysis, node.name)), None)
    if shown is None:
        return None
    layer = shown.layer
    stride = getattr(layer, "stride", 1)
    kernel = "×".join(map(str, _kernel_size(layer)))
    width = output_width(shown)
    name = {"conv": tr("Conv"), "linear": tr("Linear"), "depthwise": tr("Depthwise")}.get(op_kinds.kind(shown))
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
