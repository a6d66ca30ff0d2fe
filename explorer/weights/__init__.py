"""Where each layer's numbers come from."""

from explorer.weights.given import Given
from explorer.weights.seeded import Seeded
from explorer.weights.source import Source

__all__ = ["Given", "Seeded", "Source"]
