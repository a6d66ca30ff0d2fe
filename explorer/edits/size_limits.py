"""How large a network may get by edits, checked before it is made where that is known, and after each edit.

Repeats and multipliers compound: three of them in a project of 300 bytes would ask for millions of layers. What is
refused here is no network anybody trains, and all that is allowed is counted and drawn within seconds.
"""

from __future__ import annotations

import math

from explorer.base.languages import tr
from explorer.edits.edit import EditError
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Layer

MAX_OPS = 50_000  # of one network after an edit
MAX_LAYER_PARAMS = 2**32  # numbers of one layer: 16 GiB in float32


def check_op_count(architecture: Architecture, added: int) -> None:
    """Raise EditError when `added` more ops would be more than `MAX_OPS`."""
    if len(architecture.nodes) + added > MAX_OPS and added > 0:
        raise EditError(
            tr(
                "this would make {count:,} operations out of {before:,}; more than {most:,} are not built. "
                "Take fewer copies.",
                count=len(architecture.nodes) + added,
                before=len(architecture.nodes),
                most=MAX_OPS,
            )
        )


def check_growth(before: Architecture, after: Architecture) -> None:
    """Raise EditError when an edit made more ops than `MAX_OPS`, or a layer larger than `MAX_LAYER_PARAMS`."""
    check_op_count(before, len(after.nodes) - len(before.nodes))
    for name, node in after.nodes.items():
        if isinstance(node.op, Layer) and before.nodes.get(name) is not node:
            params = sum(math.prod(tensor.shape) for tensor in node.op.named_tensors.values())
            if params > MAX_LAYER_PARAMS:
                raise EditError(
                    tr(
                        "{name} would have {params:,} parameters; more than {most:,} in one layer are not built. "
                        "Take a smaller width.",
                        name=name,
                        params=params,
                        most=MAX_LAYER_PARAMS,
                    ),
                    node=name,
                )
