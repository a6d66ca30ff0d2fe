"""Ops whose result has as many numbers as the values say: `nonzero`, a mask as an index, non-maximum suppression.

Without a run nobody knows the size of what they give. A capture keeps the one of its example, which shapes and figures
are computed with; a run computes the op itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from explorer.graph.arguments import tensors_in
from explorer.graph.ops import Function, Method, Op

_ALWAYS = frozenset(
    {"nonzero", "argwhere", "nonzero_static", "masked_select", "unique", "unique_consecutive", "_unique2"}
    | {"_return_output", "bincount", "combinations", "nms", "nms.default", "batched_nms"}
    | {"paste_masks_in_image", "heatmaps_to_keypoints", "_pack_padded_sequence", "_pad_packed_sequence"}
)

#: What makes a tensor of a size, and what gives it one: that may be read from a tensor.
_MAKERS = frozenset({"zeros", "ones", "empty", "full", "rand", "randn", "arange", "eye"})
_SHAPERS = frozenset(
    {"new_zeros", "new_ones", "new_empty", "reshape", "view", "expand", "repeat", "narrow", "unflatten"}
)

#: Recurrent layers, as functions; on packed sequences these take their weights as the fourth argument.
_RECURRENT = frozenset({"gru", "lstm", "rnn_tanh", "rnn_relu"})


@dataclass(frozen=True)
class SizedByValues:
    """A function whose result has another size for other values, with what it gave for the example."""

    call: Callable[..., Any]
    #: Shape and number format of each tensor of the result.
    results: tuple[tuple[tuple[int, ...], torch.dtype], ...]
    is_single: bool  # a tensor, not a tuple of them

    @property
    def __name__(self) -> str:
        """The name of the function: it is the same op."""
        return str(getattr(self.call, "__name__", self.call))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; without values, give what the example gave."""
        if not any(tensor.is_meta for tensor in tensors_in((args, kwargs))):
            return self.call(*args, **kwargs)
        found = tuple(torch.empty(shape, dtype=dtype, device="meta") for shape, dtype in self.results)
        return found[0] if self.is_single else found


def sized_by_values(op: Op, name: str, args: Any, result: Any) -> Op:
    """Return the op with the sizes that its result had, where these depend on values."""
    name = name.strip("_") if name.startswith("__") else name
    alone = name == "where" and len(args) == 1
    masked = name == "getitem" and any(t.dtype in (torch.bool, torch.uint8) for t in tensors_in(args[1:]))
    items = args[1] if name == "getitem" and isinstance(args[1], tuple) else args[1:]
    ends = [end for item in items if isinstance(item, slice) for end in (item.start, item.stop)]
    masked = masked or (name == "getitem" and any(isinstance(end, torch.Tensor) for end in ends))
    repeated = name == "repeat_interleave" and any(True for _ in tensors_in(args[1:]))
    made = (name in _MAKERS and any(True for _ in tensors_in(args))) or (
        name in _SHAPERS and any(True for _ in tensors_in(args[1:]))
    )
    packed = name in _RECURRENT and len(args) > 3 and isinstance(args[3], (list, tuple))
    if not (name in _ALWAYS or alone or masked or repeated or made or packed) or not isinstance(op, (Function, Method)):
        return op
    call = op.call if isinstance(op, Function) else getattr(torch.Tensor, op.name)
    results = tuple((tuple(tensor.shape), tensor.dtype) for tensor in tensors_in(result))
    return Function(SizedByValues(call, results, isinstance(result, torch.Tensor)))


def plain_op(op: Op) -> Op:
    """Return the op as the code has it, without the sizes of the example."""
    if not isinstance(op, Function) or not isinstance(op.call, SizedByValues):
        return op
    call = op.call.call
    name = str(getattr(call, "__name__", ""))
    return Method(name) if getattr(torch.Tensor, name, None) is call else Function(call)
