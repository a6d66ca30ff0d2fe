"""A folder of images as a batch: what changed is counted, what cannot be read is named, and it can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from explorer.analysis.image_file import ImageError
from explorer.analysis.sample import load_sample
from explorer.base.cancellation import Cancelled
from explorer.edits import SetClasses, SwapActivation
from explorer.network import Network
from explorer.project.folder_evaluation import evaluate_folder, list_images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cat", "coffee", "rocket"):
        Image.fromarray(load_sample(name).pixels).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_text("not looked at")
    (tmp_path / "folder.png").mkdir()
    return tmp_path


@pytest.fixture
def network(opened: Callable[[str], Network]) -> Network:
    return opened("shufflenet_v2_x0_5")


def test_nothing_changes_without_edits(network: Network, folder: Path) -> None:
    batch = evaluate_folder(network, folder)
    assert [seen.path.name for seen in batch.results] == ["cat.png", "coffee.png", "rocket.png"]
    assert batch.changed == ()
    assert [name for name, _ in batch.unreadable] == ["broken.jpg"]
    assert batch.summary == (
        "The likeliest class is another on 0 of 3 images (0 %); mean divergence 0.000 bits; 1 could not be read."
    )


def test_what_changes_is_what_single_passes_say(network: Network, folder: Path) -> None:
    edited = network.edit(SwapActivation("*", "tanh"))
    for seen in evaluate_folder(edited, folder).results:
        assert seen.baseline_class == network.run(seen.path).top(1)[0][0]
        assert seen.edited_class == edited.run(seen.path).top(1)[0][0]
        assert seen.divergence is not None
        assert seen.divergence > 0


def test_other_classes_are_not_compared(network: Network, folder: Path) -> None:
    assert {seen.divergence for seen in evaluate_folder(network.edit(SetClasses(10)), folder).results} == {None}


def test_it_can_be_stopped(network: Network, folder: Path) -> None:
    with pytest.raises(Cancelled):
        evaluate_folder(network, folder, lambda done: done < 0.4)


def test_folders_without_images_and_folders_that_are_gone(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no image in"):
        list_images(tmp_path)
    with pytest.raises(ImageError, match=r"cannot read .*gone"):
        list_images(tmp_path / "gone")


def test_an_image_that_is_gone_meanwhile_is_named(network: Network, folder: Path) -> None:
    def unplugged(done: float) -> bool:
        (folder / "rocket.png").unlink(missing_ok=True)
        return True

    batch = evaluate_folder(network, folder, unplugged)
    assert "rocket.png" in dict(batch.unreadable)
    assert len(batch.results) == 2
