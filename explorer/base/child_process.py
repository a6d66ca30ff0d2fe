"""Work in a process of its own: code of the user's, which may do anything but take this process along.

Invariant: whatever the work does (loop for ever, exit, crash, recurse, fill the memory, raise what is no Exception),
`run_in_child` returns its result or raises within the limits; when it does, no process of it is left, and nothing of
this process (modules, global state, threads) has changed. Cancelling ends the work at once.

A child serves one request. What comes back is JSON; what is large is written by the work into a folder that the caller
names. A child that is started in advance (`prepare_child`) has imported what the work needs when it is asked for.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import tr, translator
from explorer.base.number_format import format_bytes

#: First argument of a frozen app that is to be a child; otherwise Python runs this module.
CHILD_ARGUMENT = "--child-process"

_POLL_SECONDS = 0.05
_START_SECONDS = 120  # a cold import of torch from a slow disk
_MAX_ANSWER_BYTES = 16 * 2**20
_MIN_FREE_BYTES = 256 * 2**20  # below, the whole machine suffers
_MAX_MESSAGE_LENGTH = 2000


class ChildError(RuntimeError):
    """Work that was ended, or ended its process itself. The message says which, and what to do."""


class ChildFailure(Exception):
    """Work that raised; `kind` is the class of what was raised, the message its own."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Limits:
    """How long work may take, and how much memory it may hold, its own children included."""

    seconds: float = 120.0
    memory: int = field(default_factory=lambda: psutil.virtual_memory().total // 2)  # bytes


def run_in_child(
    target: str, arguments: tuple[Any, ...], limits: Limits | None = None, keep_going: KeepGoing = always
) -> Any:
    """Call a function in a process of its own and return its result.

    Args:
        target: "package.module:function".
        arguments: of the call; they are pickled, so they are ours, never a file's.
        keep_going: asked every 50 ms; False ends the process.

    Returns:
        What the function returned, as JSON gives it back.

    Raises:
        ChildFailure: the function raised, SystemExit and KeyboardInterrupt included.
        ChildError: a limit was reached, or the process ended without an answer.
        Cancelled: `keep_going` returned False.
    """
    child = _take_spare() or _Child()
    try:
        return child.call(target, arguments, limits or Limits(), keep_going)
    finally:
        child.end()


def prepare_child(preload: str) -> None:
    """Start a child that imports the module `preload` now, for the next call of `run_in_child`."""
    with _lock:
        if not _spare or not _spare[0].is_alive:
            _spare[:] = [_Child(preload)]


def discard_prepared_child() -> None:
    """End the child that was started in advance, if there is one."""
    child = _take_spare()
    if child is not None:
        child.end()


_lock = threading.Lock()
_spare: list[_Child] = []


def _take_spare() -> _Child | None:
    with _lock:
        child = _spare.pop() if _spare else None
    return child if child is not None and child.is_alive else None


def module_command(module: str, frozen_argument: str) -> list[str]:
    """Return the command that runs a module of ours in a new process; a frozen app is given its argument for that."""
    return [sys.executable, frozen_argument] if getattr(sys, "frozen", False) else [sys.executable, "-m", module]


def child_environment() -> dict[str, str]:
    """Return this process's environment, in which a new Python finds the modules that this one does."""
    paths = [path or str(Path.cwd()) for path in sys.path]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


class _Child:
    """A process that waits for one request."""

    def __init__(self, preload: str = "") -> None:
        self._process = subprocess.Popen(
            module_command(__name__, CHILD_ARGUMENT),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read_answers, daemon=True).start()
        self._send(preload.encode())

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def call(self, target: str, arguments: tuple[Any, ...], limits: Limits, keep_going: KeepGoing) -> Any:
        self._send(pickle.dumps((target, arguments, translator.language)))
        self._wait(Limits(_START_SECONDS, limits.memory), keep_going)  # until its imports are done
        answer = self._wait(limits, keep_going)
        if "failure" in answer:
            raise ChildFailure(str(answer["kind"]), str(answer["failure"]))
        return answer.get("result")

    def end(self) -> None:
        """End the process and all that it started."""
        for process in self._family():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def _send(self, content: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended: its answer says so
            _write_frame(self._process.stdin, content)

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while (content := _read_frame(self._process.stdout, _MAX_ANSWER_BYTES)) is not None:
                self._answers.put(content)
        self._answers.put(None)

    def _wait(self, limits: Limits, keep_going: KeepGoing) -> dict[str, Any]:
        deadline = time.monotonic() + limits.seconds
        while True:
            with contextlib.suppress(queue.Empty):
                return self._parse(self._answers.get(timeout=_POLL_SECONDS))
            if not keep_going(0.0):
                raise Cancelled
            if time.monotonic() > deadline:
                raise ChildError(tr("it had not finished after {seconds:g} s and was ended", seconds=limits.seconds))
            if self._memory() > limits.memory:
                raise ChildError(
                    tr("it held more than {memory} of memory and was ended", memory=format_bytes(limits.memory))
                )
            if psutil.virtual_memory().available < _MIN_FREE_BYTES:
                raise ChildError(tr("it left this computer no free memory and was ended"))

    def _parse(self, content: bytes | None) -> dict[str, Any]:
        answer: Any = None
        if content is not None:
            with contextlib.suppress(ValueError):
                answer = json.loads(content)
        if isinstance(answer, dict):
            return answer
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        raise ChildError(_describe_end(self._process.poll()))

    def _family(self) -> list[psutil.Process]:
        try:
            process = psutil.Process(self._process.pid)
            return [process, *process.children(recursive=True)]
        except psutil.Error:
            return []

    def _memory(self) -> int:
        held = 0
        for process in self._family():
            with contextlib.suppress(psutil.Error):
                held += process.memory_info().rss
        return held


def _describe_end(code: int | None) -> str:
    if code is None:
        return tr("it closed the connection to this window and was ended")
    if code < 0:
        import signal

        with contextlib.suppress(ValueError):
            return tr("it crashed its process ({name})", name=signal.Signals(-code).name)
    if code > 255:  # Windows: an exception code such as 0xC0000005
        return tr("it crashed its process (0x{code:08X})", code=code)
    return tr("it ended its process, with exit code {code}", code=code)


def _write_frame(stream: IO[bytes], content: bytes) -> None:
    stream.write(len(content).to_bytes(8, "little") + content)
    stream.flush()


def _read_frame(stream: IO[bytes], most: int) -> bytes | None:
    """Return the next frame; None at the end of the stream, and for one that is cut off or too long."""
    start = stream.read(8)
    size = int.from_bytes(start, "little")
    if len(start) < 8 or size > most:
        return None
    content = stream.read(size)
    return content if len(content) == size else None


# in the child


def serve_request() -> None:
    """Be a child: import what is announced, serve one request, and end. Called in the child's process only."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)  # input() finds an end instead of waiting for ever
    os.dup2(2, 1)  # what the work prints is no answer
    _be_harmless()
    preload = _read_frame(requests, _MAX_ANSWER_BYTES)
    with contextlib.suppress(ImportError):
        if preload:
            importlib.import_module(preload.decode())
    request = _read_frame(requests, 2**40)
    if request is None:
        return  # it was not needed
    threading.Thread(target=_end_with_parent, args=(requests,), daemon=True).start()
    _write_frame(answers, b"{}")
    _write_frame(answers, _answer(request))
    os._exit(0)  # not waiting for threads that the work has left


def _answer(request: bytes) -> bytes:
    try:
        target, arguments, language = pickle.loads(request)
        translator.set_language(language)  # its messages are read in the window
        module, _, name = target.partition(":")
        return json.dumps({"result": getattr(importlib.import_module(module), name)(*arguments)}).encode()
    except BaseException as failure:
        return json.dumps(
            {"kind": type(failure).__name__, "failure": clip(str(failure) or type(failure).__name__)}
        ).encode()


def clip(text: str) -> str:
    """Return a message without what nobody reads: the first 2,000 characters."""
    return text if len(text) <= _MAX_MESSAGE_LENGTH else f"{text[:_MAX_MESSAGE_LENGTH]} …"


def _end_with_parent(requests: io.BufferedReader) -> None:
    requests.read(1)  # nothing comes: this ends when the parent does
    os._exit(1)


def _be_harmless() -> None:
    """Where memory runs out, let Linux end this process and not the window; write no memory dump after a crash."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    from explorer.base.child_process import serve_request as serve  # by the name that others import it by

    serve()
