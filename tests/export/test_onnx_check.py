"""A written ONNX file is refused where it computes something else, and not where rounding alone decides."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer.export.network_files import save_network
from explorer.export.onnx_check import check_onnx
from explorer.export.page import ExportError

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

IMAGE = {"image": torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(0))}


class Chaos(nn.Module):
    """A convolution, and the logistic map so often that its rounding decides about all."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.sigmoid(self.conv(x))
        for _ in range(60):
            x = 3.99 * x * (1 - x)
        return x


def write(module: nn.Module, path: Path) -> None:
    torch.onnx.export(module, (IMAGE["image"],), str(path), dynamo=True, verbose=False, input_names=["image"])


@pytest.mark.filterwarnings("ignore")  # of torch's own making
def test_what_computes_something_else_is_refused(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval()
    write(module, tmp_path / "net.onnx")
    check_onnx(tmp_path / "net.onnx", module, IMAGE)
    with torch.no_grad():
        module[0].weight.mul_(1.1)
    with pytest.raises(ExportError, match="computes something else"):
        check_onnx(tmp_path / "net.onnx", module, IMAGE)
    with pytest.raises(ExportError, match="does not run"):
        check_onnx(tmp_path / "net.onnx", module, {"image": torch.zeros(1, 4, 8, 8)})


def test_where_rounding_decides_the_file_is_right(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = explorer.open(Chaos(), input_shape=(1, 3, 8, 8))
    save_network(network, tmp_path / "net.onnx")
    assert (tmp_path / "net.onnx").exists()


class Smoothed(nn.Module):
    """A loss with a setting that torch does not write, and that changes it by some thousandths."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.cross_entropy(x.mean((2, 3)), torch.zeros(1, dtype=torch.long), label_smoothing=0.02)


def test_a_small_difference_that_is_no_rounding_is_refused(tmp_path: Path) -> None:
    network = explorer.open(Smoothed(), input_shape=(1, 3, 8, 8))
    with pytest.raises(ExportError, match="computes something else"):
        save_network(network, tmp_path / "net.onnx")
