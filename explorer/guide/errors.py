"""Errors in the texts of the guide."""

from __future__ import annotations


class PageError(ValueError):
    """A file of the guide is not valid: the message names the file, the entry and the reason."""
