"""Unsaved work of an app that was killed: offered at the next start."""
