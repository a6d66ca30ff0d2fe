"""File › New network: a design from nothing or from a template, with live figures and picture."""
