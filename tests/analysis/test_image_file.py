"""Every image people have opens; every file that is none is refused with its name and the reason."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.analysis import image_file
from explorer.analysis.image_file import ImageError, decode_image, read_image


def png(image: Image.Image, **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **settings)
    return buffer.getvalue()


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
    with pytest.raises(ImageError, match=r"giant\.png has far more pixels than the 36 million"):
        decode_image(giant, "giant.png")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(bytes(2000))
    monkeypatch.setattr(image_file, "MAX_FILE_BYTES", 1000)
    with pytest.raises(ImageError, match=r"huge\.png has"):
        read_image(path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.png", tmp_path):
        with pytest.raises(ImageError, match="cannot read"):
            read_image(path)


def test_more_pixels_than_we_read_are_refused_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_file, "MAX_PIXELS", 100)
    with pytest.raises(ImageError, match="20 × 10 pixels"):
        decode_image(png(Image.new("RGB", (20, 10))), "large.png")


def test_only_listed_decoders_are_asked() -> None:
    """PostScript named .png would start Ghostscript."""
    with pytest.raises(ImageError, match=r"drawing\.png is no image that can be read \(PNG, JPEG"):
        decode_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n{} loop\n", "drawing.png")


@pytest.mark.parametrize("size", [(1, 65_535), (65_535, 1), (40_000, 40)])
def test_absurd_sides_are_refused_with_their_number(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match=f"{size[0]} × {size[1]} pixels; a side of more than 32,768"):
        decode_image(png(Image.new("L", size)), "line.png")


def test_large_photos_are_decoded_at_a_reduced_size() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (12_000, 9_000), (200, 30, 30)).save(buffer, "JPEG")
    photo = decode_image(buffer.getvalue(), "camera.jpg")
    assert photo.size == (6000, 4500)
    assert abs(int(photo.pixels[100, 100, 0]) - 200) < 4


def test_bands_of_rows_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (37, 11, 4), dtype=np.uint8)
    for mode in ("RGBA", "RGB", "L", "I;16"):
        image = Image.fromarray(pixels).convert("L" if mode == "I;16" else mode)
        if mode == "I;16":
            image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
        whole = decode_image(png(image), "whole.png").pixels
        with monkeypatch.context() as patched:
            patched.setattr(image_file, "_BAND_PIXELS", 50)
            assert np.array_equal(decode_image(png(image), "bands.png").pixels, whole)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no name here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match=r"pipe\.png is no file"):
        read_image(tmp_path / "pipe.png")


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
@pytest.mark.parametrize(("mode", "size"), [("RGBA", (6000, 5990)), ("I;16", (6000, 5990)), ("RGB", (3, 20_000))])
def test_memory_stays_below_300_mb(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    path = tmp_path / "large.png"
    Image.new(mode, size).save(path, compress_level=1)
    script = (
        "import resource, sys\n"
        "from explorer.analysis.image_file import read_image\n"
        "from explorer.analysis.sample import preprocess\n"
        "import torchvision.transforms._presets, PIL.PngImagePlugin\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "preprocess(read_image(sys.argv[1]), (1, 3, 224, 224))\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < 300 * 2**20
