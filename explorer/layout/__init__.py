"""Where cards, open groups and links of a nested graph go. Pure functions: no torch, no Qt."""

from explorer.layout.arrange import arrange
from explorer.layout.geometry import Box, Geometry, Point, Route, Spacing
from explorer.viewmodels.diagram import Direction

__all__ = ["Box", "Direction", "Geometry", "Point", "Route", "Spacing", "arrange"]
