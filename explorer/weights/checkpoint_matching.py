"""Matching the tensors of a checkpoint to layers, by name and shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

import torch

from explorer.base.languages import join_clauses, join_list, tr, tr_noop
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.to_module import module_paths
from explorer.weights.checkpoint import CheckpointError
from explorer.weights.loaded import LoadedWeights, is_batch_counter, state_dict_key
from explorer.weights.provenance import infer_provenance, like_tensors, tensor_shapes
from explorer.weights.seeded import SeededWeights
from explorer.weights.weight_transfer import strip_unit_kernel

TensorShape = tuple[int, ...]


@dataclass(frozen=True)
class MatchReport:
    """Names of matched and unmatched tensors: as the network names them, `unexpected` as the file does."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched_shapes: tuple[tuple[str, TensorShape, TensorShape], ...]  # name, shape in the file, shape in the network
    prefix: str = ""  # what was taken off the file's names: "module."

    @property
    def is_complete(self) -> bool:
        """Whether every tensor of the network was found with its shape."""
        return not (self.missing or self.mismatched_shapes)

    @property
    def summary(self) -> str:
        """One sentence: "160 of 161 tensors fit; 1 missing, 2 not used"."""
        total = len(self.matched) + len(self.missing) + len(self.mismatched_shapes)
        parts = [
            tr(text, count=len(found))
            for found, text in (
                (self.missing, tr_noop("{count} missing")),
                (self.mismatched_shapes, tr_noop("{count} of another shape")),
                (self.unexpected, tr_noop("{count} not used")),
            )
            if found
        ]
        fit = (
            tr("all {total} tensors fit", total=total)
            if self.is_complete
            else tr("{count} of {total} tensors fit", count=len(self.matched), total=total)
        )
        return join_clauses((fit, join_list(parts)))


@dataclass(frozen=True)
class MatchedCheckpoint:
    """Weights of a checkpoint, matched to a network."""

    source: LoadedWeights
    report: MatchReport
    name: str  # of the file, or what they are called
    preset: str | None = field(default=None)  # torchvision's entry whose preprocessing they ask for
    path: str = ""  # of the file; "" where they come from none
    edit_count: int = 0  # edits of the network that were in force when they were matched
    alike: tuple[str, ...] = ()  # other networks that they may be of, where the network was found by names and shapes


def match_checkpoint(
    tensors: Mapping[str, torch.Tensor],
    architecture: Architecture,
    baseline: Architecture,
    seeded: SeededWeights,
    name: str,
    preset: str | None = None,
) -> MatchedCheckpoint:
    """Match the tensors of a file called `name` to a network and its edited version.

    Tensors go to the network as it was opened, and to edited layers whose shapes they have exactly. Raises
    CheckpointError when none fits, or when some are NaN or infinite.
    """
    renamed = _under_their_paths(tensors, architecture)
    is_of_edited, tensors = renamed.keys() != tensors.keys(), renamed
    baseline_tensors, edited_tensors = _expected_tensors(baseline), _expected_tensors(architecture)
    prefix = _find_prefix(tensors, baseline_tensors.keys() | edited_tensors.keys())
    stripped = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    fitting_baseline = {
        key: _copy_checked(name, key, stripped[key], want)
        for key, want in baseline_tensors.items()
        if _has_shape(stripped, key, want)
    }
    fitting_edited = {key for key, want in edited_tensors.items() if _has_shape(stripped, key, want)}
    expected, fitting = (
        (baseline_tensors, fitting_baseline.keys())
        if len(fitting_baseline) >= len(fitting_edited) and not is_of_edited
        else (edited_tensors, fitting_edited)
    )
    if not any(not is_batch_counter(key) for key in fitting):
        raise CheckpointError(_explain_mismatch(name, architecture.title, tensors, stripped, expected))
    edited = {
        (node.path, node.signature): _copy_tensors(name, node, {key: stripped[key] for key in fitting_edited})
        for node in _find_edited_layers(architecture, fitting_edited, is_edited_file=expected is edited_tensors)
    }
    known = baseline_tensors.keys() | edited_tensors.keys()
    report = MatchReport(
        matched=tuple(key for key in expected if key in fitting),
        missing=tuple(key for key in expected if key not in stripped and not is_batch_counter(key)),
        unexpected=tuple(key for key in tensors if key.removeprefix(prefix) not in known),
        mismatched_shapes=tuple(
            (key, tuple(stripped[key].shape), tuple(want.shape))
            for key, want in expected.items()
            if key in stripped and key not in fitting
        ),
        prefix=prefix,
    )
    source = LoadedWeights(
        fitting_baseline, seeded, tr("Weights from {name}: {summary}.", name=name, summary=report.summary), edited
    )
    return MatchedCheckpoint(source, report, name, preset)


