"""ONNX files open as live networks that compute what onnxruntime does, in the groups of the file; bad ones say why."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

import explorer
from explorer.analysis.module_comparison import TOLERANCE
from explorer.edits import MultiplyWidth, SwapActivation
from explorer.graph.trace import TraceError
from explorer.network import Network
from explorer.opening.errors import OpeningError

Opened = Callable[[str], Network]


def groups(network: Network) -> set[str]:
    return {path for node in network.architecture.live.values() for path in node.scope}


@pytest.mark.parametrize("name", ["net.onnx", "old.onnx"])
def test_a_file_of_either_exporter_is_live_verified_and_editable(files: Path, net: nn.Module, name: str) -> None:
    network = explorer.open(files / name)
    assert network.verification is not None
    assert (network.verification.status, network.verification.text) == ("equal", "")
    assert network.verification.difference < TOLERANCE
    assert {"stage", "stage.0", "stage.1"} <= groups(network)
    layers = {name: type(node.layer).__name__ for name, node in network.architecture.live.items() if node.layer}
    assert layers["stem.0"] == layers["stage.0.conv"] == layers["stage.1.conv"] == "Conv2d"
    assert layers["head"] == layers["mix"] == "Linear"
    assert sorted(layers.values()).count("ReLU6") == 2
    assert network.figures.total.macs == explorer.open(net, input_shape=(1, 3, 16, 16)).figures.total.macs
    image = torch.randn(1, 3, 16, 16)
    torch.testing.assert_close(network.module()(image), net(image), atol=1e-5, rtol=1e-4)
    edited = network.edit(SwapActivation("*", "gelu"), MultiplyWidth("stem.0", 2))
    assert edited.run("cat").result.main_output.shape == (1, 5)


@pytest.mark.parametrize("key", ["mobilenet_v2"])
def test_our_own_exports_come_back_with_their_groups(opened: Opened, tmp_path: Path, key: str) -> None:
    network = opened(key).edit(explorer.SetInputSize(resolution=64))
    explorer.save_network(network, tmp_path / "net.onnx")
    again = explorer.open(tmp_path / "net.onnx")
    assert again.verification is not None
    assert again.verification.status == "equal"
    assert groups(network) <= groups(again)
    assert again.figures.total.macs == network.figures.total.macs
    assert again.architecture.input_shape == (1, 3, 64, 64)


def small(
    path: Path,
    *,
    op: str = "Relu",
    domain: str = "",
    side: int = 4,
    shape: tuple[int, ...] | None = None,
    **external: str,
) -> Path:
    """A model of one convolution, whose weight is in another file where `external` says so, and one other op."""
    weight = helper.make_tensor("w", TensorProto.FLOAT, (2, 3, 1, 1), np.ones(6, np.float32).tobytes(), raw=True)
    if external:
        weight.data_location = TensorProto.EXTERNAL
        weight.ClearField("raw_data")
        for key, value in external.items():
            entry = weight.external_data.add()
            entry.key, entry.value = key, value
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"], name="block/conv/Conv"),
        helper.make_node(op, ["y"], ["z"], domain=domain),
    ]
    given = (1, 3, side, side)
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, shape)],
        [weight],
    )
    opsets = [helper.make_opsetid("", 13), *([helper.make_opsetid(domain, 1)] if domain else [])]
    onnx.save_model(helper.make_model(graph, opset_imports=opsets), str(path))
    return path


def test_numbers_beside_the_file_are_read(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/w.bin").write_bytes(b"\0" * 8 + np.arange(6, dtype=np.float32).tobytes())
    path = small(tmp_path / "net.onnx", location="sub/w.bin", offset="8", length="24")
    network = explorer.open(path)
    assert network.title == "net"
    (conv,) = (node for node in network.architecture.live.values() if isinstance(node.layer, nn.Conv2d))
    assert network.context.weights.tensors(conv)["weight"].flatten().tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("../w.bin", "only files in its own folder"),
        ("a/../../w.bin", "only files in its own folder"),
        ("/etc/passwd", "only files in its own folder"),
        (r"C:\w.bin", "only files in its own folder"),
        (r"\\host\share\w.bin", "only files in its own folder"),
        ("//host/share/w.bin", "only files in its own folder"),
        ("", "only files in its own folder"),
        ("link.bin", "a link out of its own folder"),
        ("linked/w.bin", "a link out of its own folder"),
        ("gone.bin", "is not beside it"),
        ("short.bin", "does not hold the 24 bytes of w"),
    ],
)
def test_numbers_elsewhere_are_never_read(tmp_path: Path, location: str, said: str) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    for folder in (tmp_path, outside):
        (folder / "w.bin").write_bytes(b"\0" * 24)
    (inside / "short.bin").write_bytes(b"\0" * 23)
    (inside / "link.bin").symlink_to(outside / "w.bin")
    (inside / "linked").symlink_to(outside)
    with pytest.raises(OpeningError, match=said):
        explorer.open(small(inside / "net.onnx", location=location))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"op": "NoSuchOperator", "shape": None}, r"NoSuchOperator has no counterpart in PyTorch, and the file does"),
        ({"side": 2**24}, "claims to hold"),
    ],
)
def test_what_cannot_be_converted_says_why(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(OpeningError, match=said):
        explorer.open(small(tmp_path / "net.onnx", **changes))


@pytest.mark.parametrize("domain", ["", "com.microsoft"])
def test_operators_that_nobody_can_run_are_cards_to_look_at(tmp_path: Path, domain: str) -> None:
    network = explorer.open(small(tmp_path / "net.onnx", op="NoSuchOperator", domain=domain, shape=(1, 2, 4, 4)))
    assert network.verification is not None
    assert network.verification.text == (
        "Not compared with the module itself: NoSuchOperator cannot be run here and give zeros, so the network is "
        "only for looking at."
    )
    with pytest.raises(explorer.EditError, match="NoSuchOperator cannot be run here"):
        network.edit(explorer.SetInputSize(8))
    assert "NoSuchOperator" in network.architecture.live
    assert network.figures.total.macs == 2 * 3 * 16  # of the convolution, as counted as ever
    assert network.figures.output_shape == (1, 2, 4, 4)


def test_damaged_files_say_so(files: Path, tmp_path: Path) -> None:
    content = (files / "net.onnx").read_bytes()
    path = tmp_path / "net.onnx"
    for broken in (content[:100], content[: len(content) // 2], b"\x08" + bytes(range(200)), b"\x08\x07"):
        path.write_bytes(broken)
        with pytest.raises((OpeningError, TraceError)) as failure:
            explorer.open(path)
        assert len(str(failure.value)) < 2500
    generator = np.random.default_rng(0)
    for _ in range(20):  # any byte may be another
        bytes_ = bytearray(content)
        for at in generator.integers(0, len(bytes_), 20):
            bytes_[at] = generator.integers(0, 256)
        path.write_bytes(bytes(bytes_))
        try:
            network = explorer.open(path)
        except ValueError:
            continue
        assert network.verification is not None


def test_a_tensor_that_claims_terabytes_is_refused_before_memory_is_used(tmp_path: Path) -> None:
    model = onnx.load_model(str(small(tmp_path / "net.onnx")))
    model.graph.initializer[0].dims[:] = [2**20, 2**20, 1, 1]
    onnx.save_model(model, str(tmp_path / "net.onnx"))
    with pytest.raises(OpeningError, match="claims to hold"):
        explorer.open(tmp_path / "net.onnx")


def test_without_its_packages_it_says_which(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    network = explorer.open(files / "net.onnx")
    assert network.verification is not None
    assert network.verification.text == "Not compared with the module itself: onnxruntime is not installed."
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OpeningError, match=r"needs the package onnx: pip install 'cnn-explorer\[onnx\]'"):
        explorer.open(files / "net.onnx")


class PartsOfTimm(nn.Module):
    """Uneven parts as in MixNet, a norm of vectors as in RepViT, a border by reflection as in anti-aliased ResNets."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.pad, self.norm, self.head = nn.ReflectionPad2d(1), nn.BatchNorm1d(8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second, third = torch.split(self.pad(self.conv(x)), [4, 2, 2], 1)
        x = torch.cat([first.relu(), second, third.sigmoid()], 1)
        out: torch.Tensor = self.head(self.norm(x.mean((2, 3))))
        return out


def test_parts_norms_of_vectors_and_borders_by_reflection_come_back(tmp_path: Path) -> None:
    network = explorer.open(PartsOfTimm(), input_shape=(2, 3, 12, 12))
    proto = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network.module(), (torch.randn(2, 3, 12, 12),), str(proto), dynamo=True, optimize=False)
    again = explorer.open(proto)
    assert again.verification is not None
    assert again.verification.status == "equal"
    image = torch.randn(2, 3, 12, 12)
    torch.testing.assert_close(again.module()(image), network.module()(image), atol=1e-5, rtol=1e-4)


def test_weights_that_ops_read_are_those_of_the_file(tmp_path: Path) -> None:
    """torch writes a group norm as InstanceNormalization with weights of its own: they became random when opened."""
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(1, 8), nn.Conv2d(8, 4, 1)).eval()
    explorer.save_network(explorer.open(module, input_shape=(1, 3, 12, 12)), tmp_path / "net.onnx")
    image = torch.randn(1, 3, 12, 12)
    again = explorer.open(tmp_path / "net.onnx")
    torch.testing.assert_close(again.module()(image), module(image), atol=1e-5, rtol=1e-4)
