"""Runs on a Ray cluster: a real one of two nodes on this machine, of which one is killed; and what is said without."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load

import explorer
from explorer.network import Network
from explorer.training.cluster import read_files, run_on_cluster, train_slice
from explorer.training.data_spec import DataSpec
from explorer.training.execution import execute
from explorer.training.launch import create_run
from explorer.training.locked_folder import RunError
from explorer.training.recipe import Recipe
from explorer.training.run_folder import RunFolder, RunSpec
from explorer.training.sweep_folder import ClusterNode
from explorer.training.train import fit_network

DATA = DataSpec("digits", train_images=128)

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'cnn-explorer[cluster]'"
)


@pytest.fixture(scope="module")
def network() -> Network:
    """A small network that digits fit."""
    return fit_network(explorer.open("shufflenet_v2_x0_5"), DATA)


def create(network: Network, path: Path, rate: float, epochs: int = 2) -> RunFolder:
    recipe = Recipe(epochs=epochs, batch_size=32, learning_rate=rate)
    return create_run(network, RunSpec("digits", DATA, recipe, threads=1), path)


def same_tensors(first: bytes, second: bytes) -> bool:
    """Whether two files hold the same numbers, bit for bit; the order of their notes is the format's own."""
    here, there = load(first), load(second)
    return here.keys() == there.keys() and all(torch.equal(here[name], there[name]) for name in here)


def test_slices_give_the_run_that_one_process_gives(network: Network, tmp_path: Path) -> None:
    whole = create(network, tmp_path / "whole", 1e-3, epochs=1)
    execute(whole, network)
    files, slices = read_files(create(network, tmp_path / "sliced", 1e-3, epochs=1).path), 0
    while b'"finished"' not in files.get("state.json", b""):
        files = train_slice(files, trusted=False, seconds=0.0)
        slices += 1
    assert slices == 4  # a step each
    assert files["curve.jsonl"] == whole.curve_path.read_bytes()
    assert same_tensors(files["weights.safetensors"], whole.weights_path.read_bytes())


def test_without_ray_it_is_said_what_to_install(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RunError, match=r"pip install 'cnn-explorer\[cluster\]'"):
        run_on_cluster([create(network, tmp_path / "run", 1e-3)], "auto")


@needs_ray
def test_a_cluster_that_is_not_there_is_said(network: Network, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no Ray cluster at auto.*ray start --head"):
        run_on_cluster([create(network, tmp_path / "run", 1e-3)], "auto")


@contextmanager
def two_nodes() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    cluster.add_node(**small)
    try:
        yield cluster
    finally:
        cluster.shutdown()


@needs_ray
@pytest.mark.filterwarnings("ignore")  # of Ray's own files and threads
def test_a_node_that_is_killed_loses_nothing(network: Network, tmp_path: Path) -> None:
    rates = (1e-3, 2e-3, 3e-3, 4e-3)
    here = [create(network, tmp_path / f"here{rate}", rate) for rate in rates]
    for folder in here:
        execute(folder, network)
    there = [create(network, tmp_path / f"there{rate}", rate) for rate in rates]
    seen: list[Sequence[ClusterNode]] = []
    with two_nodes() as cluster:
        (other,) = (node for node in cluster.worker_nodes)
        killed: list[object] = []

        def kill_one(done: float) -> bool:
            if done > 0 and not killed:
                killed.append(other)
                cluster.remove_node(other, allow_graceful=False)
            return True

        states = run_on_cluster(there, cluster.address, keep_going=kill_one, on_nodes=seen.append, slice_seconds=1.0)
    assert killed
    assert [state.state for state in states] == ["finished"] * len(rates)
    assert [sum(node.is_alive for node in nodes) for nodes in (seen[0], seen[-1])] == [2, 1]
    for mine, theirs in zip(here, there, strict=True):
        assert theirs.curve_path.read_bytes() == mine.curve_path.read_bytes()
        assert same_tensors(theirs.weights_path.read_bytes(), mine.weights_path.read_bytes())
