"""Inputs are described by one text, which is read back as it was, and by signatures."""

from __future__ import annotations

import pytest

from explorer.networks.input_spec import InputError, InputSpec, parse_inputs, single_input, suggest_inputs


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("3x224x224", InputSpec()),
        ("image=3×64×64:float64@photo", InputSpec("image", (1, 3, 64, 64), "float64", "photo")),
        ("tokens=[1x16]:int64@0..999", InputSpec("tokens", (1, 16), "int64", "0..999")),
        ("z=100", InputSpec("z", (1, 100))),
        ("[3x16x16]@noise", InputSpec("", (3, 16, 16), "", "noise")),
        ("scale=[]@2", InputSpec("scale", (), "", "2")),
        ("box=@1, 2.5, -3e2", InputSpec("box", (1, 3), "", "1, 2.5, -3e2")),
        ("data=@my folder/a=b.npy", InputSpec("data", (), "", "my folder/a=b.npy")),
        ("batch[mask][0]=1x8x8@ones", InputSpec("batch[mask][0]", (1, 1, 8, 8), "", "ones")),
        ("mask=None", InputSpec.plain("mask", None)),
        ("train=true", InputSpec.plain("train", True)),
        ("scale=@2", InputSpec.plain("scale", 2)),
        ("mode=@'sum'", InputSpec.plain("mode", "sum")),
    ],
)
def test_a_text_describes_an_input_and_is_written_again(text: str, spec: InputSpec) -> None:
    assert InputSpec.from_text(text) == spec
    assert InputSpec.from_text(spec.text) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image=3xax3", "is no input"),
        ("", "is no input"),
        ("2 images=3x8x8", "is no name of an argument"),
        ("x=3x8x8:float128", "is no number format"),
        ("x=3x8x8@a photo", "is no source of numbers"),
        ("x=3x8x8@9..1", "ends before it begins"),
        ("x=99999x99999", "at most 8 sides and 2 GiB"),
        ("x=[1x1x1x1x1x1x1x1x1]", "at most 8 sides"),
    ],
)
def test_what_is_no_input_is_quoted(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        InputSpec.from_text(text)


def test_names_are_given_once() -> None:
    with pytest.raises(InputError, match="two inputs are called 'x'"):
        parse_inputs(["x=3x8x8", "x=4"])
    with pytest.raises(InputError, match="several inputs need names"):
        parse_inputs(["3x8x8", "4"])


def test_a_signature_suggests_inputs() -> None:
    assert suggest_inputs([("x", "torch.Tensor", False), ("flag", "bool", True)]) == single_input()
    needed = {
        "image": "Tensor",
        "input_ids": "",
        "deterministic": "bool",
        "*rest": "",
        "features": "list[Tensor]",
        "t": "",
    }
    found = suggest_inputs((name, kind, False) for name, kind in needed.items())
    assert [spec.text for spec in found] == [
        "image=3x224x224",
        "input_ids=16:int64@0..9",
        "deterministic=False",
        "features[0]=3x224x224",
        "t=[1]@1",
    ]
