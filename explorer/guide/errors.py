"""What is wrong with a text of the guide."""

from __future__ import annotations


class PageError(ValueError):
    """A page that does not hold together: the message names the file, the place in it and what is the matter."""
