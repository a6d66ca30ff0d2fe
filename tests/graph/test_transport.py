"""Snapshots travel between processes: what comes back is the same network, whatever it is made of."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
import torch
from torch import nn

from explorer.edits import SwapActivation
from explorer.graph.transport import TransportError, snapshot_from_bytes, snapshot_to_bytes
from explorer.network import Network, open_network
from tests.conftest import KEYS, TYPICAL

Opened = Callable[[str], Network]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "key" in metafunc.fixturenames:
        metafunc.parametrize("key", KEYS if metafunc.config.getoption("--long") else TYPICAL)


def test_every_network_comes_back_as_it_was(opened: Opened, key: str) -> None:
    before = opened(key).architecture
    after = snapshot_from_bytes(snapshot_to_bytes(before))
    assert list(after.nodes) == list(before.nodes)
    for name, node in before.nodes.items():
        other = after.nodes[name]
        assert (other.args, other.kwargs, other.scope, other.path) == (node.args, node.kwargs, node.scope, node.path)
        assert other.signature is node.signature
    assert (after.module_classes, after.unused_params, after.shared_params) == (
        before.module_classes,
        before.unused_params,
        before.shared_params,
    )


def test_an_edited_one_knows_what_it_was(opened: Opened) -> None:
    before = opened("mobilenet_v2").edit(SwapActivation("*", "gelu")).architecture
    after = snapshot_from_bytes(snapshot_to_bytes(before))
    assert after.edited_names == before.edited_names


class Odd(nn.Module):
    """A layer that is only known here."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.training or bool(x.sum() > 0) else x * 2


def test_what_only_this_code_knows_does_not_travel_and_is_not_imported(opened: Opened) -> None:
    network = open_network(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()), input_shape=(1, 3, 8, 8))
    node = network.architecture.nodes["1"]
    odd = network.architecture.with_replaced([node.replace(op=type(node.op).from_module(Odd()))])
    with pytest.raises(TransportError, match=r"tests\.graph\.test_transport"):
        snapshot_to_bytes(odd)
    with pytest.raises(TransportError, match=r"os.system|posix"):
        snapshot_from_bytes(pickle.dumps(__import__("os").system))
    with pytest.raises(TransportError):
        snapshot_from_bytes(snapshot_to_bytes(network.architecture)[:-9])
