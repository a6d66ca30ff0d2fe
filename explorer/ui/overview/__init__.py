"""Views across networks: where each stands, which learned from which, and how to get from one to the next."""
