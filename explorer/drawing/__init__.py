"""One drawing: the same QPainter functions paint the screen, PNG, SVG and PDF."""

from explorer.drawing.picture import Marks, Picture, compose_picture
from explorer.drawing.theme import DARK, LIGHT, PRINT, Theme, get_theme

__all__ = ["DARK", "LIGHT", "PRINT", "Marks", "Picture", "Theme", "compose_picture", "get_theme"]
