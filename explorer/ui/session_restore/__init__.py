"""What was open at the end, opened again at the next start."""
