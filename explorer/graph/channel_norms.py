"""Layer norm over the channels of each place, where these come first: of maps torchvision's, of signals ours.

Source: Ba et al., "Layer normalization", 2016; so used by Liu et al., "A ConvNet for the 2020s", 2022.
"""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models.convnext import LayerNorm2d


class LayerNorm1d(nn.LayerNorm):
    """Layer norm over the channels of each place of a signal (batch, channels, length). Exported files contain this
    source as it is."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the channels of each place."""
        x = nn.functional.layer_norm(x.transpose(1, 2), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.transpose(1, 2)


#: Layer norms whose channels come before the places.
CHANNEL_LAYER_NORMS: tuple[type[nn.LayerNorm], ...] = (LayerNorm2d, LayerNorm1d)
