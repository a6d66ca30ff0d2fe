"""What is remembered stays bounded, dies with what it is about, and is right from any thread."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from explorer.analysis.analysis import analyse
from explorer.analysis.forward.merkle import MerkleKeys
from explorer.base import memo
from explorer.base.memo import BoundedCache, Interner, Numbering, bounded, memoise, per_object
from explorer.edits import SetWidth
from explorer.edits.options import find_options
from explorer.graph import node as node_module
from explorer.network import open_network
from explorer.presenters.search_index import search_index


class _Owner:
    pass


def _from_threads(work: Callable[[int], Any], count: int = 8) -> list[Any]:
    """What `work` gives in each of several threads that start together."""
    gate, results = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        gate.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_result_is_computed_once_for_each_object_and_goes_with_it() -> None:
    calls: list[_Owner] = []

    @per_object
    def described(owner: _Owner) -> str | None:
        calls.append(owner)
        return None

    owner = _Owner()
    assert described(owner) is None
    assert described(owner) is None
    assert len(calls) == 1
    calls.clear()
    kept = weakref.ref(owner)
    del owner
    assert kept() is None


def test_errors_are_not_remembered() -> None:
    calls: list[_Owner] = []

    @per_object
    def asked(owner: _Owner) -> int:
        calls.append(owner)
        if len(calls) == 1:
            raise ValueError("not yet")
        return 3

    owner = _Owner()
    with pytest.raises(ValueError, match="not yet"):
        asked(owner)
    assert asked(owner) == 3


def test_memo_with_keys() -> None:
    owner = _Owner()
    values = [memoise(owner, ("square", n % 3), lambda n=n: [n * n]) for n in range(9)]  # type: ignore[misc]
    assert [value[0] for value in values] == [0, 1, 4] * 3
    assert values[0] is values[3]


def test_all_threads_get_the_one_object() -> None:
    owner, cache = _Owner(), BoundedCache[str, object](16)
    for number in range(200):
        key = f"{number}"
        one = _from_threads(lambda _, key=key: memoise(owner, ("object", key), object))  # type: ignore[misc]
        other = _from_threads(lambda _, key=key: cache.get_or_compute(key, object))  # type: ignore[misc]
        assert len(set(map(id, one))) == len(set(map(id, other))) == 1


def test_a_bounded_cache_never_exceeds_its_size_and_holds_the_last_half() -> None:
    cache = BoundedCache[int, str](100)
    for number in range(1000):
        assert cache.get(0) in (None, "0")
        cache.put(number, str(number))
        assert len(cache) <= cache.maxsize == 100
        assert all(cache.get(n) == str(n) for n in range(max(0, number - 20), number + 1))
    assert cache.get(0) == "0"  # asked for all the time
    assert cache.get(500) is None
    cache.reserve(500)
    for number in range(1000):
        cache.put(number, str(number))
    assert len(cache) <= 1000
    assert all(cache.get(number) == str(number) for number in range(500, 1000))


def test_bounded_functions_are_counted_and_cleared() -> None:
    calls: list[int] = []

    @bounded(2)
    def doubled(number: int) -> int:
        calls.append(number)
        return 2 * number

    before = memo.count_entries()
    assert [doubled(n) for n in (1, 1, 2, 3, 1)] == [2, 2, 4, 6, 2]
    assert calls == [1, 2, 3, 1]
    assert memo.count_entries() == before + 2
    memo.clear_all()
    assert memo.count_entries() == 0


def test_numbers_are_never_given_twice_whatever_the_threads() -> None:
    numbering = Numbering(512)

    def given(thread: int) -> list[tuple[int, int]]:
        return [(content, numbering.number(content)) for n in range(3000) for content in (n, -n * 8 - thread)]

    pairs = {pair for pairs in _from_threads(given) for pair in pairs}
    by_number: dict[int, int] = {}
    for content, number in pairs:
        assert by_number.setdefault(number, content) == content
    assert len(numbering.table) <= 512


def test_equal_contents_have_one_token_whatever_the_threads() -> None:
    interner = Interner()
    tokens = _from_threads(lambda _: [interner.token(("conv", n % 50)) for n in range(2000)])
    for n in range(50):
        assert len({id(found[at]) for found in tokens for at in range(n, 2000, 50)}) == 1
    assert len({token.number for found in tokens for token in found}) == 50
    assert len(interner) == 50
    del tokens
    assert len(interner) == 0


def test_signatures_and_keys_agree_between_threads() -> None:
    """Threads that meet the same new nodes at once agree on what is equal."""
    keys = MerkleKeys()
    network = open_network("resnet18")
    weights = network.context.weights

    def seen(thread: int) -> tuple[list[int], list[int]]:
        edited = network.edit(SetWidth("layer1.0.conv1", 8 * (thread // 2 + 1))).architecture
        found = keys.fork().snapshot_keys(edited, weights, "image")
        return [node.signature.number for node in edited.live.values()], list(found.node_keys.values())

    results = _from_threads(seen)
    for first, second in zip(results[::2], results[1::2], strict=True):
        assert first == second
    assert len({tuple(numbers) for _, numbers in results}) == 4


def test_four_hundred_widths_leave_nothing_behind() -> None:
    network = open_network("resnet50")
    memo.clear_all()
    entries: list[int] = []
    signatures: list[int] = []
    snapshots: list[weakref.ref[Any]] = []
    blocks = [f"layer{stage}.0.conv1" for stage in (1, 2, 3, 4)]
    for number in range(400):
        edited = network.edit(SetWidth(blocks[number % 4], 8 + number))
        analysis = analyse(edited.architecture)
        assert analysis.figures.total.params > 0
        find_options(analysis, blocks[0])
        search_index(analysis)
        snapshots.append(weakref.ref(edited.architecture))
        if number % 100 == 99:
            gc.collect()
            entries.append(memo.count_entries())
            signatures.append(len(node_module._SIGNATURES))
    del edited, analysis
    gc.collect()
    assert {ref() for ref in snapshots} <= {None, network.architecture}  # one width was that it has
    assert all(len(cache) <= cache.maxsize for cache in memo._CACHES)
    assert entries[-1] - entries[0] <= 400 * 20  # a few for each layer that was really another
    assert signatures[-1] <= memo.count_entries() + 2 * len(network.architecture.nodes)


def test_a_value_of_the_older_half_is_not_replaced() -> None:
    """Two threads that compute the same get the object that was stored first, however long ago."""
    cache: BoundedCache[str, list[int]] = BoundedCache(4)
    first = cache.put("a", [1])
    for other in ("b", "c"):  # "a" is in the older half now
        cache.put(other, [0])
    assert cache.put("a", [2]) is first
    assert cache.get("a") is first
