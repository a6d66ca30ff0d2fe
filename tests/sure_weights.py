"""Weights that are sure of themselves, made from those a network is opened with:

    python -m tests.sure_weights mobilenet_v2 sure.safetensors

The last layer is taught the built-in photos and crops of them (a few seconds), the rest stays as it was seeded. Not a
network that has learned to see: one whose output says something, so that an edit can be seen to change it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from explorer.analysis.sample import class_labels
from explorer.network import open_network

#: What torchvision's classes call the built-in photos, as far as they have a word for them.
WORDS = {
    "cat": "tabby",
    "coffee": "espresso",
    "rocket": "missile",
    "astronaut": "bulletproof vest",
    "motorcycle": "moped",
    "camera": "tripod",
    "coins": "buckle",
    "horse": "sorrel",
}


def sure_weights(key: str, photos: int = 8) -> dict[str, torch.Tensor]:
    """The state dict of a network of the catalogue with a last linear layer, sure of the photos in `WORDS`."""
    network = open_network(key)
    module, names = network.module().eval(), class_labels(1000)
    head = [layer for layer in module.modules() if isinstance(layer, nn.Linear)][-1]
    images = [network.preprocess(photo)[0] for photo in list(WORDS)[:photos]]
    seen = [view for image in images for view in _views(image)]
    targets = torch.tensor([names.index(word) for word in list(WORDS.values())[:photos] for _ in _views(images[0])])
    features: list[torch.Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0].detach()))
    with torch.no_grad():
        for view in seen:
            module(view)
    hook.remove()
    _teach(head, torch.cat(features), targets)
    return {name: tensor.detach().contiguous().clone() for name, tensor in module.state_dict().items()}


def make_uneven(module: nn.Module, deviation: float = 1.0) -> None:
    """Give channels log-normal scales, in place, as training does: some say much, many little.

    A filter and the batch norm behind it get the same scale, so both measures of importance tell of it; the output of
    the channel is scaled once. Deterministic.
    """
    generator = torch.Generator().manual_seed(0)
    layers = [layer for layer in module.modules() if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d))]
    with torch.no_grad():
        for conv, norm in zip(layers, [*layers[1:], None], strict=True):
            if not isinstance(conv, nn.Conv2d):
                continue
            scale = torch.exp(deviation * torch.randn(conv.out_channels, generator=generator))
            scale /= scale.square().mean().sqrt()  # the layer as a whole says as much as before
            conv.weight.mul_(scale[:, None, None, None])
            if conv.bias is not None:
                conv.bias.mul_(scale)
            if not isinstance(norm, nn.BatchNorm2d) or norm.num_features != conv.out_channels:
                continue
            if norm.running_mean is not None and norm.running_var is not None:
                norm.running_mean.mul_(scale)
                norm.running_var.mul_(scale.square())
                norm.weight.mul_(scale)
                norm.bias.mul_(scale)


def _views(image: torch.Tensor) -> list[torch.Tensor]:
    """The photo, its mirror image, and both brighter and darker."""
    return [turned + shift for turned in (image, image.flip(-1)) for shift in (0.0, -0.2, 0.2)]


def _teach(head: nn.Linear, features: torch.Tensor, targets: torch.Tensor) -> None:
    mean, size = features.mean(0), features.std() + 1e-6
    features = (features - mean) / size
    with torch.no_grad():
        head.weight.zero_()
        head.bias.zero_()
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-2)
    for _ in range(2000):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(head(features), targets)
        loss.backward()
        optimiser.step()
        if loss < 0.02:
            break
    with torch.no_grad():  # for features as the network makes them
        head.weight.div_(size)
        head.bias.sub_(head.weight @ mean)


def main(key: str, path: str) -> None:
    save_file(sure_weights(key), Path(path))


if __name__ == "__main__":
    main(*sys.argv[1:])
