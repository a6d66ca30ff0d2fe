"""Long work asks whether it is still wanted; outside a job it always is."""

from __future__ import annotations

import threading

import pytest

from explorer.base.cancellation import Cancelled, cancellable, check_cancelled


def test_outside_a_job_nothing_is_cancelled() -> None:
    check_cancelled()


def test_the_innermost_job_is_asked() -> None:
    with cancellable(lambda progress: False):
        with cancellable(lambda progress: True):
            check_cancelled()
        with pytest.raises(Cancelled):
            check_cancelled()
    check_cancelled()


def test_threads_are_asked_apart() -> None:
    cancelled: list[bool] = []

    def other() -> None:
        try:
            check_cancelled()
            cancelled.append(False)
        except Cancelled:
            cancelled.append(True)

    with cancellable(lambda progress: False):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert cancelled == [False]
