"""F6: keyboard focus from panel to panel."""
