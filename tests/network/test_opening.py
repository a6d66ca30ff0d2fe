"""Opening from Python: what is easily given wrong says what is right."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

import explorer
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.analysis.probes.feature_maps import compute_feature_maps
from explorer.export.python_code import python_source
from explorer.export.sheet_text import caption
from explorer.networks.input_spec import InputError
from explorer.presenters.outputs import compare_outputs
from explorer.presenters.stage_table import stage_table


def head() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def answer(network: explorer.Network) -> str:
    return str(network.analysis.figures.measures[network.architecture.output.name].value)


def test_a_forgotten_batch_is_told() -> None:
    expected = r"\(3, 64, 64\) has no batch, which input_shape begins with: give \(1, 3, 64, 64\)"
    with pytest.raises(InputError, match=expected):
        explorer.open("resnet18", input_shape=(3, 64, 64))
    with pytest.raises(InputError, match=expected):
        explorer.open(head(), input_shape=(3, 64, 64))
    assert answer(explorer.open(head(), input_shape=(1, 3, 64, 64))) == "2"


def test_a_module_without_batch_opens_as_it_is() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    assert answer(explorer.open(module, input_shape=(3, 64, 64))) == "4×62×62"


def test_what_a_batch_does_not_mend_keeps_its_own_reason() -> None:
    with pytest.raises(ShapeError, match="0 cannot take 5×64×64: Invalid channel dimensions"):
        explorer.open(head(), input_shape=(5, 64, 64))


def test_without_a_batch_all_dims_are_those_of_the_image(tmp_path: Path) -> None:
    network = explorer.open(nn.Sequential(nn.Conv1d(2, 6, 3), nn.ReLU(), nn.Conv1d(6, 4, 3)), inputs="[2x20]")
    output = network.architecture.output.name
    assert repr(network.run("cat")) == "Prediction(output of shape (4, 16))"
    assert compute_feature_maps(output, network.probe("cat")).values.shape == (4, 16)
    assert caption(network).endswith("input 2×20")
    vector = explorer.open(nn.Linear(5, 3), inputs="[5]").run("cat")
    assert len(vector.top(9)) == 3
    blocks = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU()))
    for inputs in ("[3x16x16]", "3x16x16"):
        network = explorer.open(blocks, inputs=inputs)
        assert stage_table([network.analysis]).rows[-1][1] == "12×12"
        assert "14 × 14" not in python_source(network).replace("4 × 14 × 14", "")


def test_a_map_of_classes_without_a_batch_is_one() -> None:
    network = explorer.open(nn.Conv2d(3, 5, 3), inputs="[3x16x16]")
    result = network.run("cat").result
    shown = compare_outputs(result, result, "", has_batch=network.figures.has_batch)
    assert shown.facts_text == "The class changed at 0.0 % of the 14 × 14 positions"
