"""Where each layer's numbers come from."""

from explorer.weights.given import LoadedWeights
from explorer.weights.seeded import SeededWeights
from explorer.weights.source import WeightSource

__all__ = ["LoadedWeights", "SeededWeights", "WeightSource"]
