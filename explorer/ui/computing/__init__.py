"""Where networks run, and what is remembered of it."""
