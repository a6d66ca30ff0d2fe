"""Loading weights and the report on a checkpoint."""
