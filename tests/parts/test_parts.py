"""Parts are what their papers say, count as the reference implementations do, and refuse what they cannot take."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.models import convnext, densenet, efficientnet, mobilenetv2, resnet, shufflenetv2, squeezenet

from explorer.graph.trace import trace
from explorer.networks.googlenet import Inception
from explorer.parts import Part, PartError, all_parts, find_part, register_part
from explorer.parts.part import _PARTS
from explorer.parts.setting import CHANNELS, ChoiceSetting, IntegerSetting

#: What torchvision, or this project's networks, have of the same name.
REFERENCES = {
    ("fire", 96, "channels=128, squeeze=16"): lambda: squeezenet.Fire(96, 16, 64, 64),
    ("basic_residual", 64, ""): lambda: resnet.BasicBlock(64, 64),
    ("bottleneck", 256, ""): lambda: resnet.Bottleneck(256, 64),
    ("wide_bottleneck", 256, ""): lambda: resnet.Bottleneck(256, 64, base_width=128),
    ("resnext", 256, ""): lambda: resnet.Bottleneck(256, 64, groups=32, base_width=4),
    ("inverted_residual", 24, ""): lambda: mobilenetv2.InvertedResidual(24, 24, 1, 6),
    ("inverted_residual", 24, "channels=32, stride=2"): lambda: mobilenetv2.InvertedResidual(24, 32, 2, 6),
    ("mbconv", 24, ""): lambda: efficientnet.MBConv(efficientnet.MBConvConfig(6, 3, 1, 24, 24, 1), 0.0, nn.BatchNorm2d),
    ("fused_mbconv", 24, ""): lambda: efficientnet.FusedMBConv(
        efficientnet.FusedMBConvConfig(4, 3, 1, 24, 24, 1), 0.0, nn.BatchNorm2d
    ),
    ("inception_v1", 192, "channels=256"): lambda: Inception(192, 64, 96, 128, 16, 32, 32),
    ("dense_layer", 64, ""): lambda: densenet._DenseLayer(64, 32, 4, 0.0),
    ("transition", 64, ""): lambda: densenet._Transition(64, 32),
    ("shuffle_v2", 64, ""): lambda: shufflenetv2.InvertedResidual(64, 64, 1),
    ("shuffle_v2", 64, "channels=128, stride=2"): lambda: shufflenetv2.InvertedResidual(64, 128, 2),
}


def build(key: str, channels: int, settings: str = "") -> nn.Module:
    part = find_part(key)
    return part.build_module(channels, part.read_settings(settings))


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(("key", "channels", "settings"), REFERENCES)
def test_a_block_has_as_many_parameters_as_the_reference(key: str, channels: int, settings: str) -> None:
    assert count(build(key, channels, settings)) == count(REFERENCES[key, channels, settings]())


def test_a_convnext_block_is_the_reference_without_layer_scale() -> None:
    reference = convnext.CNBlock(96, 1e-6, 0.0)
    assert count(build("convnext", 96)) == count(reference) - reference.layer_scale.numel()


def test_a_v1_unit_narrows_to_a_quarter() -> None:
    widths = [
        layer.out_channels
        for layer in build("shuffle_v1", 240, "groups=3").modules()
        if hasattr(layer, "stride") and hasattr(layer, "out_channels")
    ]
    assert widths == [60, 60, 240]


@pytest.mark.parametrize("part", all_parts(), ids=lambda part: part.key)
def test_every_part_says_what_it_is_and_can_be_traced(part: Part) -> None:
    assert part.title
    assert part.sentence.endswith(".")
    assert part.family
    assert part.kind == "layer" or part.source, "a block names its paper"
    module = part.build_module(64, {})
    shape = (1, 64) if part.takes == "features" else (1, 64, 16, 16)
    with torch.no_grad():
        module.eval()(torch.zeros(shape))
    trace(nn.Sequential(module), shape)
    for setting in part.settings:
        assert setting.title
        assert not setting.find_fault(setting.default)


def test_blur_pooling_is_the_binomial_filter_on_a_reflected_map() -> None:
    image = torch.rand(1, 1, 9, 9)
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    kernel = (row[:, None] * row).reshape(1, 1, 3, 3)
    padded = nn.functional.pad(image, (1, 1, 1, 1), mode="reflect")
    expected = nn.functional.conv2d(padded, kernel, stride=2)
    assert torch.allclose(build("blur_pool", 1)(image), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("key", "settings", "message"),
    [
        ("fire", "width=3", r"has no setting 'width'; it takes channels, squeeze"),
        ("fire", "channels=-1", "channels must be a whole number from 0 to 8192"),
        ("fire", "channels=True", "channels must be a whole number"),
        ("fire", "norm='bach'", "norm must be one of none, batch"),
        ("fire", "channels", "written with their names"),
        ("convolution", "kernel=4", "kernel must be odd"),
        ("convolution", "bias=1", "bias must be like True"),
        ("convolution", "channels=__import__('os')", "cannot be read as arguments"),
    ],
)
def test_settings_that_a_part_does_not_take_are_refused_with_what_it_takes(
    key: str, settings: str, message: str
) -> None:
    with pytest.raises(PartError, match=message):
        find_part(key).read_settings(settings)


def test_what_cannot_be_built_says_why() -> None:
    with pytest.raises(PartError, match="cannot be built of 24 channels"):
        build("shuffle_v1", 24)
    with pytest.raises(PartError, match="no part 'fir'; nearest: fire"):
        find_part("fir")


def test_a_part_is_a_function_with_a_decorator() -> None:
    @register_part(
        "toy", title="Toy", sentence="Counts.", family="Toys", settings=(IntegerSetting("channels", "Channels", 8),)
    )
    def build_toy(in_channels: int, channels: int) -> nn.Module:
        return nn.Conv2d(in_channels, channels, 1)

    try:
        assert find_part("toy") in all_parts()
        assert count(build("toy", 3)) == 3 * 8 + 8
    finally:
        del _PARTS["toy"]


def test_choices_are_those_that_the_builders_know() -> None:
    for part in all_parts():
        for setting in part.settings:
            for choice in setting.choices if isinstance(setting, ChoiceSetting) else ():
                if (setting.name, choice) in (("norm", "none"), ("activation", "linear")) and part.kind == "layer":
                    continue
                part.build_module(64, {setting.name: choice})


@pytest.mark.parametrize("part", [part for part in all_parts() if CHANNELS in part.settings], ids=lambda part: part.key)
def test_no_layer_is_left_without_channels(part: Part) -> None:
    """However few there are: it is built, or refused with a reason. Torch only warns."""
    for channels in (1, 2, 3, 5):
        for entering in (1, 3, 8):
            try:
                module = part.build_module(entering, {"channels": channels})
            except PartError:
                continue
            assert all(parameter.numel() for parameter in module.parameters())
