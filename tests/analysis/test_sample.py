"""Every image becomes what its network's weights expect."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.models import get_weight
from torchvision.transforms.functional import to_pil_image

from explorer.analysis import sample
from explorer.analysis.sample import Sample, class_labels, load_sample, preprocess
from explorer.analysis.sample_names import BUILT_IN_SAMPLES


@pytest.mark.parametrize("name", BUILT_IN_SAMPLES)
def test_built_in_photos(name: str) -> None:
    photo = load_sample(name)
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape[2] == 3


def test_one_pixel_is_an_image() -> None:
    assert preprocess(Sample("dot", np.zeros((1, 1, 3), dtype=np.uint8)), (1, 3, 224, 224)).shape == (1, 3, 224, 224)


def test_preprocessing_is_the_weights_own() -> None:
    photo = load_sample("cat")
    name = "ResNet50_Weights.IMAGENET1K_V2"
    expected = get_weight(name).transforms()(to_pil_image(torch.from_numpy(photo.pixels.copy()).permute(2, 0, 1)))
    assert torch.equal(preprocess(photo, (1, 3, 224, 224), name)[0], expected)


def test_other_shapes() -> None:
    photo = Sample("grey", np.full((50, 80, 3), 128, dtype=np.uint8))
    assert preprocess(photo, (2, 1, 32, 48)).shape == (2, 1, 32, 48)


def test_labels() -> None:
    assert class_labels(1000)[281] == "tabby"
    assert class_labels(3) == ("class 0", "class 1", "class 2")


def test_at_another_size_the_same_share_is_cut_out() -> None:
    photo = load_sample("cat")
    name = "EfficientNet_B0_Weights.IMAGENET1K_V1"  # 256 → 224, bicubic
    left, top, width, height = sample.crop_box(photo, (1, 3, 112, 112), name)
    assert width == height == photo.size[1] * 224 / 256
    assert left == (photo.size[0] - width) / 2
    assert top == (photo.size[1] - height) / 2
    own = get_weight(name).transforms()
    half = own.__class__(crop_size=112, resize_size=128, interpolation=own.interpolation)
    expected = half(to_pil_image(torch.from_numpy(photo.pixels.copy()).permute(2, 0, 1)))
    assert torch.equal(preprocess(photo, (1, 3, 112, 112), name)[0], expected)


def test_the_crop_is_what_the_network_sees() -> None:
    pixels = np.zeros((256, 512, 3), dtype=np.uint8)
    left, top, width, height = (round(v) for v in sample.crop_box(Sample("", pixels), (1, 3, 224, 224)))
    assert (left, top, width, height) == (144, 16, 224, 224)
    pixels[top : top + height, left : left + width] = 255
    seen = preprocess(Sample("white inside", pixels), (1, 3, 224, 224))
    assert bool((seen == seen[..., :1, :1]).all())


@pytest.mark.parametrize("name", ["GoogLeNet_Weights.IMAGENET1K_V1", "Inception_V3_Weights.IMAGENET1K_V1"])
def test_weights_trained_on_other_scales_get_theirs(name: str) -> None:
    """torchvision's own network does it inside its forward."""
    from torchvision.models import GoogLeNet

    photo, weights = load_sample("cat"), get_weight(name)
    plain = weights.transforms()(to_pil_image(torch.from_numpy(photo.pixels.copy()).permute(2, 0, 1)))
    module = GoogLeNet(transform_input=True, init_weights=False)
    shape = (1, 3, plain.shape[-1], plain.shape[-1])
    assert torch.allclose(preprocess(photo, shape, name), module._transform_input(plain[None]), atol=1e-6)


def test_no_number_is_given_twice() -> None:
    assert load_sample("cat").serial != load_sample("cat").serial


@pytest.mark.parametrize("size", [(3, 20_000), (20_000, 3), (1, 30_000)])
def test_a_line_of_pixels_is_cut_before_it_is_scaled(size: tuple[int, int]) -> None:
    """Scaled whole, its long side would have millions of pixels."""
    line = np.zeros((*size, 3), dtype=np.uint8)
    middle = (slice(length // 2 - 8, length // 2 + 8) if length > 16 else slice(None) for length in size)
    line[tuple(middle)] = 255
    seen = preprocess(Sample("line", line), (1, 3, 224, 224))
    assert float(seen.min()) > 2, "the middle is white"


def test_panoramas_are_scaled_as_torchvision_does() -> None:
    photo = Sample("wide", load_sample("cat").pixels[:75])
    assert sample.centre_of_long(photo.pixels) is not photo.pixels
    narrow = Sample("less wide", load_sample("cat").pixels[:150])
    assert sample.centre_of_long(narrow.pixels) is narrow.pixels
