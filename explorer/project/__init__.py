"""Project files, opening them, the user's own code, and evaluation on a folder of images."""
