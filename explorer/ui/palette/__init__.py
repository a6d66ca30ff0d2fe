"""Search over all that can be done and seen."""
