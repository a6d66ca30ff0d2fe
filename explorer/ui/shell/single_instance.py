"""One running app per user: a later start hands its file to the window that is there, and ends.

The two meet at a local socket in the user's own runtime folder, which no other user may enter; a socket of anybody
else's is not talked to. Where they cannot meet (no such folder, a window that does not answer), the later start opens a
window of its own: nothing depends on it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from PySide6.QtCore import QEvent, QLockFile, QObject, QStandardPaths, Qt, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QWidget

_NAME = "cnn-explorer"
_ANSWER = b"taken\n"
_MAX_REQUEST_BYTES = 64 * 1024
_CONNECT_MS, _ANSWER_MS = 500, 3000

#: What a Wayland compositor gives to a start, so that the window may come to the front; handed on with the file.
_TOKEN_VARIABLE = "XDG_ACTIVATION_TOKEN"


def hand_over(target: str | None) -> bool:
    """Ask the running app to open `target`, a file or the key of a network, and to come to the front.

    Return whether it has taken that; False where none is running.
    """
    name = _server_name()
    if not _is_ours(name):
        return False
    path = Path(target) if target else None
    if path is not None and path.is_file():
        target = str(path.absolute())
    request = {"open": target or "", "token": os.environ.get(_TOKEN_VARIABLE, "")}
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_CONNECT_MS):
        return False
    socket.write(json.dumps(request).encode() + b"\n")
    answered = socket.waitForReadyRead(_ANSWER_MS) and bytes(socket.readLine().data()) == _ANSWER
    socket.disconnectFromServer()
    return answered


class FileReceiver(QObject):
    """Receives what later starts hand over, and what macOS sends when a file or a link is clicked."""

    requested = Signal(str)  # a file, a key or a link; empty where the window is only to come to the front

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        app.installEventFilter(self)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)

    def listen(self) -> bool:
        """Wait for later starts. Return False where another app does already, or where that is not possible."""
        name = _server_name()
        guard = QLockFile(f"{name}.lock")  # of two starts at once, one listens
        if os.name != "nt" and not guard.tryLock(_ANSWER_MS):
            return False
        try:
            # Looked at first: Qt would put the new socket in the place of one that is in use, or of another user's.
            if _exists(name) and (not _is_ours(name) or _is_answered(name)):
                return False
            QLocalServer.removeServer(name)  # of an app that was killed
            return self._server.listen(name)
        finally:
            guard.unlock()

    def close(self) -> None:
        """Stop waiting for later starts."""
        self._server.close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self.requested.emit(event.file() or event.url().toString())
            return True
        return False  # as Qt's own, which refuses what PySide takes for a layout's item, at the address of a former one

    def _accept(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            self._read(socket)  # what came before the connection

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > _MAX_REQUEST_BYTES:
                socket.abort()
            return
        try:
            request = json.loads(bytes(socket.readLine().data()))
            target, token = str(request["open"]), str(request["token"])
        except (ValueError, KeyError, TypeError):
            socket.abort()
            return
        socket.write(_ANSWER)
        socket.flush()
        if token:
            os.environ[_TOKEN_VARIABLE] = token  # Qt reads it when a window is activated
        self.requested.emit(target)


def bring_to_front(window: QWidget) -> None:
    """Show a window before all others, also one that was minimised."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()


def _server_name() -> str:
    """Name of the socket: a path in the user's own runtime folder; on Windows that of a pipe, with the user's name."""
    if os.name == "nt":
        return f"{_NAME}-{os.environ.get('USERNAME', '')}"
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.RuntimeLocation)
    return str(Path(folder, f"{_NAME}.socket"))


def _exists(name: str) -> bool:
    return os.name == "nt" or os.path.lexists(name)


def _is_ours(name: str) -> bool:
    """Return whether the socket is there and belongs to this user."""
    if os.name == "nt":
        return True
    try:
        return os.stat(name).st_uid == os.getuid()  # noqa: PTH116
    except OSError:
        return False


def _is_answered(name: str) -> bool:
    socket = QLocalSocket()
    socket.connectToServer(name)
    connected = socket.waitForConnected(_CONNECT_MS)
    socket.abort()
    return connected
