"""How the ops of a card compute, as the panel shows it: numbers as pictures, formulas in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.analysis.arithmetic.explanation import NumberPlace
from explorer.analysis.arithmetic.op_arithmetic import OpArithmetic, compute_arithmetic
from explorer.analysis.arithmetic.operands import Operand
from explorer.analysis.probes.probe import NotAvailable, Probe, computing_nodes
from explorer.analysis.probes.unit_receptive_field import compute_receptive_box
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Input, Output
from explorer.presenters.layer_activations import network_input_image
from explorer.viewmodels.number_planes import Plane, PlaneAxes, PlaneCell

#: What an activation computes, by its English title.
_CURVE_FORMULAS = {
    "ReLU": "max(0, x)",
    "ReLU6": "min(max(0, x), 6)",
    "Hardswish": "x × min(max(0, x + 3), 6) ÷ 6",
    "Hard sigmoid": "min(max(0, x + 3), 6) ÷ 6",
    "Sigmoid": "1 ÷ (1 + exp(−x))",
    "SiLU": "x ÷ (1 + exp(−x))",
    "GELU": "x × Φ(x)",
    "Tanh": "tanh(x)",
}
_MOST_MATRIX = 4_000_000  # numbers of a weight that is drawn as a matrix


@dataclass(frozen=True, eq=False)
class ArithmeticView:
    """One op with its numbers, and how it is written for people."""

    arithmetic: OpArithmetic = field(repr=False)
    title: str  # "Conv 3×3 · features.0"
    choices: tuple[tuple[str, str], ...]  # names and titles of the ops of the card, in execution order
    first: NumberPlace  # the number that is shown first
    input_titles: dict[str, str]  # of the nodes that it reads
    formula: str = ""  # of an activation: "max(0, x)"
    photo: NDArray[np.uint8] | None = field(repr=False, default=None)  # where it reads the image: its pixels
    matrix: NDArray[np.float32] | None = field(repr=False, default=None)  # its weight, (outputs, inputs)
    #: Of the number that the way back began at: the first and the last pixel it can see. Only where the way has ended.
    receptive_box: tuple[PlaneCell, PlaneCell] | None = None

    @property
    def axes(self) -> PlaneAxes:
        """Which axes of the output are the channels, the rows and the columns."""
        return PlaneAxes.of(self.arithmetic.outputs[self.first.part].values.shape)

    def output_plane(self, index: tuple[int, ...]) -> Plane:
        """Return the picture that a number of the output is on."""
        return Plane.at(self.arithmetic.outputs[self.first.part].values, index)

    def input_plane(self, place: NumberPlace) -> Plane | None:
        """Return the picture that a number of an input is on; None where it is no input of this op."""
        operand = self.operand(place)
        return Plane.at(operand.values, place.index) if operand is not None else None

    def operand(self, place: NumberPlace) -> Operand | None:
        """Return the input that a place is in."""
        known = (read for read in self.arithmetic.inputs if (read.node, read.part) == (place.node, place.part))
        return next(known, None)


def build_arithmetic_view(
    name: str, card: Iterable[str], probe: Probe, index: tuple[int, ...] | None = None, keep_going: KeepGoing = always
) -> ArithmeticView:
    """Return the view of one op among those of a card; `index` is the number to show, by default a telling one.

    Raises NotAvailable, PassError, Cancelled.
    """
    arithmetic = compute_arithmetic(name, probe, keep_going)
    nodes = probe.architecture.nodes
    shown = arithmetic.outputs[0]
    at = index if index is not None and len(index) == shown.values.ndim else telling_index(shown.values)
    reads_image = any(isinstance(nodes[read.node].op, Input) for read in arithmetic.inputs) or isinstance(
        nodes[name].op, Input
    )
    return ArithmeticView(
        arithmetic,
        op_title(nodes[name]),
        tuple((each, op_title(nodes[each])) for each in card),
        shown.place(at),
        {read.node: op_title(nodes[read.node]) for read in arithmetic.inputs},
        _CURVE_FORMULAS.get(op_kinds.title(nodes[name]), ""),
        network_input_image(probe).pixels if reads_image and probe.image.dim() == 4 else None,
        _weight_matrix(arithmetic),
    )


def find_receptive_box(origin: NumberPlace, probe: Probe) -> tuple[PlaneCell, PlaneCell] | None:
    """Return the first and the last pixel that a number can see; None where it is on no map, and sees all of them."""
    measures = probe.analysis.figures.measures
    shape = probe.analysis.figures.shape(origin.node)
    axes = PlaneAxes.of(shape.dims) if shape is not None else None
    if axes is None or axes.channel is None or axes.row is None or axes.column is None:
        return None
    row, column = origin.index[axes.row], origin.index[axes.column]
    try:
        box = compute_receptive_box(origin.node, row, column, probe.architecture, measures)
    except NotAvailable:
        return None
    return None if box is None else ((box.top, box.left), (box.bottom, box.right))


def ops_of_card(selection: Iterable[str], probe: Probe) -> tuple[str, ...]:
    """Return the names of the selected ops that compute, in execution order, those of groups too; for the output, which
    hands on what it gets, those that it reads.

    Raises NotAvailable where there are none.
    """
    hierarchy = probe.analysis.hierarchy
    chosen = {name for id in selection if id in hierarchy.parent for name in hierarchy.nodes_of(id)}
    live = probe.architecture.live
    computing = {*computing_nodes(probe.architecture), *(node.name for node in probe.architecture.inputs)}
    found = tuple(name for name in live if name in chosen and not isinstance(live[name].op, Output))
    telling = tuple(name for name in found if name in computing) or found
    if not telling and probe.architecture.output.name in chosen:
        telling = tuple(dict.fromkeys(probe.architecture.output.inputs))
    if not telling:
        raise NotAvailable(tr("An edit took this out of the network: it computes nothing any more."))
    return telling


def first_shown_op(names: tuple[str, ...], probe: Probe) -> str:
    """Return the op of a card that is shown first: its first layer with weights, or else its first."""
    nodes = probe.architecture.nodes
    return next((name for name in names if op_kinds.kind(nodes[name]) in op_kinds.WEIGHTED), names[0])


def op_title(node: Node) -> str:
    """Return an op as people read it: "Conv 3×3 · features.0"."""
    return f"{op_kinds.label(node)} · {node.path or node.name}"


def telling_index(values: NDArray[Any]) -> tuple[int, ...]:
    """Return the index of a number worth looking at first: the largest of the channel that varies most, not at the
    border of its map, where padding counts for much."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    axes = PlaneAxes.of(values.shape)
    if axes.channel is not None:
        others = tuple(axis for axis in range(values.ndim) if axis != axes.channel)
        channel = int(np.argmax(finite.std(others)))
        chosen = np.abs(np.take(finite, channel, axes.channel))
        for axis in range(1, chosen.ndim):
            if chosen.shape[axis] > 4:
                np.moveaxis(chosen, axis, 0)[[0, 1, -2, -1]] = -1.0
        at = [int(i) for i in np.unravel_index(int(np.argmax(chosen)), chosen.shape)]
        return (*at[: axes.channel], channel, *at[axes.channel :])
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(finite))), values.shape))


def _weight_matrix(arithmetic: OpArithmetic) -> NDArray[np.float32] | None:
    weight = arithmetic.call.parameter("weight")
    if weight is None or weight.ndim < 2 or math.prod(weight.shape[2:]) != 1 or weight.size > _MOST_MATRIX:
        return None
    return weight.reshape(weight.shape[:2])
