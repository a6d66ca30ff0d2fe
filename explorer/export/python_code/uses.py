"""Where the places of a template that vary are used: as which argument, of which layer, and under which conditions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from torch import nn

from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import Hole, Literal, Template, Term, Value


@dataclass(frozen=True, slots=True)
class Use:
    """Where a hole is: the argument of which layer or function, of which child, and what it depends on."""

    role: str
    owner: str
    flags: tuple[Hole, ...]
    default: str | None = None


def find_uses(template: Template, uses: dict[int, list[Use]], sources: Sources) -> None:
    """Add the uses of every hole of a template, by its number."""
    if isinstance(template, Term):
        _walk(template, "", "", (), uses, sources)
        return
    for child in template.children:
        flags = (child.flag,) if child.flag is not None else ()
        role = "activation" if isinstance(child.make, Hole) else ""
        _walk(child.make, child.name, role, flags, uses, sources)
    for step in template.steps:
        flags = (step.flag,) if step.flag is not None else ()
        if step.flag is not None:
            uses.setdefault(step.flag.index, []).append(Use(_flag_role(step.value), "", ()))
        _walk_step(step.value, flags, uses, sources)


def _walk_step(value: Value, flags: tuple[Hole, ...], uses: dict[int, list[Use]], sources: Sources) -> None:
    """Uses in a step: an argument is named as the function names it."""
    if not isinstance(value, Term):
        return
    names = _argument_names(value, sources)
    for name, part in zip(names, value.parts, strict=True):
        if isinstance(part, Hole):
            uses.setdefault(part.index, []).append(Use(name, "", flags))
        else:
            _walk_step(part, flags, uses, sources)


def _argument_names(value: Term, sources: Sources) -> list[str]:
    count = len(value.parts)
    if value.sort in ("function", "method"):
        keywords = list(value.tag[2])
        plain = count - len(keywords)
        known = sources.parameters.get(value.tag[1], _ARGUMENTS.get(str(value.tag[1]).rpartition(".")[2], ()))
        return [*(known[n] if n < len(known) else "size" for n in range(plain)), *keywords]
    return [{"infix": "size", "gather": "depth", "slice": "length"}.get(value.sort, "value")] * count


#: Names of the arguments of functions that do not tell them.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "permute": ("x", "dims"),
    "channel_shuffle": ("x", "groups"),
    "flatten": ("x", "start_dim", "end_dim"),
    "avg_pool2d": ("x", "kernel_size", "stride", "padding"),
    "max_pool2d": ("x", "kernel_size", "stride", "padding"),
    "chunk": ("x", "chunks", "dim"),
    "cat": ("tensors", "dim"),
    "mean": ("x", "dim"),
}


def _flag_role(value: Term) -> str:
    if value.sort == "call":
        return "_".join(value.tag[1])
    if value.sort == "infix":
        return {"+": "shortcut", "*": "gate"}.get(value.tag[1], "apply")
    name = str(value.tag[1]) if len(value.tag) > 1 else value.sort
    return {"F.channel_shuffle": "shuffle"}.get(name, name.rpartition(".")[2])


def _walk(
    value: Value,
    owner: str,
    role: str,
    flags: tuple[Hole, ...],
    uses: dict[int, list[Use]],
    sources: Sources,
    default: str | None = None,
) -> None:
    if isinstance(value, Hole):
        uses.setdefault(value.index, []).append(Use(role, owner, flags, default))
        return
    if not isinstance(value, Term):
        return
    if value.sort == "optional":
        assert isinstance(value.parts[0], Hole)
        role = _optional_role(value.parts[1])
        uses.setdefault(value.parts[0].index, []).append(Use(role, owner, flags))
        _walk(value.parts[1], owner, role, (*flags, value.parts[0]), uses, sources)
    elif value.sort == "repeat":
        count = value.parts[0]
        _walk(count, owner, "depth", flags, uses, sources)
        inner = (*flags, count) if isinstance(count, Hole) else flags
        _walk(value.parts[1], owner, role, inner, uses, sources)
    elif value.sort == "layer":
        defaults = {a.name: a.default for a in sources.layers[value.tag[1]].arguments}
        for name, part in zip(value.tag[2], value.parts, strict=True):
            _walk(part, owner, name, flags, uses, sources, defaults.get(name))
    elif value.sort == "new":
        for name, given, part in zip(value.tag[2], value.tag[3], value.parts, strict=True):
            _walk(part, owner, name, flags, uses, sources, given.text if isinstance(given, Literal) else None)
    elif value.sort == "sequential":
        parts = value.parts
        if isinstance(value.tag[1], tuple):
            _walk(parts[0], owner, "prefix", flags, uses, sources)
            parts = parts[1:]
        for number, part in enumerate(parts):
            inner_role = "activation" if isinstance(part, Hole) else role
            _walk(part, f"{owner}_{number}" if owner else "", inner_role, flags, uses, sources)
    elif value.sort in ("holder", "extended"):
        for name, part in zip(value.tag[1], value.parts[-len(value.tag[1]) :], strict=True):
            _walk(part, f"{owner}_{name}", role, flags, uses, sources)
    else:
        for part in value.parts:
            _walk(part, owner, role, flags, uses, sources, default)


def _optional_role(value: Value) -> str:
    if isinstance(value, Hole):
        return "activation"
    if isinstance(value, Term) and value.sort in ("new", "layer"):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", str(value.tag[1]).removeprefix("nn.")).lower()
        plain = str(value.tag[1]).removeprefix("nn.")
        if value.sort == "layer" and hasattr(nn.modules.activation, plain):
            return "activation"
        return {"conv2d_norm_activation": "expand", "squeeze_excitation": "squeeze"}.get(name, name)
    if isinstance(value, Term) and value.sort == "entry":
        return str(value.tag[1])
    return "extra"
