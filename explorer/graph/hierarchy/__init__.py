"""The modules of a snapshot as nested groups: stages, blocks, fused units."""
