"""Export of diagrams and networks: the dialog and its jobs."""
