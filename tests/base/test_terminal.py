"""Progress on stderr."""

from __future__ import annotations

import sys

import pytest

from explorer.base.terminal import progress_line


def test_on_a_terminal_one_line_is_written_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    report = progress_line("run")
    assert all(report(done) for done in (0.0, 0.001, 0.5, 1.0))
    assert capsys.readouterr().err == "\rrun: 0 %\rrun: 50 %\rrun: 100 %\n"


def test_a_file_has_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    report = progress_line("run")
    for step in range(101):
        report(step / 100)
    assert capsys.readouterr().err.splitlines() == [f"run: {10 * tenth} %" for tenth in range(11)]
