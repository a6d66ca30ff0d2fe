"""How an op computes: the window slides, patch × kernel = value, on the network's own numbers."""
