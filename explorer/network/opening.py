"""Opening a network of the catalogue by its key, or a module of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.calibration import build_seeded_weights
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.analysis.verification import VerifiedModule, open_verified
from explorer.base.languages import tr
from explorer.edits import Edit, History
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Constant
from explorer.graph.trace import TraceError, trace
from explorer.network.context import NetworkContext
from explorer.network.network import Network
from explorer.networks.catalogue import CatalogueEntry, get_entry, instantiate
from explorer.networks.input_spec import InputError, InputSpec, parse_inputs, single_input
from explorer.networks.user_module import UserModule
from explorer.weights import LoadedWeights, WeightSource


def open_network(
    source: str | nn.Module,
    *,
    input_shape: tuple[int, ...] | None = None,
    inputs: str | InputSpec | Iterable[str | InputSpec] = (),
    options: Mapping[str, Any] | None = None,
    edits: Iterable[Edit] = (),
    seed: int = 0,
    user_module: UserModule | None = None,
) -> Network:
    """Open a network of the catalogue by its key, or any traceable module.

        explorer.open("mobilenet_v2", options={"width_mult": 0.5})
        explorer.open(torchvision.models.resnet18(), input_shape=(1, 3, 64, 64))

    Args:
        source: a key of the catalogue (`explorer.all_entries`), or a module, which keeps its own weights.
        input_shape: (batch, channels, height, width); without one the entry's own, or (1, 3, 224, 224) for a module.
        inputs: of a module, in place of `input_shape`: what its forward takes, as `InputSpec`s or as texts such as
            "image=3x224x224:float32@photo", "tokens=[16]:int64@0..999", "mask=None". Without either, what its signature
            suggests.
        options: of the catalogue entry, such as {"width_mult": 0.5} or {"aux_heads": True}.
        edits: to make at once.
        seed: of the random weights.
        user_module: the code that builds the module, for a project file to name.

    Raises:
        UnknownNetwork: no such key; the message names the nearest.
        InputError: an input cannot be read, the forward has none of that name, or the shape lacks the batch.
        TraceError: the module's forward cannot be followed; the message says where.
        ShapeError: it does not take an input of that shape.
        EditError: one of the edits cannot be made.
    """
    if isinstance(source, nn.Module):
        specs = parse_inputs(inputs)
        if input_shape is not None and specs:
            raise InputError(tr("give either input_shape or inputs: an input of inputs has its own shape"))
        opened = open_verified(source, specs) if input_shape is None else _open_with_shape(source, input_shape)
        return network_from_verified(opened, seed=seed, user_module=user_module, edits=edits)
    if inputs:
        raise InputError(tr("inputs are of a module; a network of the catalogue takes an image: use input_shape"))
    entry = get_entry(source)
    if input_shape is not None and len(input_shape) == len(entry.input_size):
        raise InputError(_missing_batch(input_shape))
    network = _open_entry(entry, input_shape, options, seed)
    analyse(network.architecture)
    return network.edit(*edits)


def _open_with_shape(module: nn.Module, shape: tuple[int, ...]) -> VerifiedModule:
    """Open a module for one tensor of a shape, batch included, which is easily forgotten."""
    try:
        return open_verified(module, single_input(shape))
    except (TraceError, ShapeError) as failure:
        try:
            open_verified(module, single_input((1, *shape)))
        except Exception:
            raise failure from failure.__cause__
        raise InputError(_missing_batch(shape)) from failure


def _missing_batch(shape: tuple[int, ...]) -> str:
    return tr("{shape} has no batch, which input_shape begins with: give {batched}", shape=shape, batched=(1, *shape))


def network_from_verified(
    opened: VerifiedModule, *, seed: int = 0, user_module: UserModule | None = None, edits: Iterable[Edit] = ()
) -> Network:
    """Return the network of a module that was opened and compared, in this process or in another one.

    Raises ShapeError when its snapshot does not hold together, EditError for an edit that cannot be made.
    """
    architecture = opened.architecture

    def weights() -> WeightSource:
        fallback = build_seeded_weights(architecture, seed, _buffers_of(opened))
        return LoadedWeights(opened.tensors, fallback) if opened.tensors else fallback

    analyse(architecture)
    context = NetworkContext(
        None, weights, user_module=user_module, verification=opened.verification, inputs=opened.inputs
    )
    return Network(context, History(architecture)).edit(*edits)


def open_seeded(
    module: nn.Module,
    input_shape: tuple[int, ...],
    *,
    title: str,
    seed: int = 0,
    user_module: UserModule | None = None,
    edits: Iterable[Edit] = (),
) -> Network:
    """Return the network of a module that was built here, from a design: it has no weights of its own to keep, so it
    gets seeded ones, calibrated as those of the catalogue are.

    Raises as `open_network` does.
    """
    architecture = trace(module, input_shape, title=title)
    analyse(architecture)

    def weights() -> WeightSource:
        return build_seeded_weights(architecture, seed, _read_buffers(architecture, lambda: module))

    context = NetworkContext(None, weights, user_module=user_module, inputs=single_input(input_shape))
    return Network(context, History(architecture)).edit(*edits)


def _open_entry(
    entry: CatalogueEntry, shape: tuple[int, ...] | None, options: Mapping[str, Any] | None, seed: int
) -> Network:
    module = instantiate(entry, options)
    architecture = trace(module, shape or (1, *entry.input_size), title=entry.title, key=entry.key)

    def weights() -> WeightSource:
        return build_seeded_weights(
            architecture,
            seed,
            _read_buffers(architecture, lambda: instantiate(entry, options, device="cpu")),
            preset=entry.weights,
        )

    return Network(NetworkContext(entry, weights, options), History(architecture))


def _buffers_of(opened: VerifiedModule) -> dict[str, torch.Tensor]:
    module = opened.module
    if opened.tensors or module is None:
        return dict(opened.tensors)
    return _read_buffers(opened.architecture, lambda: module)  # one on the meta device


def _read_buffers(architecture: Architecture, factory: Callable[[], nn.Module]) -> dict[str, torch.Tensor]:
    """Buffers that the forward reads directly, such as Swin's position indices: a module on the meta device has
    lost them, so it is made again for real."""
    constants = [n for n in architecture.nodes.values() if isinstance(n.op, Constant)]
    paths = {n.path for n in constants if not (n.op.is_parameter or n.op.value is not None)}  # type: ignore[union-attr]
    if not paths:
        return {}
    module = factory()
    found = {path: tensor for path, tensor in module.named_buffers() if path in paths and not tensor.is_meta}
    if paths - found.keys():  # made of buffers while it was traced, such as MaxViT's position indices
        traced = trace(module, architecture.input_shape).nodes.values()
        computed = {n.path: n.op.value for n in traced if isinstance(n.op, Constant) and n.op.value is not None}
        found |= {path: computed[path] for path in paths - found.keys() if path in computed}
    return found
