"""The experiments window: list, controls, pictures and report."""
