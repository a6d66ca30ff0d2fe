"""Sources of weights: seeded, loaded from a module or a file, pretrained; and what edits keep of them."""

from explorer.weights.loaded import LoadedWeights
from explorer.weights.seeded import SeededWeights
from explorer.weights.weight_source import WeightSource

__all__ = ["LoadedWeights", "SeededWeights", "WeightSource"]
