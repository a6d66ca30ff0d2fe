"""Training the open network and its baseline side by side."""
