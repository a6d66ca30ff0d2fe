"""Numbers for inputs: what sources give, and where the arguments of a forward take them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer.analysis.example_inputs import build_example, complete_inputs
from explorer.networks.input_spec import InputError, parse_inputs


class Takes(nn.Module):
    """Takes inputs of all kinds."""

    def forward(
        self, image: torch.Tensor, maps: Any = (), *rest: Any, mask: Any = None, scale: float = 1.0
    ) -> torch.Tensor:
        total = image.sum() * scale
        for part in (*(maps.values() if isinstance(maps, dict) else maps), *rest):
            total = total + part.sum()
        return total if mask is None else total + mask.sum()


def arguments(*texts: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    example = build_example(Takes(), parse_inputs(texts), torch.float32)
    return example.args, example.kwargs


def test_sources_give_their_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6.0).reshape(2, 3))
    torch.save(torch.ones(4, dtype=torch.int32), tmp_path / "b.pt")
    texts = ["zeros", "ones", "3..5", "7", "1,2,3,4"]
    (image, maps), kwargs = arguments(
        "image=2x2@noise",
        *(f"maps[{index}]=[2x2]@{source}" for index, source in enumerate(texts)),
        f"mask=@{tmp_path / 'a.npy'}",
        "scale=@2.5",
    )
    assert image.shape == (1, 2, 2)
    assert [part.sum().item() for part in (maps[0], maps[1], maps[3], maps[4])] == [0, 4, 28, 10]
    assert maps[2].dtype == torch.int64
    assert {3, 4, 5} >= set(maps[2].flatten().tolist())
    assert (kwargs["mask"].dtype, kwargs["mask"].shape, kwargs["scale"]) == (torch.float64, (2, 3), 2.5)
    (loaded,), _ = arguments(f"image=[2x2]:float32@{tmp_path / 'b.pt'}")
    assert (loaded.dtype, loaded.shape) == (torch.float32, (2, 2))


def test_arguments_go_where_their_names_say() -> None:
    args, kwargs = arguments("image=4", "maps[low]=[1]@1", "maps[high]=[1]@2", "rest[0]=[1]@3", "rest[1]=[1]@4")
    assert [type(arg).__name__ for arg in args] == ["Tensor", "dict", "Tensor", "Tensor"]
    assert kwargs == {}
    args, kwargs = arguments("image=4", "mask=None")
    assert (len(args), kwargs) == (1, {"mask": None})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("picture=4", "has no argument 'picture'; it takes image, maps, rest, mask, scale"),
        ("image=4@photo", "is no image, so no photo can be put in"),
        ("image=3x8x8@photo dog", 'there is no photo "dog"'),
        ("image=4@1,2", "holds 2 numbers"),
        ("image=@gone.npy", "cannot read gone.npy"),
        ("scale=@2", "needs a tensor"),
    ],
)
def test_what_cannot_be_given_is_said(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        arguments(text)


def test_a_file_is_only_read_as_numbers(tmp_path: Path) -> None:
    torch.save({"module": nn.Linear(2, 2)}, tmp_path / "code.pt")
    np.save(tmp_path / "objects.npy", np.array([print], dtype=object), allow_pickle=True)
    for name in ("code.pt", "objects.npy"):
        with pytest.raises(InputError, match="holds no plain tensor"):
            arguments(f"image=@{tmp_path / name}")


def test_two_photos_are_not_the_same_and_the_first_is_the_one_of_the_window() -> None:
    class Pair(nn.Module):
        def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            return left.mean() - right.mean()

    specs = complete_inputs(Pair(), parse_inputs("3x16x16"))
    assert [spec.text for spec in specs] == ["left=3x16x16", "right=3x16x16"]
    network = explorer.open(Pair(), inputs=specs)
    cat, coffee = (float(network.run(name).result.value) for name in ("cat", "coffee"))
    assert cat != coffee
    assert cat != 0
    assert [node.name for node in network.architecture.inputs] == ["input:left", "input:right"]


def test_edits_of_a_network_of_several_inputs_are_those_of_the_module() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.act = nn.Conv2d(3, 4, 3), nn.ReLU()

        def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            return self.act(self.conv(left)) + self.act(self.conv(right))

    network = explorer.open(Pair(), inputs=["left=3x16x16", "right=3x16x16@noise"])
    edited = network.edit(explorer.SwapActivation("*", "tanh"))
    right = build_example(Pair(), network.context.inputs, torch.float32).args[1]
    with torch.no_grad():
        expected = edited.module()(network.preprocess("cat")[0], right)
    torch.testing.assert_close(edited.run("cat").result.value, expected)


def test_a_photo_is_given_in_bytes_where_a_network_takes_bytes() -> None:
    (fractions,), _ = arguments("image=3x32x32@photo")
    (pixels,), _ = arguments("image=3x32x32:uint8@photo")
    (grey,), _ = arguments("image=1x32x32:uint8@photo")
    assert (pixels.dtype, grey.dtype) == (torch.uint8, torch.uint8)
    red = (fractions[0, 0] * 0.229 + 0.485) * 255
    assert (pixels[0, 0] - red).abs().max() <= 0.51
    assert 10 < grey.float().std() < 100
    with pytest.raises(InputError, match="is no image"):
        arguments("image=3x32x32:int64@photo")
