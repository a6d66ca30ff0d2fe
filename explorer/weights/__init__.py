"""Where each layer's numbers come from."""
