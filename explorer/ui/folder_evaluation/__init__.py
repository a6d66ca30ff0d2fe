"""Predictions on a folder of images before and after the edits."""
