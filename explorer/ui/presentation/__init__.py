"""Room for the diagram: panels that fold away together, the full screen, and the presentation view."""
