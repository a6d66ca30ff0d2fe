"""Feature maps, kernels and unit receptive fields of the selected card."""
