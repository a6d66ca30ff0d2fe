"""The log: what went wrong, for a report. Errors of Python and messages of Qt go into a small file of their own."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QStandardPaths, QtMsgType, qInstallMessageHandler

_LOG = logging.getLogger("explorer")
_MOST_BYTES, _OLD_FILES = 512 * 1024, 2
_LEVELS = {
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def log_folder() -> Path:
    """Return the folder of the log."""
    state = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.StateLocation)
    return Path(state, "log")


def start_log(version: str) -> None:
    """Log from now on: errors that nobody caught, and what Qt says; both are printed as before. A folder that cannot be
    written to is no reason not to start."""
    try:
        log_folder().mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            log_folder() / "cnn-explorer.log",
            maxBytes=_MOST_BYTES,
            backupCount=_OLD_FILES,
            encoding="utf-8",
            delay=True,
        )
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False
    _LOG.info("started, version %s", version)
    before = sys.excepthook

    def log_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _LOG.error("not caught", exc_info=(kind, error, trace))
        before(kind, error, trace)

    sys.excepthook = log_error
    qInstallMessageHandler(_log_message)


def _log_message(kind: QtMsgType, _: QMessageLogContext, text: str) -> None:
    if kind in _LEVELS:
        _LOG.log(_LEVELS[kind], "Qt: %s", text)
        print(text, file=sys.stderr)
