"""AlexNet as it was published in 2012; torchvision's `alexnet` is the one-tower network of 2014."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AlexNet(nn.Module):
    """Krizhevsky, Sutskever, Hinton, NIPS 2012, section 3.5: five convolutions, three fully connected layers.

    The two towers (one per GPU) are the two groups of conv2, conv4 and conv5; conv3 and the fully connected layers see
    both. The paper says 224 pixels, but only 227 without padding give its 55 x 55 map after conv1. Torch divides
    alpha by the window's size, so 5e-4 is the paper's 1e-4; as in Caffe, the window crosses from tower to tower.
    """

    def __init__(self, num_classes: int = 1000, groups: int = 2, dropout: float = 0.5) -> None:
        super().__init__()
        if groups < 1 or any(width % groups for width in (96, 256, 384)):
            raise ValueError(f"groups={groups} does not divide the widths 96, 256 and 384")
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, kernel_size=11, stride=4),
            nn.ReLU(inplace=True),
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(96, 256, kernel_size=5, padding=2, groups=groups),
            nn.ReLU(inplace=True),
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(256, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 384, kernel_size=3, padding=1, groups=groups),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1, groups=groups),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = torch.flatten(x, 1)
        scores: Tensor = self.classifier(x)
        return scores


def alexnet_2012(*, num_classes: int = 1000, groups: int = 2, dropout: float = 0.5) -> AlexNet:
    """Build the network of the 2012 paper; `groups=1` joins the two towers."""
    return AlexNet(num_classes=num_classes, groups=groups, dropout=dropout)
