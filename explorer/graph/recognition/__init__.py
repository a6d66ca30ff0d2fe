"""Block patterns recognised in the graph by structure, never by class name."""
