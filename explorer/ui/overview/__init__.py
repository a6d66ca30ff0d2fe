"""Views of all networks: accuracy and cost, family tree, table, lineages."""
