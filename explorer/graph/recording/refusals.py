"""What a run may do that no graph of ops can hold: each refused by its name, with a way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch._C._functorch import is_batchedtensor, is_gradtrackingtensor
from torch._ops import HigherOrderOperator

from explorer.base.languages import tr
from explorer.graph.arguments import Ref, tensors_in


class CaptureError(ValueError):
    """A run that could not be recorded as ops. The message names the op and the reason."""


#: Functions that ask for gradients: their results depend on what autograd remembers, not on their arguments alone.
_OF_GRADIENTS = frozenset({"backward", "grad", "make_dual", "_make_dual"})


def refuse_gradients(function_name: str) -> None:
    """Raise CaptureError for a function that computes gradients."""
    if function_name in _OF_GRADIENTS:
        raise CaptureError(_no_gradients())


def refuse_tensor(tensor: torch.Tensor, path: str = "") -> None:
    """Raise CaptureError for a tensor that is no plain block of numbers: one that torch.func follows, a sparse one."""
    if is_batchedtensor(tensor):
        raise CaptureError(tr("what torch.vmap maps cannot be shown as ops: call the layers on the whole batch"))
    if is_gradtrackingtensor(tensor):
        raise CaptureError(_no_gradients())
    if tensor.layout is not torch.strided:
        if path:
            raise CaptureError(
                tr("{name} is sparse, and graphs hold dense tensors: keep it with to_dense()", name=path)
            )
        raise CaptureError(tr("it reads a sparse tensor, and graphs hold dense ones: use to_dense()"))


def refuse_object(value: object) -> None:
    """Raise CaptureError for an object that keeps tensors where nobody but its class finds them."""
    held = getattr(value, "__dict__", {}).values()
    if not callable(value) and any(next(tensors_in(item), None) is not None for item in held):
        raise CaptureError(
            tr(
                "it gives tensors in a {kind}, whose parts are not known: give them in a tuple, a list, a dict or a "
                "dataclass",
                kind=type(value).__name__,
            )
        )


def _no_gradients() -> str:
    return tr(
        "its forward computes gradients (torch.autograd.grad, backward, torch.func), which are no ops: open the part "
        "of it whose gradients it takes"
    )


def refuse_output(value: Any) -> None:
    """Raise CaptureError for an output that is neither made of tensors nor written down as it is."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, (tuple, list)):
        for item in value:
            refuse_output(item)
    elif not isinstance(value, _WRITTEN_DOWN):
        raise CaptureError(
            tr(
                "it gives a {kind}, which is no tensor: give tensors, in a tuple, a list, a dict or a dataclass",
                kind=type(value).__name__,
            )
        )


#: What an output may hold beside tensors.
_WRITTEN_DOWN = (Ref, type(None), bool, int, float, complex, str, bytes, range, torch.dtype, torch.device)


def refuse_operators_of_functions(call: Any) -> None:
    """Raise CaptureError for an operator that takes functions: what it costs, and what is inside, nobody can tell."""
    if isinstance(call, HigherOrderOperator):
        raise CaptureError(
            tr(
                "{name} takes a function, which is no part of a graph: use scaled_dot_product_attention with a mask in "
                "place of flex_attention, and loops and branches of Python in place of others",
                name=call.__name__,
            )
        )
