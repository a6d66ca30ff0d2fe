"""Choice of the user's language."""
