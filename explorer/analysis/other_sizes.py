"""Does a snapshot still compute what its module does, for images of another size?

A recorded run keeps what the code read of sizes (`graph.size_reads`), as far as Python tells. What it does not tell is
found here: module and snapshot take a larger image and more of them. Where they part, the size of the image is kept as
one that was read, so that no edit of it is possible.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import replace

from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.example_inputs import Example, input_value
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.analysis.forward.forward_pass import PassError
from explorer.analysis.module_comparison import TOLERANCE, difference_of, run_snapshot, same_random_numbers
from explorer.analysis.module_twin import copy_for_tracing
from explorer.graph.architecture import Architecture
from explorer.graph.node_list import with_size_reads
from explorer.graph.ops import Input
from explorer.graph.size_reads import ReadSide, SizeRead, SizeReads

#: Added to the sides of an image: strides up to 32 still divide them, where they did.
_MORE = 32


def hold_sizes(architecture: Architecture, module: nn.Module, example: Example) -> Architecture:
    """Return the snapshot with those sides of its image marked as read for which it parts from the module: height and
    width, and the batch. The module is left as it is."""
    op = architecture.input.op
    if not isinstance(op, Input) or len(op.shape) != 4 or op.value is not None:
        return architecture
    batch, channels, height, width = op.shape
    larger = [(height + _MORE, width + _MORE), (2 * height, 2 * width)]
    if _parts(architecture, module, example, (batch + 1, channels, *larger[0])) is False:
        return architecture  # the usual case, in one run
    sizes = (_parts(architecture, module, example, (batch, channels, *sides)) for sides in larger)
    held = (2, 3) if next((found for found in sizes if found is not None), False) else ()
    if _parts(architecture, module, example, (batch + 1, channels, height, width)):
        held = (0, *held)
    return with_held_sides(architecture, held)


def with_held_sides(
    architecture: Architecture, axes: Iterable[int], read: Callable[[int], int] = operator.pos
) -> Architecture:
    """Return the snapshot with these sides of its main input marked as read by a function, so that no edit changes
    them."""
    shape = architecture.input_shape
    sides = [ReadSide(0, axis, shape[axis]) for axis in axes]
    reads: SizeReads = {(SizeRead(read, (side,), side.was), (architecture.input.name,)): () for side in sides}
    return architecture.with_nodes(with_size_reads(architecture.nodes, reads)) if reads else architecture


def _parts(architecture: Architecture, module: nn.Module, example: Example, shape: tuple[int, ...]) -> bool | None:
    """Whether snapshot and module make something else of an image of that shape, or the snapshot fails on it; None
    where the module does not take it."""
    image = input_value(replace(example.ops[id(example.main)], shape=shape))
    args, kwargs = example.fresh_arguments(image)
    try:
        with same_random_numbers():
            expected = copy_for_tracing(module)(*args, **kwargs)
    except Exception:  # whatever its own code raises for another size
        return None
    op = architecture.input.op
    assert isinstance(op, Input)
    resized = architecture.with_replaced([architecture.input.replace(op=replace(op, shape=shape))])
    try:
        analyse(resized)
        return difference_of(run_snapshot(resized, module, image), expected) > TOLERANCE
    except ShapeError:
        return False
    except PassError:
        return True
