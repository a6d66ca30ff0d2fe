"""The check of an installation does in a window what a user does first, and says what does not work."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.ui.shell import self_check
from explorer.ui.shell.self_check import CheckError, run_check
from explorer.ui.shell.window import Window


def test_an_installation_that_works() -> None:
    exported: list[str] = []

    def export(key: str, path: Path) -> None:
        path.write_text(key)
        exported.append(path.suffix)

    lines = list(run_check(export))
    assert lines[0].startswith("opened ResNet-18")
    assert "ran it on a photo" in lines[1]
    assert lines[2].endswith("314 parameters")
    assert exported[:4] == [".png", ".svg", ".pdf", ".py"]


def test_what_does_not_happen_is_said(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_check, "_PATIENCE_SECONDS", 0.05)
    with pytest.raises(CheckError, match=r"not within 0\.05 s: never"):
        self_check._wait_for(window, "never", lambda network: False)
    window.notice.show_message("torch is broken")
    with pytest.raises(CheckError, match="torch is broken"):
        self_check._wait_for(window, "never", lambda network: False)
