"""What the tests of languages share."""

from __future__ import annotations

import pytest

from explorer.ui.language import application


@pytest.fixture
def any_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every language can be shown: texts are compared here, not pixels, and a bare machine has few fonts."""
    monkeypatch.setattr(application, "lacks_font", lambda language: False)
