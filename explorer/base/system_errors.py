"""Why the system refused something, in the language in force: its own words where nobody has translated them."""

from __future__ import annotations

from explorer.base.languages import tr, tr_noop

#: What C libraries say of files, disks and connections.
REASONS = (
    tr_noop("No such file or directory"),
    tr_noop("Permission denied"),
    tr_noop("Operation not permitted"),
    tr_noop("No space left on device"),
    tr_noop("Disk quota exceeded"),
    tr_noop("Read-only file system"),
    tr_noop("Is a directory"),
    tr_noop("Not a directory"),
    tr_noop("Directory not empty"),
    tr_noop("File exists"),
    tr_noop("File name too long"),
    tr_noop("File too large"),
    tr_noop("Too many open files"),
    tr_noop("Too many levels of symbolic links"),
    tr_noop("Invalid argument"),
    tr_noop("Input/output error"),
    tr_noop("Device or resource busy"),
    tr_noop("Cannot allocate memory"),
    tr_noop("No locks available"),
    tr_noop("Connection refused"),
    tr_noop("Connection timed out"),
    tr_noop("Connection reset by peer"),
    tr_noop("Network is unreachable"),
    tr_noop("Name or service not known"),
    tr_noop("Temporary failure in name resolution"),
)


def system_reason(failure: BaseException) -> str:
    """Return why a call of the system failed, or what another error says."""
    return tr(getattr(failure, "strerror", None) or str(failure))
