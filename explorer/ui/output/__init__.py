"""The output panel: the sample image and the classes predicted for it."""
