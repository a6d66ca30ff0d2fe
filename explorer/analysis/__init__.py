"""Figures and outputs of a snapshot: shapes, costs, memory, receptive field, forward pass."""
