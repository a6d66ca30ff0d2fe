"""Inputs of a module that refuses the usual ones: what networks are usually made for, the likeliest first.

Nobody has to know that a network of the CIFAR days wants 32×32, or one for digits 1×28×28, to have a look at it: its
first layer says how many channels or features it takes, and of the sizes there are few.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.first_readers import Reading, find_first_readers
from explorer.networks.input_spec import InputSpec

#: Sides of square images: of CIFAR, MNIST, Tiny ImageNet, STL-10 and so on to those of the first and of large networks.
_SIDES = (32, 28, 64, 96, 128, 256, 224, 299, 227, 384, 448, 160, 48, 40, 84, 105, 16, 8, 512)
#: Images that are no squares: of lines of text, of people.
_OBLONG = ((32, 100), (32, 128), (256, 128), (128, 64))
#: Sides of the maps that a part inside of a network takes.
_INNER_SIDES = (56, 28, 14, 7, 32, 16, 8, 64)
#: Sides of frames and voxels, and how many there are of them.
_VOLUMES = ((16, 112), (8, 224), (16, 64), (32, 32), (64, 64), (16, 32))
#: Lengths of signals and texts.
_LENGTHS = (1024, 128, 512, 100, 64, 16, 16000, 784)
#: Channels of an image; a layer that takes more is inside of a network.
_MOST_IMAGE_CHANNELS = 4


def likely_inputs(module: nn.Module, specs: tuple[InputSpec, ...]) -> Iterator[tuple[InputSpec, ...]]:
    """Yield other inputs in place of images that are given by their size alone, or of the noise that an image is made
    of; none where `specs` has no such. Several inputs are each given what the layer takes that reads them first."""
    if len(specs) > 1 and (readings := find_first_readers(module)):
        yield from _joint_inputs(specs, readings)
    places = [index for index, spec in enumerate(specs) if len(spec.shape) == 4 and not (spec.dtype or spec.source)]
    places = places or [index for index, spec in enumerate(specs) if len(spec.shape) == 2 and spec.source == "noise"]
    if not places:
        return
    seen = {replace(specs[place], name="") for place in places}
    for other in _likely(module, takes_words=len(specs) == 1):
        if other not in seen:
            seen.add(other)
            yield tuple(replace(other, name=spec.name) if index in places else spec for index, spec in enumerate(specs))


def _joint_inputs(specs: tuple[InputSpec, ...], readings: dict[str, Reading]) -> Iterator[tuple[InputSpec, ...]]:
    """Inputs that go together: images of one size, and a label or a text for each embedding."""
    given = [spec.plain_value for spec in specs if spec.is_plain and spec.argument in ("H", "W")]
    tokens = math.prod(side for side in given if isinstance(side, int)) if given else 0
    has_words = any(isinstance(reading.layer, nn.Embedding) for reading in readings.values())
    is_inner = any(
        r.width > _MOST_IMAGE_CHANNELS and not r.passes & _SPREADING
        for r in readings.values()
        if isinstance(r.layer, _ConvNd)
    )
    has_unread = any(spec.argument not in readings and _is_plain_image(spec) for spec in specs)
    for channels in (3, 1) if has_unread else (3,):
        for is_other in (False, True) if has_words else (False,):
            for side in _INNER_SIDES if is_inner else (224, *_SIDES):
                common = _Common(channels, side, tokens, is_other)
                found = ((spec, _fitted(spec, readings.get(spec.argument), common)) for spec in specs)
                yield tuple(replace(fitted, name=spec.name) for spec, fitted in found)


@dataclass(frozen=True)
class _Common:
    """What several inputs have in common."""

    channels: int  # of an image that no layer is known to read
    side: int  # of all images
    tokens: int  # rows that a map is given as, 0 where it is one
    is_other: bool  # a text in place of a label, and a label in place of a text


def _is_plain_image(spec: InputSpec) -> bool:
    return len(spec.shape) == 4 and not (spec.is_plain or spec.dtype or spec.source)


def _fitted(spec: InputSpec, reading: Reading | None, common: _Common) -> InputSpec:
    """One of several inputs: what its first reader takes."""
    if spec.is_plain:
        return spec
    if reading is None:
        return InputSpec(shape=(1, common.channels, common.side, common.side)) if _is_plain_image(spec) else spec
    layer, width = reading.layer, reading.width
    if isinstance(layer, nn.Embedding):
        is_label = (spec.shape == (1,)) is not common.is_other
        return InputSpec(shape=(1,) if is_label else (1, 16), dtype="int64", source=f"0..{width - 1}")
    if common.tokens and len(spec.shape) == 4:
        return InputSpec(shape=(1, common.tokens, width))
    if isinstance(layer, nn.RNNBase):
        return InputSpec(shape=(1, 16, width))
    if isinstance(layer, nn.Linear) and _is_plain_image(spec) and reading.passes & _FLATTENING:
        return next(_of_features(width))
    if isinstance(layer, _ConvNd) and not reading.passes & _SPREADING:
        rank = len(layer.kernel_size)
        return InputSpec(shape=(1, width, *[common.side] * 2)) if rank == 2 else next(_of_channels(width, rank))
    return InputSpec(shape=(1, width))


#: How a vector is spread over a map before the two are joined, and an image made flat.
_SPREADING = frozenset({"view", "reshape", "repeat", "expand", "unsqueeze"})
_FLATTENING = frozenset({"view", "reshape", "flatten"})


def _likely(module: nn.Module, *, takes_words: bool) -> Iterator[InputSpec]:
    kinds = _FIRST_LAYERS if takes_words else _FIRST_LAYERS[1:]
    known = (part for kind in (kinds, _NORMS) for part in module.modules() if isinstance(part, kind))
    first: nn.Module | None = next(known, None)
    if isinstance(first, nn.Embedding):
        for length in reversed(_LENGTHS[:-2]):
            yield InputSpec(shape=(1, length), dtype="int64", source=f"0..{first.num_embeddings - 1}")
    elif isinstance(first, nn.RNNBase):
        yield from (InputSpec(shape=(1, length, first.input_size)) for length in (16, 128))
    elif isinstance(first, nn.Linear):
        yield from _of_features(first.in_features)
    elif isinstance(first, _ConvNd):
        yield from _of_channels(first.in_channels, len(first.kernel_size))
    elif isinstance(first, nn.LayerNorm):
        yield from _of_features(first.normalized_shape[-1])
    elif isinstance(first, (_BatchNorm, nn.GroupNorm)):
        channels = first.num_channels if isinstance(first, nn.GroupNorm) else first.num_features
        rank = 1 if isinstance(first, nn.BatchNorm1d) else 3 if isinstance(first, nn.BatchNorm3d) else 2
        yield from _of_channels(channels, rank)
    for channels in _named_channels(module) if first is None or isinstance(first, _ConvNd) else ():
        yield from _of_channels(channels, 2)
    if not isinstance(first, _ConvNd) or len(first.kernel_size) == 2:
        yield from (shape for channels in (3, 1) for shape in _of_channels(channels, 2))
    if first is None:  # such as a channel shuffle, which takes what its groups divide
        yield from _of_channels(64, 2)
        yield from (InputSpec(shape=(1, 196, features)) for features in (*_named_channels(module), 64))


def _named_channels(module: nn.Module) -> list[int]:
    """Channels that the constructor is called for by default: `def __init__(self, channel=512, groups=8)`."""
    parameters = inspect.signature(type(module).__init__).parameters.values()
    return [p.default for p in parameters if type(p.default) is int and p.default > 0 and _CHANNEL_NAMES.search(p.name)]


_CHANNEL_NAMES = re.compile("channel|in_|inp|planes|dim|width")

_FIRST_LAYERS = (nn.Embedding, nn.RNNBase, nn.Linear, _ConvNd)
_NORMS = (nn.LayerNorm, _BatchNorm, nn.GroupNorm)


def _of_features(features: int) -> Iterator[InputSpec]:
    for channels in (1, 3):  # an image that is made flat
        side = math.isqrt(features // channels)
        if channels * side**2 == features and side in _SIDES:
            yield InputSpec(shape=(1, channels, side, side))
    yield InputSpec(shape=(1, features))
    yield from (InputSpec(shape=(1, length, features)) for length in (16, 49, 64, 196))
    yield from (InputSpec(shape=(1, features, side, side)) for side in _INNER_SIDES)
    yield from (InputSpec(shape=(1, side, side, features)) for side in _INNER_SIDES)  # channels last


def _of_channels(channels: int, rank: int) -> Iterator[InputSpec]:
    if rank == 1:
        yield from (InputSpec(shape=(1, channels, length)) for length in _LENGTHS)
    elif rank == 3:
        yield from (InputSpec(shape=(1, channels, depth, side, side)) for depth, side in _VOLUMES)
    elif channels > _MOST_IMAGE_CHANNELS:
        yield from (InputSpec(shape=(1, channels, side, side)) for side in (*_INNER_SIDES, 1))
    else:
        yield from (InputSpec(shape=(1, channels, side, side)) for side in (224, *_SIDES))
        yield from (InputSpec(shape=(1, channels, *sides)) for sides in _OBLONG)
