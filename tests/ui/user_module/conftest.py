"""Own code in tests of the window: run here by the function that a process of its own would run, except where a test
is about that process, which takes seconds to start."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from explorer.base import child_process
from explorer.base.cancellation import KeepGoing, always
from explorer.project import user_code


def _run_here(target: str, arguments: tuple[Any, ...], limits: Any = None, keep_going: KeepGoing = always) -> Any:
    module, _, name = target.partition(":")
    try:
        return json.loads(json.dumps(getattr(importlib.import_module(module), name)(*arguments)))
    except BaseException as failure:
        raise child_process.ChildFailure(type(failure).__name__, str(failure)) from failure


@pytest.fixture(autouse=True)
def _own_code_runs_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "apart" not in request.keywords:
        monkeypatch.setattr(user_code, "run_in_child", _run_here)
        monkeypatch.setattr("explorer.ui.user_module.tool.prepare_child", lambda preload: None)
