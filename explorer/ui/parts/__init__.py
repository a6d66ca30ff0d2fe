"""Parts: layers and blocks that are put into the open network."""
