"""The library: networks of the catalogue with a filter."""
