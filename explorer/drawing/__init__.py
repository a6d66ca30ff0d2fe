"""One drawing: the same QPainter functions paint the screen, PNG, SVG and PDF."""

from explorer.drawing.picture import Marks, Picture, compose
from explorer.drawing.theme import DARK, LIGHT, PRINT, Theme, named

__all__ = ["DARK", "LIGHT", "PRINT", "Marks", "Picture", "Theme", "compose", "named"]
