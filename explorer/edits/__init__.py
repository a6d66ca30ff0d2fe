"""Changes as plain data: each edit turns one snapshot into the next."""
