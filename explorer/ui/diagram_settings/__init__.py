"""Settings of the diagram: colours, direction, animation."""
