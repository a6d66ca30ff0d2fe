"""What a file of the user's own offers is read off it; nothing of it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.networks.user_module import UserModule, UserModuleError, list_candidates

FILE = '''
raise SystemExit("nobody may run this")

import torch
from torch import nn

class _Hidden(nn.Module): ...

class Block(nn.Module):
    """A part."""
    def __init__(self, width: int, *, act: str = "relu") -> None: ...

class Settings:
    """No network."""

class Wide(Block):
    def __init__(self, classes=1000): ...

class Duck:
    def forward(self, x): ...

def helper(path: str) -> str: ...

def small(classes: int = 10) -> nn.Module: ...
'''


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(FILE)
    return path


def test_what_says_that_it_is_a_network_comes_first_and_the_last_before_its_parts(net: Path) -> None:
    found = [(offer.name, offer.parameters, offer.is_network) for offer in list_candidates(net)]
    assert found == [
        ("small", "classes=10", True),
        ("Duck", "", True),
        ("Wide", "classes=1000", True),
        ("Block", "width, *, act='relu'", True),
        ("helper", "path", False),
    ]


def test_what_must_be_given_is_suggested_by_its_name(net: Path) -> None:
    suggested = {offer.name: (offer.needed, offer.suggested_arguments) for offer in list_candidates(net)}
    assert suggested["small"] == suggested["Duck"] == suggested["Wide"] == ((), "")
    assert suggested["Block"] == (("width",), "width=16")
    assert suggested["helper"] == (("path",), "")
    net.write_text(
        "class UNet:\n    def __init__(self, n_channels, n_classes, bilinear=False, *, out_ch, norm=None): ...\n"
        "    def forward(self, x): ...\n"
        "def resnet(block, num_classes): ...\n"
    )
    unet, resnet = list_candidates(net)
    assert (unet.needed, unet.suggested_arguments) == (
        ("n_channels", "n_classes", "out_ch"),
        "n_channels=3, n_classes=10, out_ch=16",
    )
    assert (resnet.needed, resnet.suggested_arguments) == (("block", "num_classes"), "")  # nobody knows the block


def test_a_part_is_suggested_the_channels_of_one_and_a_transformer_its_sizes(net: Path) -> None:
    net.write_text(
        "class Gate:\n    def __init__(self, channel, reduction=16): ...\n    def forward(self, x): ...\n"
        "class Unit:\n    def __init__(self, inp, oup, stride, expand_ratio): ...\n    def forward(self, x): ...\n"
        "class ViT:\n"
        "    def __init__(self, *, image_size, patch_size, num_classes, dim, depth, heads, mlp_dim, channels=3): ...\n"
        "    def forward(self, img): ...\n"
    )
    vit, unit, gate = list_candidates(net)
    assert gate.suggested_arguments == "channel=64"
    assert unit.suggested_arguments == "inp=64, oup=64, stride=1, expand_ratio=4"
    assert vit.suggested_arguments == (
        "image_size=224, patch_size=16, num_classes=10, dim=64, depth=2, heads=4, mlp_dim=64"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"class Net(:\n", r"net\.py, line 1: "),
        (b"\x00\x01\x02", r"net\.py"),
        (b"x = " + b"(" * 5000 + b")" * 5000, r"net\.py"),
        (b"#" * (5 * 2**20 + 1), "too large"),
    ],
)
def test_what_is_no_file_of_python_is_said(net: Path, content: bytes, said: str) -> None:
    net.write_bytes(content)
    with pytest.raises(UserModuleError, match=said):
        list_candidates(net)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserModuleError, match=r"cannot read .*gone\.py: No such file"):
        list_candidates(tmp_path / "gone.py")


def test_a_network_is_named_by_where_it_is_and_what_makes_it() -> None:
    file, package = UserModule("C:/nets/net.py:Net"), UserModule("torchvision.models:resnet18")
    assert (file.location, file.name, file.is_file) == ("C:/nets/net.py", "Net", True)
    assert (package.location, package.name, package.is_file) == ("torchvision.models", "resnet18", False)
