"""Values are kept up to a number of bytes; the least recently used go first."""

from __future__ import annotations

import pytest
import torch

from explorer.analysis.forward.byte_lru import ByteLRU


def value(size: int) -> torch.Tensor:
    return torch.zeros(size, dtype=torch.uint8)


def test_a_value_of_just_the_budget_is_kept_and_a_larger_one_is_not() -> None:
    cache = ByteLRU(100)
    cache.put("larger", value(101))
    assert "larger" not in cache
    cache.put("fits", value(100))
    assert "fits" in cache
    assert cache.bytes == 100


def test_what_was_read_last_stays_longest() -> None:
    cache = ByteLRU(100)
    for key in "abc":
        cache.put(key, value(30))
    cache.get("a")
    cache.put("d", value(30))  # one has to go
    assert [key for key in "abcd" if key in cache] == ["a", "c", "d"]
    assert cache.bytes == 90


def test_a_known_key_keeps_its_value_and_is_counted_once() -> None:
    cache = ByteLRU(100)
    first = value(40)
    cache.put("a", first)
    cache.put("a", value(40))
    assert cache.get("a") is first
    assert cache.bytes == 40


def test_removed_values_free_their_bytes() -> None:
    cache = ByteLRU(100)
    cache.put("a", value(60))
    cache.remove("a")
    cache.remove("a")  # it is gone: nothing happens
    assert cache.bytes == 0
    with pytest.raises(KeyError):
        cache.get("a")
    cache.put("b", value(100))
    cache.clear()
    assert (cache.bytes, "b" in cache) == (0, False)
