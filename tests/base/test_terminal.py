"""Progress on stderr, and output that goes where characters are missing."""

from __future__ import annotations

import io
import sys

import pytest

from explorer.base.terminal import progress_line, use_typed_characters


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


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("ascii", "−1.1 % of 3 × 3 → 2…", "-1.1 % of 3 x 3 -> 2..."),
        ("ascii", "R² of “naïve”, 模块", 'R2 of "naive", ??'),
        ("cp1252", "3 × 3 → −2", "3 × 3 -> -2"),
        ("utf-8", "3 × 3 → −2 模块", "3 × 3 → −2 模块"),
    ],
)
def test_what_a_stream_lacks_is_written_as_it_is_typed(
    encoding: str, text: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    use_typed_characters()
    print(text, end="", flush=True)
    assert stream.buffer.getvalue().decode(encoding) == written


def test_a_program_without_a_terminal_has_no_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    use_typed_characters()
