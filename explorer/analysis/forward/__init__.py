"""The forward pass: runs what changed, remembers values under a byte budget."""
