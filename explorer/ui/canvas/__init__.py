"""The canvas: shows the diagram, zooms, pans, selects, animates."""
