"""A copy of a module to trace and run: the user's object is never touched."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy

from explorer.analysis.copied_functions import rebind_functions
from explorer.analysis.shared_handles import shared_handles
from explorer.base.languages import tr
from explorer.graph.arguments import tensors_in
from explorer.graph.trace import TraceError


def unwrap(module: nn.Module) -> nn.Module:
    """The module inside DataParallel, DistributedDataParallel and torch.compile's wrapper."""
    while not isinstance(module, torch.jit.ScriptModule):
        inner = module.__dict__.get("_modules", {}).get("_orig_mod")
        if inner is None and isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = module.module
        if not isinstance(inner, nn.Module):
            break
        module = inner
    return module


class Wrapper(nn.Module):
    """In place of what torch.compile and DataParallel put around a part of a module: it calls the part, nothing else.
    The part keeps its path."""

    def __init__(self, name: str, inner: nn.Module) -> None:
        super().__init__()
        self.add_module(name, inner)

    @property
    def inner(self) -> nn.Module:
        """What is wrapped."""
        (inner,) = self.children()
        return inner

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            inner = next(iter(self.__dict__.get("_modules", {}).values()), None)
            if inner is None:
                raise
            return getattr(inner, name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call what is wrapped."""
        return self.inner(*args, **kwargs)


def _open_wrappers(module: nn.Module) -> None:
    """Put a `Wrapper` in the place of each wrapper inside a module."""
    for part in list(module.modules()):
        if isinstance(part, torch.jit.ScriptModule):
            continue
        for name, child in part._modules.items():
            if child is not None and unwrap(child) is not child:
                (kept,) = child._modules
                part._modules[name] = Wrapper(kept, child._modules[kept])  # type: ignore[arg-type]


def copy_for_tracing(module: nn.Module) -> nn.Module:
    """A copy in eval mode: what tracing and running do to it, they do not do to the user's object."""
    _refuse_hidden_methods(module)
    copies = shared_handles(module)  # what `copy.deepcopy` refuses, by its id
    for tensor in (*module.parameters(), *module.buffers()):
        if isinstance(tensor, (UninitializedParameter, UninitializedBuffer)):
            copies[id(tensor)] = cast("Any", type(tensor))(device=tensor.device, dtype=tensor.dtype)
    for tensor in (*_computed_tensors(module), *_sparse_tensors(module)):
        copies[id(tensor)] = tensor.detach().clone()
    try:
        twin = copy.deepcopy(module, copies)
        rebind_functions(twin, copies)
        _open_wrappers(twin)
    except Exception as failure:
        raise TraceError(_why_not_copied(module, copies, failure)) from failure
    try:
        return twin.eval()
    except NotImplementedError:  # an exported program's module has no modes
        return twin


def put_weights_back(twin: nn.Module, module: nn.Module) -> None:
    """Give a copy the numbers of the module again that a run has written over, such as weights that the first batch
    sets. What the run made real, or of another shape, stays as it made it."""
    brought = dict(module.named_parameters(remove_duplicate=False))
    for path, tensor in twin.named_parameters(remove_duplicate=False):
        original = brought.get(path)
        if original is None or is_lazy(original) or original.is_meta or tensor.layout is not torch.strided:
            continue
        if tensor.shape == original.shape and not torch.equal(tensor, original):
            tensor.data.copy_(original)


def _computed_tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    """Tensors that a module keeps as attributes and that were computed with gradients, which are not copied by
    themselves: the weight that `torch.nn.utils.weight_norm` makes of its two parts, a loss that is kept."""
    for part in module.modules():
        for held in part.__dict__.values():
            yield from (tensor for tensor in tensors_in(held) if not tensor.is_leaf)


def _sparse_tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    """Buffers of rows, columns and values, of which `copy.deepcopy` knows some kinds only."""
    return (tensor for tensor in module.buffers() if tensor.layout is not torch.strided)


def _refuse_hidden_methods(module: nn.Module) -> None:
    """Raise TraceError where an attribute hides a method of nn.Module by which its parts are found."""
    waiting, seen = [("", module)], set[int]()
    while waiting:
        path, part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        hidden = next((name for name in _FINDING if name in part.__dict__), "")
        if hidden:
            raise TraceError(
                tr(
                    "{attribute} hides the method of nn.Module with that name, and the parts are not found without: "
                    "give the attribute another name",
                    attribute=f"{path}.{hidden}".lstrip("."),
                )
            )
        for name, child in part.__dict__.get("_modules", {}).items():
            if isinstance(child, nn.Module):
                waiting.append((f"{path}.{name}".lstrip("."), child))


#: Methods by which the parts of a module are found.
_KINDS = ("modules", "children", "parameters", "buffers")
_FINDING = (*_KINDS, *(f"named_{kind}" for kind in _KINDS))


def _why_not_copied(module: nn.Module, copies: dict[int, Any], failure: Exception) -> str:
    """The attribute that cannot be copied, and what to keep in its place."""
    for path, part in module.named_modules():
        for name, held in part.__dict__.items():
            if name in ("_modules", "_parameters", "_buffers"):
                continue
            try:
                copy.deepcopy(held, dict(copies))
            except Exception:
                return tr(
                    "{kind} is opened as a copy, and what {attribute} holds ({held}) cannot be copied. Make it in the "
                    "forward or keep what it is made of: a list in place of a generator, a path in place of what is "
                    "open.",
                    kind=type(module).__name__,
                    attribute=f"{path}.{name}" if path else name,
                    held=type(held).__name__,
                )
    return tr(
        "{kind} cannot be copied, and is not touched without a copy: {reason}",
        kind=type(module).__name__,
        reason=first_line(failure),
    )


def first_line(failure: BaseException) -> str:
    """Return what a failure says, in one line."""
    lines = str(failure).strip().splitlines()
    return lines[0][:300] if lines else type(failure).__name__


#: What libraries raise where there is no connection.
_DOWNLOADS = frozenset({"URLError", "ConnectionError", "LocalEntryNotFoundError"})


def advice_on(failure: BaseException, module: nn.Module | None = None) -> str:
    """Return what to change where a module fails for a reason that no input mends; empty for others."""
    text = str(failure)
    hidden = "" if module is None else _part_behind_a_method(module)
    if hidden and isinstance(failure, TypeError):
        return tr(
            "{part} is a part with the name of a method of nn.Module, and that method is what is found: give it "
            "another name.",
            part=hidden,
        )
    if "NVIDIA" in text or "CUDA" in text:
        return tr("It is run on the processor here: let it use the device of its input, x.device, in place of CUDA.")
    if isinstance(failure, ModuleNotFoundError) and failure.name:
        return tr(
            "{name} is neither installed where this app runs nor in a folder above the file.",
            name=failure.name.partition(".")[0],
        )
    if _DOWNLOADS.intersection(kind.__name__ for kind in type(failure).__mro__):
        return tr(
            "It downloads something while it is built, and there is no connection: an argument such as "
            "pretrained=False may turn that off."
        )
    if isinstance(failure, (NameError, ImportError, OSError, EOFError, NotImplementedError, RecursionError)):
        return tr("That is a matter of its own code.")
    return ""


def _part_behind_a_method(module: nn.Module) -> str:
    """The first part whose name the class has a method for, such as `type` or `half`: it is registered, and reading it
    gives the method."""
    for path, part in module.named_modules():
        for name in part._modules:
            if callable(getattr(nn.Module, name, None)):
                return f"{path}.{name}".lstrip(".")
    return ""
