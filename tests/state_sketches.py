"""Sketches of the tensors of every known network: `python -m tests.state_sketches [KEY …]` writes them to
`resources/state_sketches.json`, by which weights without code are recognised (`explorer.opening.state_sketches`).

To be run with the key of a network that is added, and without one for another version of timm or torchvision: minutes.
Networks whose names and shapes are equal are run with the same weights: one that computes what an earlier one does is
written as that one, since nobody has to tell them apart.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import nn

import explorer
from explorer.networks.by_name import build_by_name, list_own_names
from explorer.networks.catalogue import all_entries
from explorer.networks.user_module import UserModuleError
from explorer.opening.recognition import shapes_of
from explorer.opening.state_sketches import Sketch, same_as

FILE = Path(__file__).parent.parent / "resources" / "state_sketches.json"

_MOST_COMPARED = 10**8  # parameters of networks that are run


def known_sources() -> Iterator[str]:
    """Yield what can be recognised: first the keys of the catalogue, then the names that only libraries have, the
    shortest first: a port or a variant has the longer one."""
    yield from (entry.key for entry in all_entries())
    for library in ("torchvision", "timm"):
        yield from (f"{library}:{name}" for name in sorted(list_own_names(library), key=lambda name: (len(name), name)))


def sketches(sources: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each network that can be built with its sketch, or with the earlier one that computes the same."""
    earlier: dict[bytes, list[str]] = {}
    for source in sources:
        try:
            sketch = Sketch.of(shapes_of(source))
        except (UserModuleError, RuntimeError) as failure:
            print(f"{source}: {failure}")
            continue
        others = earlier.setdefault(sketch.digest, [])
        same = next((other for other in others if compute_the_same(other, source)), None)
        if same is None:
            others.append(source)
        yield source, sketch.write() if same is None else same_as(same)


@torch.inference_mode()
def compute_the_same(first: str, second: str) -> bool:
    """Whether two networks whose tensors have equal names and shapes give one output with the same weights."""
    if sum(math.prod(shape) for shape in shapes_of(first).values()) > _MOST_COMPARED:
        return False
    (here, shape), (there, _) = _build(first), _build(second)
    _draw(here)
    image = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    try:
        there.load_state_dict(here.state_dict())
        one, other = here(image), there(image)
    except (RuntimeError, AssertionError, TypeError):  # another size, another input
        return False
    if not (isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor) and one.shape == other.shape):
        return False
    return bool(one.isfinite().all()) and bool(one.std() > 0) and torch.allclose(one, other, rtol=1e-3, atol=1e-6)


def _build(source: str) -> tuple[nn.Module, tuple[int, ...]]:
    if ":" in source:
        return build_by_name(source, {})
    network = explorer.open(source)
    return network.module(), network.architecture.input_shape


def _draw(module: nn.Module) -> None:
    """Draw all tensors, so that what is zero at the beginning hides nothing."""
    torch.manual_seed(0)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            if tensor.dim() > 1:
                tensor.normal_(std=tensor[0].numel() ** -0.5)
            else:
                tensor.uniform_(0.5, 1.5)


def render(keys: list[str]) -> str:
    """Return the file's text: anew, or as it is but for some keys."""
    known = list(known_sources())
    found = json.loads(FILE.read_text(encoding="utf-8")) if keys else {}
    found.update(sketches(keys or known))
    return json.dumps({source: found[source] for source in known if source in found}, indent=0) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(sys.argv[1:]), encoding="utf-8")
    print(f"Wrote {FILE.name}")
