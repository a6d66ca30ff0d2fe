"""Volumes follow the maps of the live network."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.network import Network
from explorer.presenters.volumes import build_volumes
from tests.conftest import TYPICAL

Opened = Callable[[str], Network]


def test_the_figure_of_the_alexnet_paper(opened: Opened) -> None:
    found = build_volumes(opened("alexnet_2012").analysis, "units")
    assert [v.label for v in found if v.kind == "conv"] == [
        "55×55×96",
        "27×27×256",
        "13×13×384",
        "13×13×384",
        "13×13×256",
    ]
    assert [v.window for v in found if v.kind == "conv"] == [11, 5, 3, 3, 3]
    assert [v.label for v in found if v.is_vector] == ["4096", "4096", "1000"]
    assert found[0].label == "227×227×3"
    assert found[1].label_above == "11×11, 96, stride 4"


def test_stages_say_what_they_are_made_of(opened: Opened) -> None:
    found = build_volumes(opened("resnet50").analysis, "stages")
    assert [(v.label, v.label_above) for v in found] == [
        ("224×224×3", ""),
        ("112×112×64", "7×7, 64"),
        ("56×56×256", "3 × residual bottleneck"),
        ("28×28×512", "4 × residual bottleneck"),
        ("14×14×1024", "6 × residual bottleneck"),
        ("7×7×2048", "3 × residual bottleneck"),
        ("1000", "global avg pool, 1000-d fc"),
    ]


def test_equal_neighbours_are_one_in_a_long_figure(opened: Opened) -> None:
    found = build_volumes(opened("resnet152").analysis, "blocks")
    assert len(found) < 18
    assert max(v.repeat_count for v in found) == 36


def test_a_block_with_branches_is_one_volume(opened: Opened) -> None:
    found = build_volumes(opened("googlenet_2014").analysis, "ops")
    assert "28×28×256" in [v.label for v in found]
    assert sum(v.repeat_count for v in found if v.label_above == "Inception module") == 9


@pytest.mark.parametrize("key", TYPICAL)
@pytest.mark.parametrize("level", ["stages", "blocks", "units"])
def test_from_the_image_to_the_classes(opened: Opened, key: str, level: str) -> None:
    study = opened(key).analysis
    first, *rest = build_volumes(study, level)  # type: ignore[arg-type]
    assert (first.channels, first.height, first.width) == study.architecture.input_shape[1:]
    assert rest[-1].channels == study.figures.output_shape[-1]
    assert all(v.label_above for v in rest)