def _under_their_paths(tensors: Mapping[str, torch.Tensor], architecture: Architecture) -> Mapping[str, torch.Tensor]:
    """The tensors of a file with copies, and layers that an edit put into another block, under their path here: a file
    that has any of these is of the edited network."""
    made = module_paths(architecture)
    homes = {
        made[name]: node.path
        for name, node in architecture.live.items()
        if made.get(name, node.path) != node.path and (node.home or "~" in node.path)
    }
    if not homes:
        return tensors
    owners = ((key, *key.rpartition(".")[::2]) for key in tensors)
    return {
        f"{homes[owner]}.{name}" if owner in homes else homes.get(key, key): tensors[key] for key, owner, name in owners
    }


def _find_edited_layers(architecture: Architecture, fitting: Set[str], is_edited_file: bool) -> Iterator[Node]:
    """Yield the layers that an edit changed and that the file has whole, as they are now: by their shapes, or because
    the file is of the edited network."""
    for node in architecture.live.values():
        if infer_provenance(node) in (None, "kept"):
            continue
        is_whole = all(state_dict_key(node, part) in fitting for part in tensor_shapes(node))
        if is_whole and (is_edited_file or tensor_shapes(node) != tensor_shapes(node.original or node)):
            yield node


def _copy_tensors(name: str, node: Node, fitting: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Copy the tensors of one edited layer that fit it. Raises CheckpointError as `_copy_checked` does."""
    return {
        part: _copy_checked(name, state_dict_key(node, part), fitting[state_dict_key(node, part)], like)
        for part, like in like_tensors(node).items()
        if state_dict_key(node, part) in fitting
    }


def _expected_tensors(architecture: Architecture) -> dict[str, torch.Tensor]:
    return {
        state_dict_key(node, name): like
        for node in architecture.live.values()
        for name, like in like_tensors(node).items()
    }


def _has_shape(found: Mapping[str, torch.Tensor], key: str, want: torch.Tensor) -> bool:
    return key in found and strip_unit_kernel(found[key].shape) == strip_unit_kernel(want.shape)


def _find_prefix(names: Iterable[str], expected_names: Iterable[str]) -> str:
    """Return what precedes the network's names in most of the file's: "module.", "model.", or nothing."""
    expected, counts = set(expected_names), Counter[str]()
    for name in names:
        at = 0
        while True:
            if name[at:] in expected:
                counts[name[:at]] += 1
            if (dot := name.find(".", at)) < 0:
                break
            at = dot + 1
    return min(counts, key=lambda prefix: (-counts[prefix], len(prefix)), default="")


def _copy_checked(file: str, key: str, tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return a copy with the network's shape and dtype. Raises CheckpointError for NaN, infinity, or another kind of
    numbers: complex ones would lose their imaginary part, quantized ones their scale."""
    if tensor.is_complex() != like.is_complex() or (like.is_floating_point() and not tensor.is_floating_point()):
        raise CheckpointError(
            tr(
                "{file}: the numbers of {key} are {dtype}, where the network has {other}. Nothing was loaded.",
                file=file,
                key=key,
                dtype=_dtype_name(tensor),
                other=_dtype_name(like),
            )
        )
    value = tensor.detach().to(like.dtype, copy=True).reshape(like.shape).contiguous()
    if value.is_floating_point() and not bool(torch.isfinite(value).all()):
        bad = int((~torch.isfinite(value)).sum())
        raise CheckpointError(
            tr(
                "{file}: {bad:,} of the {count:,} numbers of {key} are NaN or infinite. Nothing was loaded.",
                file=file,
                bad=bad,
                count=value.numel(),
                key=key,
            )
        )
    return value


def _dtype_name(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _explain_mismatch(
    file: str,
    title: str,
    tensors: Mapping[str, torch.Tensor],
    found: Mapping[str, torch.Tensor],
    wanted: Mapping[str, torch.Tensor],
) -> str:
    """Return why a checkpoint is for another network."""
    known = [key for key in wanted if key in found and not is_batch_counter(key)]
    if known:
        key = known[0]
        why = tr(
            "its {key} has shape {shape}, not {other}",
            key=key,
            shape=tuple(found[key].shape),
            other=tuple(wanted[key].shape),
        )
    else:
        why = tr(
            "it has {name}, where this network has {other}",
            name=next(iter(tensors)),
            other=next(iter(wanted), tr("no weights")),
        )
    return tr(
        "{file} is for another network than {title}: none of its {count} tensors fits; {why}.",
        file=file,
        title=title,
        count=len(tensors),
        why=why,
    )
