"""Data sets: what they hold, how they are split, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from explorer.training.data_spec import DataError, DataSpec, data_from_json, data_from_text
from explorer.training.datasets import _read_digits, load_dataset, normalise
from explorer.training.published_sets import DownloadRequired

SHAPE = (3, 16, 16)


def make_folder(root: Path, counts: dict[str, int]) -> Path:
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (20, 30, 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


def test_digits_are_those_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = load_digits()
    both = np.column_stack((digits.data, digits.target))
    assert np.array_equal(_read_digits(), both)
    monkeypatch.setattr(Path, "is_file", lambda _: False)  # a release that keeps them elsewhere
    assert np.array_equal(_read_digits(), both)


def test_digits_are_split_by_class_and_scaled() -> None:
    found = load_dataset(DataSpec("digits"), SHAPE)
    assert (len(found.train), len(found.test)) == (1438, 359)
    assert found.train.pixels.shape[1:] == SHAPE
    assert found.train.pixels.dtype == torch.uint8
    assert found.class_names == tuple("0123456789")
    assert max(found.class_balance) - min(found.class_balance) < 10
    assert found.native_side == 8


def test_a_split_depends_on_its_seed() -> None:
    first, again, other = (load_dataset(DataSpec("digits", seed=seed), SHAPE).test.pixels for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first[:100], other[:100])


def test_few_images_are_taken_evenly_from_the_classes() -> None:
    assert sorted(load_dataset(DataSpec("digits", train_images=55), SHAPE).class_balance) == [5] * 5 + [6] * 5


def test_shapes_to_test_on_are_others_than_those_to_train_on() -> None:
    found = load_dataset(DataSpec("shapes", train_images=100), (3, 32, 32))
    seen = {image.numpy().tobytes() for image in found.train.pixels}
    assert not any(image.numpy().tobytes() in seen for image in found.test.pixels)


def test_images_are_normalised_as_the_photos_of_the_window_are() -> None:
    from explorer.analysis.sample import Sample, preprocess

    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    expected = preprocess(Sample("noise", pixels), (1, 3, 224, 224))
    ours = normalise(torch.from_numpy(pixels[16:240, 16:240]).permute(2, 0, 1)[None])
    assert torch.allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 4])
def test_other_numbers_of_channels_get_grey(channels: int) -> None:
    found = load_dataset(DataSpec("shapes", train_images=20), (channels, 8, 8))
    assert found.train.pixels.shape == (20, channels, 8, 8)
    assert (found.train.pixels == found.train.pixels[:, :1]).all()


def test_a_folder_of_folders_is_a_data_set(tmp_path: Path) -> None:
    root = make_folder(tmp_path, {"cats": 6, "dogs": 4})
    (root / "cats" / "broken.png").write_bytes(b"no image")
    (root / "notes.txt").write_text("not looked at")
    found = load_dataset(DataSpec("folder", path=str(root)), SHAPE)
    assert found.class_names == ("cats", "dogs")
    assert (len(found.train), len(found.test)) == (8, 2)
    assert len(found.skipped) == 1
    assert "broken.png" in found.skipped[0]


def test_a_folder_may_have_its_own_images_to_test_on(tmp_path: Path) -> None:
    make_folder(tmp_path / "train", {"a": 3, "b": 3})
    make_folder(tmp_path / "val", {"a": 1, "b": 2})
    found = load_dataset(DataSpec("folder", path=str(tmp_path)), SHAPE)
    assert (len(found.train), len(found.test)) == (6, 3)


def test_a_folder_without_folders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a folder of its own"):
        load_dataset(DataSpec("folder", path=str(tmp_path)), SHAPE)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        load_dataset(DataSpec("folder", path=str(tmp_path / "none")), SHAPE)


def test_one_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="single class"):
        load_dataset(DataSpec("folder", path=str(make_folder(tmp_path, {"cats": 3}))), SHAPE)


def test_a_class_without_test_images_is_named(tmp_path: Path) -> None:
    make_folder(tmp_path / "train", {"a": 3, "b": 3})
    make_folder(tmp_path / "test", {"a": 1})
    with pytest.raises(DataError, match="no images to test on of b"):
        load_dataset(DataSpec("folder", path=str(tmp_path)), SHAPE)


def test_unreadable_images_alone_are_no_data_set(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").write_bytes(b"")
    with pytest.raises(DataError, match="none of the images"):
        load_dataset(DataSpec("folder", path=str(tmp_path)), SHAPE)


def test_a_set_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = psutil.virtual_memory()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory._replace(available=10_000_000))
    with pytest.raises(DataError, match="smaller resolution"):
        load_dataset(DataSpec("digits"), (3, 224, 224))


def test_a_set_that_is_not_here_says_how_large_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path))
    with pytest.raises(DownloadRequired, match=r"CIFAR-10 .*163 MiB|CIFAR-10 .*170"):
        load_dataset(DataSpec("cifar10"), SHAPE)


def test_a_set_is_text_and_json() -> None:
    spec = data_from_text("shapes:noise=0.3,train_images=200")
    assert spec == DataSpec("shapes", noise=0.3, train_images=200)
    assert data_from_json(spec.as_json()) == spec
    assert data_from_text("/photos/birds") == DataSpec("folder", path="/photos/birds")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"name": "mnist"}, "there is no data set 'mnist'"),
        ({"name": "shapes", "noise": 2}, "noise is 2"),
        ({"name": "shapes", "colour": 1}, "no field 'colour'"),
        ({"name": "digits", "path": "/x"}, "a path belongs"),
        ({"name": "digits", "seed": "one"}, "seed"),
        ([], "is an object"),
    ],
)
def test_a_wrong_description_is_refused(value: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        data_from_json(value)
