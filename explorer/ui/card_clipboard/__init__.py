"""Cards on the clipboard: as a picture in pixels, as SVG, and as text."""
