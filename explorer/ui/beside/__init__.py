"""Two networks side by side: the parts that the tool `explorer.ui.tools.beside` puts together."""
