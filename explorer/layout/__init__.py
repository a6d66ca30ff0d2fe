"""Layout of a nested graph: positions of cards and open groups, routes of links. Pure functions: no torch, no Qt."""

from explorer.layout.arrange import arrange
from explorer.layout.fit import Fit, arrange_to_fit
from explorer.layout.geometry import Box, Geometry, Point, Route, Spacing
from explorer.viewmodels.diagram import Direction

__all__ = ["Box", "Direction", "Fit", "Geometry", "Point", "Route", "Spacing", "arrange", "arrange_to_fit"]
