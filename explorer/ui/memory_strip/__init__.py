"""Memory of a pass, step by step: which maps are alive, and where the peak is."""
