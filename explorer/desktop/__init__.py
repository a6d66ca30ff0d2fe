"""The desktop around the app: the libraries it needs from the system, its entry in the menu, its type of file."""
