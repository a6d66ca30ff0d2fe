"""What trained networks get wrong: the images that are hardest for them, and where they look there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.analysis.probes.class_activation import compute_class_activation
from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import tr
from explorer.network import Network
from explorer.training.datasets import load_dataset_cached, normalise
from explorer.training.fitting import input_shape
from explorer.training.groups import RunGroup
from explorer.training.launch import open_kept_network
from explorer.training.locked_folder import RunError
from explorer.training.run_folder import RunFolder
from explorer.training.trainer import logits

_BATCH = 128

Confusion = tuple[tuple[int, ...], ...]  # rows: the true class, columns: the likeliest


@dataclass(frozen=True, eq=False)
class Answer:
    """What one network says of an image: the likeliest class, how likely the true one is (0 to 1), and Grad-CAM of
    the true class, (height, width) of the last map; None where there is no such map."""

    predicted: int
    probability: float
    heat: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class HardImage:
    """An image to test on, 8-bit RGB (height, width, 3), its class, and what each network says of it."""

    pixels: NDArray[np.uint8]
    label: int
    answers: tuple[Answer, ...]


@dataclass(frozen=True, eq=False)
class CloserLook:
    """The networks of a training by title, as the first seed left them: what they confuse, and the hardest images."""

    titles: tuple[str, ...]
    class_names: tuple[str, ...]
    confusions: tuple[Confusion, ...]
    images: tuple[HardImage, ...]


def look_closer(
    group: RunGroup, count: int = 8, *, trusted: bool = False, keep_going: KeepGoing = always
) -> CloserLook:
    """Return what the networks of a training get wrong: the images whose true class is least likely in their mean.

    Raises RunError where there are no weights yet; Cancelled.
    """
    folders = [contestant[0] for contestant in group.contestants]
    networks = [_trained(folder, trusted) for folder in folders]
    specs = [folder.read_spec() for folder in folders]
    datasets = [load_dataset_cached(s.data, input_shape(n)) for s, n in zip(specs, networks, strict=True)]
    chances = [
        _probabilities(network, dataset.test.pixels, number / (2 * len(networks)), keep_going)
        for number, (network, dataset) in enumerate(zip(networks, datasets, strict=True))
    ]
    labels, names = datasets[0].test.labels, datasets[0].class_names
    of_truth = torch.stack([found[torch.arange(len(labels)), labels] for found in chances]).mean(0)
    hardest = of_truth.argsort()[:count].tolist()
    images = []
    for number, row in enumerate(hardest):
        label = int(labels[row])
        answers = []
        for network, dataset, found in zip(networks, datasets, chances, strict=True):
            if not keep_going(0.5 + number / (2 * len(hardest))):
                raise Cancelled
            heat = _heat(network, dataset.test.pixels[row], (specs[0].data.title, row), label)
            answers.append(Answer(int(found[row].argmax()), float(found[row, label]), heat))
        images.append(HardImage(_rgb(datasets[0].test.pixels[row]), label, tuple(answers)))
    confusions = tuple(_confusion(labels, found.argmax(1), len(names)) for found in chances)
    return CloserLook(tuple(spec.title for spec in specs), names, confusions, tuple(images))


def _trained(folder: RunFolder, trusted: bool) -> Network:
    if not folder.weights_path.exists():
        raise RunError(tr("{path} has no weights yet", path=folder.path))
    return open_kept_network(folder.network_path, trusted).load_weights(folder.weights_path)


def _probabilities(network: Network, pixels: torch.Tensor, done: float, keep_going: KeepGoing) -> torch.Tensor:
    """Of each class for each image: (images, classes)."""
    module = network.module().eval()
    parts = []
    with torch.inference_mode():
        for batch in torch.split(pixels, _BATCH):
            if not keep_going(done):
                raise Cancelled
            parts.append(logits(module(normalise(batch))).float().softmax(1))
    return torch.cat(parts)


def _heat(network: Network, pixels: torch.Tensor, key: tuple[str, int], label: int) -> NDArray[np.float32] | None:
    context = network.context
    tensor = normalise(pixels[None])
    image_key = ("test", *key, tuple(tensor.shape))
    probe = Probe(network.architecture, network.weights, tensor, image_key, context.forward, context.lock)
    try:
        return compute_class_activation(probe, label).heat
    except NotAvailable:
        return None


def _rgb(pixels: torch.Tensor) -> NDArray[np.uint8]:
    coloured = pixels if len(pixels) == 3 else pixels[:1].expand(3, -1, -1)
    found: NDArray[np.uint8] = coloured.permute(1, 2, 0).contiguous().numpy()
    return found


def _confusion(labels: torch.Tensor, predicted: torch.Tensor, count: int) -> Confusion:
    table = torch.bincount(labels * count + predicted, minlength=count**2).view(count, count)
    return tuple(tuple(row) for row in table.tolist())


def most_confused(confusion: Sequence[Sequence[int]], count: int = 3) -> list[tuple[int, int, int]]:
    """Return the pairs that are taken for each other most often: true class, likeliest class, number of images."""
    pairs = [
        (truth, said, images)
        for truth, row in enumerate(confusion)
        for said, images in enumerate(row)
        if said != truth and images
    ]
    return sorted(pairs, key=lambda pair: -pair[2])[:count]
