"""The preferences: what the tools have declared, in one dialog."""
