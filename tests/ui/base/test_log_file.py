"""Errors that nobody caught and warnings of Qt are in the log."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import qInstallMessageHandler, qWarning

from explorer.ui.base import log_file


def test_errors_and_warnings_are_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "log_folder", lambda: tmp_path / "log")
    said: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: said.append(error[1]))
    log_file.start_log("1.2.3")
    try:
        error = ValueError("broken")
        sys.excepthook(ValueError, error, None)
        qWarning("a widget is not well")
    finally:
        qInstallMessageHandler(None)
        for handler in list(logging.getLogger("explorer").handlers):
            logging.getLogger("explorer").removeHandler(handler)
            handler.close()
    text = (tmp_path / "log" / "cnn-explorer.log").read_text(encoding="utf-8")
    assert said == [error]  # printed as before
    assert "version 1.2.3" in text
    assert "ValueError: broken" in text
    assert "a widget is not well" in text
