"""Weights without code: which architecture a state dict belongs to, by its names and shapes.

Names and shapes do not say what is computed: EfficientNet-B0 of timm and its port from TensorFlow, which pads in
another way, have the same. So what fits as well is said with what is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import join_list, tr
from explorer.networks.by_name import build_by_name, is_installed, list_names
from explorer.networks.user_module import UserModuleError
from explorer.opening.state_sketches import Shapes, find_alike, find_similar, recognisable_names

if TYPE_CHECKING:
    import torch
    from torch import nn

_ENOUGH = 0.9  # part of the names and shapes that have to agree for a network to be offered
_MOST_BUILT = 24  # of the networks whose tensors are similar
_MAX_CONFIG_BYTES = 2**20
_COUNTER = "num_batches_tracked"  # of batch norm, which files of before torch 0.4.1 lack


@dataclass(frozen=True)
class Recognised:
    """An architecture that weights fit: a key of the catalogue, or "timm:name"."""

    source: str
    fit: float  # part of the tensors of both that agree
    alike: tuple[str, ...] = ()  # others that they fit as well, where nothing but names and shapes speaks for this one


def recognise_weights(
    tensors: Mapping[str, torch.Tensor], path: str | Path, keep_going: KeepGoing = always
) -> Recognised | None:
    """Return the architecture of the catalogue, timm or torchvision that fits best, None where none fits well.

    Looked at first: what a `config.json` beside the file names, then what the file is called, then networks with
    similar tensors, the most similar first. Raises Cancelled.
    """
    shapes = _plain({name: tuple(tensor.shape) for name, tensor in tensors.items()})
    best: Recognised | None = None
    named = (*_sources_in_config(Path(path)), *_sources_like(Path(path)))
    for source in dict.fromkeys((*filter(_is_there, named), *_similar(shapes))):
        if not keep_going(0.0):
            raise Cancelled
        try:
            network = shapes_of(source)
        except UserModuleError:  # another version of the library than the sketch is of
            continue
        alike = () if source in named else tuple(filter(_is_there, find_alike(source)))
        found = Recognised(source, _fit(shapes, network), alike)
        if found.fit == 1.0 or _has_other_head(shapes, network):
            return found
        if found.fit >= _ENOUGH and (best is None or found.fit > best.fit):
            best = found
    return best


def describe_alike(alike: tuple[str, ...]) -> str:
    """Say which other networks weights fit as well; empty where there are none."""
    if not alike:
        return ""
    return tr(
        "These weights fit {others} as well: names and shapes do not say which of them was trained.",
        others=join_list(alike),
    )


def _similar(shapes: Shapes) -> Iterator[str]:
    """Networks whose sketch is similar, and those of the catalogue that have none."""
    from explorer.networks.catalogue import all_entries

    yield from islice(filter(_is_there, find_similar(shapes)), _MOST_BUILT)
    yield from (entry.key for entry in all_entries() if entry.key not in recognisable_names())


def _is_there(source: str) -> bool:
    """Whether a network is of the catalogue, or of a library that is installed and still has it."""
    library, colon, name = source.rpartition(":")
    return not colon or (is_installed(library) and name in list_names(library))


def _sources_in_config(path: Path) -> list[str]:
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
    return [f"timm:{name}" for name in names if isinstance(name, str)]


def _sources_like(path: Path) -> list[str]:
    """Networks whose name the file's name begins with, the longest first: "convnext_atto_d2-01bb0f51.pth"."""
    stem = re.sub(r"[^a-z0-9]+", "_", path.stem.lower())
    names = {source: source.rpartition(":")[2] for source in recognisable_names()}
    found = [source for source, name in names.items() if stem == name or stem.startswith(f"{name}_")]
    return sorted(found, key=lambda source: -len(names[source]))[:4]


def _fit(shapes: Shapes, network: Shapes) -> float:
    """Part of the tensors of both that agree: a file with half a network, or more than it, is of another."""
    same = sum(shapes.get(name) == shape for name, shape in network.items())
    return same / max(len(network), len(shapes), 1)


def _has_other_head(shapes: Shapes, network: Shapes) -> bool:
    """Whether one layer alone has another shape: the classifier of what was trained on other classes."""
    if shapes.keys() != network.keys():
        return False
    layers = {name.rpartition(".")[0] for name, shape in network.items() if shapes[name] != shape}
    return len(layers) == 1


@cache
def shapes_of(source: str) -> Shapes:
    """Return the names and shapes of the tensors of a key or name. Raises UserModuleError where it cannot be built."""
    import torch

    with torch.device("meta"):
        try:
            return _state_shapes(_build(source))
        except (RuntimeError, NotImplementedError, TypeError, UserModuleError):
            pass
    return _state_shapes(_build(source))


def _build(source: str) -> nn.Module:
    from explorer.networks.catalogue import get_entry, instantiate

    return build_by_name(source, {})[0] if ":" in source else instantiate(get_entry(source))


def _state_shapes(module: nn.Module) -> Shapes:
    """Return the names and shapes of a module's state dict, as files of weights are compared with them."""
    state: Mapping[str, Any] = module.state_dict()
    return _plain({name: tuple(tensor.shape) for name, tensor in state.items()})


def _plain(shapes: Shapes) -> Shapes:
    """Tensors without counters, and without what DataParallel, compile and trainers put before all names."""
    names = {name: _without_wrapper(name) for name in shapes if not name.endswith(_COUNTER)}
    while len({name.partition(".")[0] for name in names.values()}) == 1 and all("." in name for name in names.values()):
        names = {name: plain.partition(".")[2] for name, plain in names.items()}
    return {plain: shapes[name] for name, plain in names.items()}


def _without_wrapper(name: str) -> str:
    return re.sub(r"^(?:(?:module|_orig_mod|model|network|net|ema)\.)+", "", name)
