"""Guided tours in the window: a card over the canvas, a spotlight on the diagram, a list to choose from."""
