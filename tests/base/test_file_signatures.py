"""Files of safetensors are told from others by their first nine bytes, whatever the first of these look like."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save

from explorer.base.file_signatures import is_safetensors


def test_what_safetensors_writes_is_known_whatever_its_length_looks_like() -> None:
    for extra in range(300):  # among the lengths are the marks of pickles and archives
        assert is_safetensors(save({"a": torch.zeros(1)}, {"note": "x" * extra})[:9])


@pytest.mark.parametrize(
    "start", [b"", b"{", b"PK\3\4" + bytes(8), b"\x80\2}q\0X\1\0\0{", b"\xff" * 8 + b"{", bytes(9)]
)
def test_other_files_are_not(start: bytes) -> None:
    assert not is_safetensors(start)
