from __future__ import annotations

import argparse
import collections
import datetime
import functools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer.weights.checkpoint import CheckpointError, read_checkpoint
from explorer.weights.inert_objects import InertObject, find_objects, load_inert


class Settings(dict[str, Any]):
    """As Lightning keeps the arguments of a module."""


SETTINGS = {
    "arguments": argparse.Namespace(lr=0.1, data=Path("images")),
    "numbers of numpy": [np.float64(0.5), np.int64(3), np.float32(1)],
    "an array": np.zeros((2, 3)),
    "a dictionary of one's own": Settings(lr=0.1),
    "a default dictionary": collections.defaultdict(list, {"loss": [1.0]}),
    "dates": [datetime.datetime(2026, 1, 1), datetime.timedelta(hours=1)],
    "a slice": slice(3),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_weights_are_read_beside_settings_of_any_class(kind: str, tmp_path: Path) -> None:
    weight = torch.arange(3.0)
    torch.save({"state_dict": {"weight": weight}, "settings": SETTINGS[kind]}, tmp_path / "a.pth")
    read = read_checkpoint(tmp_path / "a.pth")
    assert read.keys() == {"weight"}
    assert torch.equal(read["weight"], weight)


def test_no_module_of_the_file_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_code.py").write_text("raise SystemExit\n\nclass Config: pass")
    with monkeypatch.context() as patch:
        module = type(sys)("their_code")
        module.Config = type("Config", (), {"__module__": "their_code"})  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "their_code", module)
        torch.save({"weight": torch.zeros(3), "config": module.Config()}, tmp_path / "a.pth")
    monkeypatch.syspath_prepend(tmp_path)
    assert read_checkpoint(tmp_path / "a.pth").keys() == {"weight"}
    assert "their_code" not in sys.modules


def test_functions_of_python_stay_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3), "call": functools.partial(eval, "1")}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match=r"holds a Python object \(eval\)"):
        read_checkpoint(tmp_path / "a.pth")


def test_what_torch_takes_for_safe_is_as_before_afterwards(tmp_path: Path) -> None:
    torch.save({"arguments": argparse.Namespace()}, tmp_path / "a.pth")
    before = set(torch.serialization.get_safe_globals())
    assert find_objects(tmp_path / "a.pth") == ["argparse.Namespace"]
    assert isinstance(load_inert(tmp_path / "a.pth")["arguments"], InertObject)
    assert set(torch.serialization.get_safe_globals()) == before


def test_a_file_that_is_none_has_no_objects(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(b"PK\x03\x04 no archive")
    assert find_objects(tmp_path / "a.pth") == []
