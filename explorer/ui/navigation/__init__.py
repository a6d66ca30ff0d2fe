"""Finding the way in a network: the parts that the tool `explorer.ui.navigation.tool` puts together."""
