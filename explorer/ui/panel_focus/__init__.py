"""Keyboard focus from panel to panel (F6)."""
