"""Two networks side by side: the parts that the tool `explorer.ui.comparison.tool` puts together."""
