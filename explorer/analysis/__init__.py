"""Read-only views of a snapshot: figures from shapes, forward passes, and probes of what the layers compute."""
