"""Which tensors of a file belong to which layers, by name and shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch

from explorer.graph.architecture import Architecture, Constant, Node
from explorer.weights.checkpoint import CheckpointError
from explorer.weights.given import Given, is_counter, path_of
from explorer.weights.provenance import core, provenance, shapes
from explorer.weights.seeded import Seeded

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """What came of reading a file: names as the network calls them, but those of `unexpected` as the file does."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: tuple[tuple[str, Shape, Shape], ...]  # name, shape in the file, shape in the network
    prefix: str = ""  # what was taken off the file's names: "module."

    @property
    def complete(self) -> bool:
        return not (self.missing or self.misshapen)

    @property
    def sentence(self) -> str:
        """ "160 of 161 tensors fit; 1 is missing, 2 are not used." """
        total = len(self.matched) + len(self.missing) + len(self.misshapen)
        parts = [
            f"{len(found)} {word}"
            for found, word in (
                (self.missing, "missing"),
                (self.misshapen, "of another shape"),
                (self.unexpected, "not used"),
            )
            if found
        ]
        fit = f"all {total} tensors fit" if self.complete else f"{len(self.matched)} of {total} tensors fit"
        return "; ".join([fit, ", ".join(parts)]) if parts else fit


@dataclass(frozen=True)
class Loaded:
    """Weights from a file, matched to a network."""

    source: Given
    report: Report
    name: str  # of the file
    preset: str | None = field(default=None)  # torchvision's entry whose preprocessing they ask for


def matched(
    tensors: Mapping[str, torch.Tensor],
    architecture: Architecture,
    baseline: Architecture,
    random: Seeded,
    name: str,
    preset: str | None = None,
) -> Loaded:
    """The tensors of a file called `name` as weights of a network and its edited version.

    Tensors go to the network as it was opened, and to layers that edits changed where they have just the shape those
    have. Raises CheckpointError when none fits, or when numbers are NaN or infinite.
    """
    then, now = _wanted(baseline), _wanted(architecture)
    prefix = _prefix(tensors, then.keys() | now.keys())
    found = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    base = {key: _checked(name, key, found[key], want) for key, want in then.items() if _fits(found, key, want)}
    fits = {key for key, want in now.items() if _fits(found, key, want)}
    wanted, fitting = (then, base.keys()) if len(base) >= len(fits) else (now, fits)
    if not any(not is_counter(key) for key in fitting):
        raise CheckpointError(_stranger(name, architecture.title, tensors, found, wanted))
    edited = {
        (node.path, node.signature): {
            part: _checked(name, path_of(node, part), found[path_of(node, part)], like)
            for part, like in _parts(node).items()
            if path_of(node, part) in fits
        }
        for node in architecture.live.values()
        if provenance(node) not in (None, "kept") and all(path_of(node, part) in fits for part in shapes(node))
    }
    report = Report(
        matched=tuple(key for key in wanted if key in fitting),
        missing=tuple(key for key in wanted if key not in found and not is_counter(key)),
        unexpected=tuple(key for key in tensors if key.removeprefix(prefix) not in then.keys() | now.keys()),
        misshapen=tuple(
            (key, tuple(found[key].shape), tuple(want.shape))
            for key, want in wanted.items()
            if key in found and key not in fitting
        ),
        prefix=prefix,
    )
    source = Given(base, random, f"Weights from {name}: {report.sentence}.", edited)
    return Loaded(source, report, name, preset)


def _parts(node: Node) -> dict[str, torch.Tensor]:
    """Storage-less tensors like those the node holds, by name."""
    if isinstance(node.op, Constant):
        return {"": node.op.tensor}
    return dict(getattr(node.op, "tensors", ()))


def _wanted(architecture: Architecture) -> dict[str, torch.Tensor]:
    return {path_of(node, name): like for node in architecture.live.values() for name, like in _parts(node).items()}


def _fits(found: Mapping[str, torch.Tensor], key: str, want: torch.Tensor) -> bool:
    return key in found and core(found[key].shape) == core(want.shape)


def _prefix(names: Iterable[str], wanted: Iterable[str]) -> str:
    """What stands before the network's names in most of the file's: "module.", "model.", or nothing."""
    known, seen = set(wanted), Counter[str]()
    for name in names:
        at = 0
        while True:
            if name[at:] in known:
                seen[name[:at]] += 1
            if (dot := name.find(".", at)) < 0:
                break
            at = dot + 1
    return min(seen, key=lambda prefix: (-seen[prefix], len(prefix)), default="")


def _checked(file: str, key: str, tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The tensor as the network holds it, in memory of its own. Only called for shapes that the network has."""
    value = tensor.detach().to(like.dtype, copy=True).reshape(like.shape).contiguous()
    if value.is_floating_point() and not bool(torch.isfinite(value).all()):
        bad = int((~torch.isfinite(value)).sum())
        raise CheckpointError(
            f"{file}: {bad:,} of the {value.numel():,} numbers of {key} are NaN or infinite. Nothing was loaded."
        )
    return value


def _stranger(
    file: str,
    title: str,
    tensors: Mapping[str, torch.Tensor],
    found: Mapping[str, torch.Tensor],
    wanted: Mapping[str, torch.Tensor],
) -> str:
    """Why a file is for another network."""
    known = [key for key in wanted if key in found and not is_counter(key)]
    if known:
        key = known[0]
        why = f"its {key} has shape {tuple(found[key].shape)}, not {tuple(wanted[key].shape)}"
    else:
        why = f"it has {next(iter(tensors))}, where this network has {next(iter(wanted), 'no weights')}"
    return f"{file} is for another network than {title}: none of its {len(tensors)} tensors fits; {why}."
