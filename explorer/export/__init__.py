"""A snapshot as files: images, tables."""
