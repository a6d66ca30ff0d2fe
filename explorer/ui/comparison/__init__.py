"""Two networks side by side, with the list of their differences."""
