"""Opening a module of the user's own."""
