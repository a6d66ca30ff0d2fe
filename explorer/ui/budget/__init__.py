"""Budget lock: one of depth, width, resolution and expansion moves, another gives way; all variants that were tried."""
