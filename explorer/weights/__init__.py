"""Where each layer's numbers come from."""

from explorer.weights.loaded import LoadedWeights
from explorer.weights.seeded import SeededWeights
from explorer.weights.weight_source import WeightSource

__all__ = ["LoadedWeights", "SeededWeights", "WeightSource"]
