"""The forward pass: runs the ops that an edit changed, and keeps values within a number of bytes."""
