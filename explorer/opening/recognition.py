"""Weights without code: which architecture a state dict belongs to, by its names and shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.networks.by_name import is_installed, list_names

if TYPE_CHECKING:
    import torch
    from torch import nn

    from explorer.networks.catalogue import CatalogueEntry

_Shapes = Mapping[str, tuple[int, ...]]

_ENOUGH = 0.9  # part of the names and shapes that have to agree for a network to be offered
_MAX_CONFIG_BYTES = 2**20
_NO_PARAMETERS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True)
class Recognised:
    """An architecture that weights fit: a key of the catalogue, or "timm:name"."""

    source: str
    fit: float  # part of the network's tensors that the file has with their shapes


def recognise_weights(
    tensors: Mapping[str, torch.Tensor], path: str | Path, keep_going: KeepGoing = always
) -> Recognised | None:
    """Return the architecture of the catalogue or of timm that fits best, None where none fits well.

    Looked at first: what a `config.json` beside the file names, then what the file is called, then networks of the
    catalogue with as many parameters, then all of them. Raises Cancelled.
    """
    shapes = {_without_wrapper(name): tuple(tensor.shape) for name, tensor in tensors.items()}
    best: Recognised | None = None
    tried: set[str] = set()
    for source, build in _candidates(shapes, Path(path)):
        if not keep_going(0.0):
            raise Cancelled
        if source in tried:
            continue
        tried.add(source)
        network = build()
        fit = _fit(shapes, network)
        if fit == 1.0 or _has_other_head(shapes, network):
            return Recognised(source, fit)
        if fit >= _ENOUGH and (best is None or fit > best.fit):
            best = Recognised(source, fit)
    return best


def _candidates(shapes: _Shapes, path: Path) -> Iterator[tuple[str, Callable[[], _Shapes]]]:
    from explorer.networks.catalogue import all_entries

    names = [*_names_in_config(path), *_names_like(path)]
    for name in names:
        yield f"timm:{name}", lambda name=name: _shapes_of_timm(name)  # type: ignore[misc]
    params = sum(_count(shape) for name, shape in shapes.items() if not name.endswith(_NO_PARAMETERS))
    for entry in sorted(all_entries(), key=lambda entry: abs(entry.params - params)):
        yield entry.key, lambda entry=entry: _shapes_of_entry(entry)  # type: ignore[misc]


def _names_in_config(path: Path) -> list[str]:
    """What the config.json of timm and Hugging Face beside the file calls the architecture."""
    config = path.with_name("config.json")
    try:
        if config.stat().st_size > _MAX_CONFIG_BYTES:
            return []
        said = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    held = said if isinstance(said, dict) else {}
    inner = held.get("pretrained_cfg")
    names = [held.get("architecture"), inner.get("architecture") if isinstance(inner, dict) else None]
    return [name for name in names if isinstance(name, str) and _is_timm(name)]


def _names_like(path: Path) -> list[str]:
    """Names of timm that a file's name begins with, longest first: "convnext_atto_d2-01bb0f51.pth"."""
    if not is_installed("timm"):
        return []
    stem = re.sub(r"[^a-z0-9]+", "_", path.stem.lower())
    found = [name for name in list_names("timm") if stem == name or stem.startswith(f"{name}_")]
    return sorted(found, key=len, reverse=True)[:3]


def _is_timm(name: str) -> bool:
    return is_installed("timm") and name in list_names("timm")


def _fit(shapes: _Shapes, network: _Shapes) -> float:
    """Part of the tensors of both that agree: a file with half a network, or more than it, is of another."""
    same = sum(shapes.get(name) == shape for name, shape in network.items())
    return same / max(len(network), len(shapes), 1)


def _has_other_head(shapes: _Shapes, network: _Shapes) -> bool:
    """Whether one layer alone has another shape: the classifier of what was trained on other classes."""
    if shapes.keys() != network.keys():
        return False
    layers = {name.rpartition(".")[0] for name, shape in network.items() if shapes[name] != shape}
    return len(layers) == 1


@cache
def _shapes_of_entry(entry: CatalogueEntry) -> _Shapes:
    from explorer.networks.catalogue import instantiate

    return _shapes_of(instantiate(entry))


@cache
def _shapes_of_timm(name: str) -> _Shapes:
    import timm
    import torch

    with torch.device("meta"):
        try:
            return _shapes_of(timm.create_model(name, pretrained=False))
        except (RuntimeError, NotImplementedError, TypeError):
            pass
    return _shapes_of(timm.create_model(name, pretrained=False))


def _shapes_of(module: nn.Module) -> _Shapes:
    state: Mapping[str, Any] = module.state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _without_wrapper(name: str) -> str:
    """A name without what DataParallel, compile and trainers put before it."""
    return re.sub(r"^(?:(?:module|_orig_mod|model|network|net|ema)\.)+", "", name)


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count
