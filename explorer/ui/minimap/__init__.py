"""The minimap over the canvas."""
