"""Every image people have opens; every file that is none is refused with its name and the reason."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import get_weight
from torchvision.transforms.functional import to_pil_image

from explorer.analysis import sample
from explorer.analysis.sample import ImageError, Sample, class_labels, decode_image, load_sample, preprocess, read_image
from explorer.analysis.sample_names import BUILT_IN_SAMPLES


def png(image: Image.Image, **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **settings)
    return buffer.getvalue()


@pytest.mark.parametrize("name", BUILT_IN_SAMPLES)
def test_built_in_photos(name: str) -> None:
    photo = load_sample(name)
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape[2] == 3


def test_transparency_lies_over_white() -> None:
    photo = decode_image(png(Image.new("RGBA", (4, 4), (255, 0, 0, 0))), "clear.png")
    assert photo.pixels.min() == 255


def test_a_transparent_palette_lies_over_white() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([0, 0, 0] * 256)
    assert decode_image(png(image, transparency=0), "palette.png").pixels.min() == 255


def test_greyscale_and_cmyk_become_rgb() -> None:
    assert decode_image(png(Image.new("L", (4, 4), 7)), "grey.png").pixels.tolist()[0][0] == [7, 7, 7]
    buffer = io.BytesIO()
    Image.new("CMYK", (4, 4), (0, 0, 0, 0)).save(buffer, "JPEG")
    assert decode_image(buffer.getvalue(), "print.jpg").pixels.min() > 250


def test_sixteen_bits_become_eight() -> None:
    image = Image.fromarray(np.full((4, 4), 32768, dtype=np.uint16))
    assert decode_image(png(image), "deep.png").pixels[0, 0, 0] in (127, 128)


def test_the_cameras_orientation_is_honoured() -> None:
    image = Image.new("RGB", (6, 3))
    exif = image.getexif()
    exif[0x0112] = 6  # lying on its side
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    assert decode_image(buffer.getvalue(), "phone.jpg").pixels.shape[:2] == (6, 3)


def test_one_pixel_is_an_image() -> None:
    assert preprocess(decode_image(png(Image.new("RGB", (1, 1))), "dot.png"), (1, 3, 224, 224)).shape == (
        1,
        3,
        224,
        224,
    )


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_image_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(ImageError, match=r"notes\.png"):
        decode_image(content, "notes.png")


def test_the_content_counts_not_the_name() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 4), (255, 0, 0)).save(buffer, "JPEG")
    assert decode_image(buffer.getvalue(), "mislabelled.png").size == (8, 4)


def test_numbers_that_are_none_are_black() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.array([[np.nan, np.inf], [0, 255]], np.float32)).save(buffer, "TIFF")
    assert decode_image(buffer.getvalue(), "broken.tif").pixels[..., 0].tolist() == [[0, 0], [0, 255]]


def test_a_truncated_image_is_refused() -> None:
    content = png(Image.effect_noise((64, 64), 50))
    with pytest.raises(ImageError, match=r"half\.png is damaged"):
        decode_image(content[: len(content) // 2], "half.png")


def test_a_giant_is_refused_before_memory_is_used() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    giant = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(ImageError, match=r"giant\.png has far more than 100 million pixels"):
        decode_image(giant, "giant.png")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(bytes(2000))
    monkeypatch.setattr(sample, "MAX_FILE_BYTES", 1000)
    with pytest.raises(ImageError, match=r"huge\.png has"):
        read_image(path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.png", tmp_path):
        with pytest.raises(ImageError, match="cannot read"):
            read_image(path)


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


def test_more_pixels_than_we_read_are_refused_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MAX_PIXELS", 100)
    with pytest.raises(ImageError, match="20 × 10 pixels"):
        decode_image(png(Image.new("RGB", (20, 10))), "large.png")


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
