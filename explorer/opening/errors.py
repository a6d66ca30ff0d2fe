"""Why something cannot be opened, and what has to be agreed to first."""

from __future__ import annotations

from pathlib import Path

from explorer.base.languages import tr


class OpeningError(ValueError):
    """File or name that cannot be opened. The message names it, the reason and the way on."""


class CodeConsentRequired(OpeningError):
    """Raised for a file whose format can run code of whoever wrote it, before it is read."""

    def __init__(self, path: str | Path, format_name: str) -> None:
        super().__init__(
            tr(
                "{name} is {format_name}, which can run code of whoever made it: open it only if you "
                "trust where it comes from",
                name=Path(path).name,
                format_name=format_name,
            )
        )
        self.path, self.format_name = str(path), format_name
