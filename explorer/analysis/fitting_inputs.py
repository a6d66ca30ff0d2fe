"""Inputs of a module that refuses the usual ones: what networks are usually made for, the likeliest first.

Nobody has to know that a network of the CIFAR days wants 32×32, or one for digits 1×28×28, to have a look at it: its
first layer says how many channels or features it takes, and of the sizes there are few.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator
from dataclasses import replace

from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.networks.input_spec import InputSpec

#: Sides of square images: of CIFAR, MNIST, Tiny ImageNet, STL-10 and so on to those of the first and of large networks.
_SIDES = (32, 28, 64, 96, 128, 256, 224, 299, 227, 160, 48, 40, 84, 105, 16, 8, 512)
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
    of; none where `specs` has no such."""
    places = [index for index, spec in enumerate(specs) if len(spec.shape) == 4 and not (spec.dtype or spec.source)]
    places = places or [index for index, spec in enumerate(specs) if len(spec.shape) == 2 and spec.source == "noise"]
    if not places:
        return
    seen = {replace(specs[place], name="") for place in places}
    for other in _likely(module, takes_words=len(specs) == 1):
        if other not in seen:
            seen.add(other)
            yield tuple(replace(other, name=spec.name) if index in places else spec for index, spec in enumerate(specs))


def _likely(module: nn.Module, *, takes_words: bool) -> Iterator[InputSpec]:
    kinds = _FIRST_LAYERS if takes_words else _FIRST_LAYERS[1:]
    first = next((part for part in module.modules() if isinstance(part, kinds)), None)
    if isinstance(first, nn.Embedding):
        for length in reversed(_LENGTHS[:-2]):
            yield InputSpec(shape=(1, length), dtype="int64", source=f"0..{first.num_embeddings - 1}")
    elif isinstance(first, nn.RNNBase):
        yield from (InputSpec(shape=(1, length, first.input_size)) for length in (16, 128))
    elif isinstance(first, nn.Linear):
        yield from _of_features(first.in_features)
    elif isinstance(first, _ConvNd):
        yield from _of_channels(first.in_channels, len(first.kernel_size))
    for channels in _named_channels(module) if first is None or isinstance(first, _ConvNd) else ():
        yield from _of_channels(channels, 2)
    if not isinstance(first, _ConvNd) or len(first.kernel_size) == 2:
        yield from (shape for channels in (3, 1) for shape in _of_channels(channels, 2))
    if first is None:  # such as a channel shuffle, which takes what its groups divide
        yield from _of_channels(64, 2)


def _named_channels(module: nn.Module) -> list[int]:
    """Channels that the constructor is called for by default: `def __init__(self, channel=512, groups=8)`."""
    parameters = inspect.signature(type(module).__init__).parameters.values()
    return [p.default for p in parameters if type(p.default) is int and p.default > 0 and _CHANNEL_NAMES.search(p.name)]


_CHANNEL_NAMES = re.compile("channel|in_|inp|planes|dim|width")

_FIRST_LAYERS = (nn.Embedding, nn.RNNBase, nn.Linear, _ConvNd)


def _of_features(features: int) -> Iterator[InputSpec]:
    for channels in (1, 3):  # an image that is made flat
        side = math.isqrt(features // channels)
        if channels * side**2 == features and side in _SIDES:
            yield InputSpec(shape=(1, channels, side, side))
    yield InputSpec(shape=(1, features))
    yield from (InputSpec(shape=(1, length, features)) for length in (16, 49, 64, 196))
    yield from (InputSpec(shape=(1, features, side, side)) for side in _INNER_SIDES)


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
