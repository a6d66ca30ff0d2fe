"""Plain frozen data that views show: diagrams and panels. Neither torch nor Qt."""
