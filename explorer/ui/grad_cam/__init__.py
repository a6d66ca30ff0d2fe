"""Grad-CAM: where the network looks for a class."""
