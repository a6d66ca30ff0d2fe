"""Hints at the first run: a sentence where something can be done for the first time, dismissed for good."""
