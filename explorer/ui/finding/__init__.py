"""Finding the way in a network: the parts that the tool `explorer.ui.tools.finding` puts together."""
