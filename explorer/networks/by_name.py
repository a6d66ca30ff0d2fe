"""Networks by name from libraries that are installed: `timm:convnext_atto`, `torchvision:resnet18`."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

from explorer.base.languages import join_list, tr
from explorer.networks.user_module import UserModuleError

if TYPE_CHECKING:
    from torch import nn

#: The libraries, and how many weights are drawn at random: none is downloaded.
LIBRARIES = ("timm", "torchvision")


#: Of a clip, as torchvision's networks for video are trained: mvit and swin3d take no other number.
_FRAMES = 16

#: In the place of a library: networks that `explorer.design` makes of plain values.
DESIGNS = "design"


def is_library_name(text: str) -> bool:
    """Return whether a text names a network of a library, "timm:convnext_atto", or a design, "design:lenet_5"."""
    library, colon, name = text.partition(":")
    return bool(colon and name) and library in (*LIBRARIES, DESIGNS)


def is_installed(library: str) -> bool:
    """Return whether a library is there. It is not imported."""
    return importlib.util.find_spec(library) is not None


@cache
def list_names(library: str) -> tuple[str, ...]:
    """Return all names of a library that is installed, sorted; none of one that is not. Imports it: seconds."""
    if not is_installed(library):
        return ()
    if library == "timm":
        import timm

        return tuple(sorted(timm.list_models()))
    from torchvision import models

    return tuple(sorted(models.list_models()))


def list_own_names(library: str) -> tuple[str, ...]:
    """Return the names of a library that are not keys of the catalogue, where these networks are torchvision's."""
    from explorer.networks.catalogue import all_entries

    keys = {entry.key for entry in all_entries()} if library == "torchvision" else set[str]()
    # What torchvision offers as "quantized_…" is the same network until it is quantised.
    return tuple(name for name in list_names(library) if name.removeprefix("quantized_") not in keys)


def build_by_name(text: str, arguments: dict[str, Any]) -> tuple[nn.Module, tuple[int, ...]]:
    """Return a module by its name, with random weights, always the same, and the shape of its input.

    Raises UserModuleError for a library that is not installed, an unknown name (with the nearest ones), or arguments
    that it does not take.
    """
    import torch

    library, _, name = text.partition(":")
    if not is_installed(library):
        raise UserModuleError(
            tr("{text} needs the package {library}: pip install {library}", text=text, library=library)
        )
    if name not in list_names(library):
        near = difflib.get_close_matches(name, list_names(library), n=3, cutoff=0.5)
        hint = tr("; did you mean {names}?", names=join_list(near)) if near else ""
        raise UserModuleError(tr("{library} has no network {name!r}{hint}", library=library, name=name, hint=hint))
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return _build(library, name, arguments)
    except (TypeError, ValueError, RuntimeError, KeyError, AssertionError) as failure:
        raise UserModuleError(tr("{text} cannot be built: {reason}", text=text, reason=failure)) from failure


def _build(library: str, name: str, arguments: dict[str, Any]) -> tuple[nn.Module, tuple[int, ...]]:
    if library == "timm":
        import timm

        module: nn.Module = timm.create_model(name, pretrained=False, **arguments)
        size = getattr(module, "default_cfg", {}).get("input_size", (3, 224, 224))
        return module.eval(), (1, *size)
    from torchvision import models

    backbone: dict[str, Any] = {"weights_backbone": None} if "weights_backbone" in _parameters_of(name) else {}
    found: nn.Module = models.get_model(name, weights=None, **backbone, **arguments)
    return found.eval(), _torchvision_shape(name)


def _parameters_of(name: str) -> set[str]:
    from torchvision import models

    return set(inspect.signature(models.get_model_builder(name)).parameters)


def _torchvision_shape(name: str) -> tuple[int, ...]:
    from torchvision import models

    frames = (_FRAMES,) if name in models.list_models(module=models.video) else ()
    for weights in models.get_model_weights(name):
        smallest = weights.meta.get("min_size", (1, 1))
        crop = getattr(weights.transforms(), "crop_size", None)
        if crop:
            side = max(crop[0] if isinstance(crop, (list, tuple)) else crop, *smallest)
            return (1, 3, *frames, int(side), int(side))
    return (1, 3, *frames, 224, 224)
