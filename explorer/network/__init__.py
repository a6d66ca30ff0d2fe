"""`Network`: a snapshot with its history and weights, the object that the Python API and the window work with."""

from explorer.network.context import NetworkContext
from explorer.network.network import Network
from explorer.network.opening import network_from_verified, open_network, open_seeded
from explorer.network.prediction import Prediction

__all__ = ["Network", "NetworkContext", "Prediction", "network_from_verified", "open_network", "open_seeded"]
