"""Networks that are shown a tensor instead of a photo, for values one can know beforehand."""

from __future__ import annotations

import torch

from explorer.analysis.showing import Showing
from explorer.network import Network


def shown(network: Network, image: torch.Tensor) -> Showing:
    """The network while it is shown an image that is ready for it."""
    origin = network.origin
    return Showing(network.architecture, origin.weights, image, id(image), origin.forward, origin.lock)
