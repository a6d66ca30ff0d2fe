"""The code panel: the open network as Python, live."""
