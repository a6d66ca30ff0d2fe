"""The catalogue against the live modules, torchvision's own figures, and what was published."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models

from explorer.networks.catalogue import (
    BuildOption,
    CatalogueEntry,
    UnknownNetwork,
    all_entries,
    all_families,
    get_entry,
    instantiate,
)
from tests.networks.conftest import Count

KEYS = [entry.key for entry in all_entries()]
IN_TORCHVISION = [entry.key for entry in all_entries() if entry.weights]


def traced(network: nn.Module) -> torch.fx.GraphModule:
    return torch.fx.symbolic_trace(network)


def training(network: nn.Module) -> list[str]:
    return [path for path, module in network.named_modules() if module.training]


def test_the_catalogue_has_all_of_torchvision_and_what_it_lacks() -> None:
    own = {
        *("alexnet_2012", "googlenet_2014", "inception_v2_bn", "inception_v2"),
        *("resnet50_v1", "plain18", "plain34", "se_resnet50"),
        *("mobilenet_v1", "mobilenet_v1_x0_75", "mobilenet_v1_x0_5", "mobilenet_v1_x0_25"),
        *(f"shufflenet_v1_g{groups}" for groups in (1, 2, 3, 4, 8)),
        *(f"shufflenet_v1_x{width}" for width in ("0_25", "0_5", "1_5", "2_0")),
    }
    assert len(set(KEYS)) == len(KEYS)
    assert own <= set(KEYS) - set(IN_TORCHVISION)
    assert set(IN_TORCHVISION) == set(models.list_models(module=models))


def test_entries_go_by_year_then_family() -> None:
    order = [(entry.year, all_families().index(entry.family)) for entry in all_entries()]
    assert order == sorted(order)


@pytest.mark.parametrize("key", KEYS)
def test_committed_counts_are_the_live_ones(key: str, macs: Count, params: Callable[[nn.Module], int]) -> None:
    entry = get_entry(key)
    network = instantiate(entry)
    assert params(network) == entry.params
    assert macs(network, entry.input_size)[""] == entry.macs
    assert training(network) == []
    assert {tensor.device.type for tensor in (*network.parameters(), *network.buffers())} == {"meta"}
    graph = traced(network).graph
    assert [node.op for node in graph.nodes].count("placeholder") == 1


@pytest.mark.parametrize("key", IN_TORCHVISION)
def test_torchvision_publishes_the_same_counts(key: str) -> None:
    entry = get_entry(key)
    assert entry.weights is not None
    enum, _, member = entry.weights.partition(".")
    weights = getattr(models, enum)[member]
    assert models.get_model_weights(key) is type(weights)
    crop = weights.transforms.keywords["crop_size"]
    assert entry.input_size == (3, crop, crop)
    assert entry.params == weights.meta["num_params"]
    assert round(entry.macs / 1e9, 3) == weights.meta["_ops"]
    if entry.top1_source.startswith("torchvision"):
        assert entry.top1_source == f"torchvision, {entry.weights}"
        assert entry.top1 == weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]


@pytest.mark.parametrize("key", KEYS)
def test_entries_are_complete(key: str) -> None:
    entry = get_entry(key)
    assert entry.title
    assert str(entry.year)[:3] in ("201", "202")
    assert entry.paper.count(", ") >= 2
    assert entry.top1 is not None
    assert 40 < entry.top1 < 90
    assert entry.top1_source
    hash(entry)


@pytest.mark.parametrize("key", KEYS)
def test_published_counts_come_out_or_say_why_not(key: str) -> None:
    entry = get_entry(key)
    for published in entry.published:
        assert published.source
        if published.figure == "top1":
            assert 40 < published.value < 90
            continue
        counted = getattr(entry, published.figure)
        if not published.note:
            assert counted == pytest.approx(published.value, rel=0.02), published
        if published.note.startswith("not reproducible"):
            assert counted != pytest.approx(published.value, rel=0.1)
            assert "cannot be reproduced" in entry.note


def test_published_accuracy_is_the_papers() -> None:
    published = {"vgg16": 73.0, "resnet34": 75.48, "mobilenet_v2": 72.0, "shufflenet_v1_g3": 67.4, "plain34": 71.46}
    assert {key: get_entry(key).top1 for key in published} == published


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("resnet51", "resnet50"),
        ("ResNet-50", "resnet50"),
        ("mobilenetv2", "mobilenet_v2"),
        ("shufflenet_v1", "shufflenet_v1_g"),
    ],
)
def test_an_unknown_key_names_the_nearest(wanted: str, nearest: str) -> None:
    with pytest.raises(UnknownNetwork, match=nearest) as caught:
        get_entry(wanted)
    assert wanted in str(caught.value)
    assert isinstance(caught.value, LookupError)


def test_an_unknown_key_far_from_all_names_none() -> None:
    with pytest.raises(UnknownNetwork, match=r"'qqqqqqqq' in the catalogue$"):
        get_entry("qqqqqqqq")


@pytest.mark.parametrize(
    ("key", "added"), [("googlenet_2014", 6_379_728), ("googlenet", 6_379_984), ("inception_v3", 0)]
)
def test_auxiliary_heads_run_although_the_rest_is_in_eval_mode(
    key: str, added: int, params: Callable[[nn.Module], int]
) -> None:
    entry = get_entry(key)
    network = instantiate(entry, {"aux_heads": True})
    assert params(network) == entry.params + added
    assert training(network) == [""]
    outputs = network(torch.empty(2, *entry.input_size, device="meta"))
    assert [tuple(output.shape) for output in outputs] == [(2, 1000)] * len(outputs)
    assert len(outputs) == (2 if key == "inception_v3" else 3)

    def heads(graph: torch.fx.GraphModule) -> int:
        return sum(node.op == "call_module" and "aux" in str(node.target).lower() for node in graph.graph.nodes)

    assert heads(traced(network)) > 0
    assert heads(traced(instantiate(entry))) == 0
    assert heads(traced(instantiate(entry, {"aux_heads": False}))) == 0


@pytest.mark.parametrize(("width", "millions"), [(1.0, 3.505), (1.4, 6.109), (0.5, 1.969)])
def test_mobilenet_v2_has_a_width(width: float, millions: float, params: Callable[[nn.Module], int]) -> None:
    assert params(instantiate(get_entry("mobilenet_v2"), {"width_mult": width})) / 1e6 == pytest.approx(
        millions, abs=5e-4
    )


def test_the_first_choice_of_an_option_is_the_entry_itself(params: Callable[[nn.Module], int]) -> None:
    for entry in all_entries():
        for option in entry.options:
            assert isinstance(option, BuildOption)
            assert params(instantiate(entry, {option.name: option.default})) == entry.params


def test_bad_options_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="vgg16 has no option 'width_mult'; it has none"):
        instantiate(get_entry("vgg16"), {"width_mult": 2})
    with pytest.raises(ValueError, match="it has aux_heads"):
        instantiate(get_entry("googlenet"), {"heads": True})
    with pytest.raises(ValueError, match=r"width_mult=3 is not one of 1\.0, 0\.35"):
        instantiate(get_entry("mobilenet_v2"), {"width_mult": 3})


def test_off_the_meta_device_the_network_runs() -> None:
    network = instantiate(get_entry("shufflenet_v1_x0_25"), device="cpu")
    with torch.no_grad():
        scores = network(torch.zeros(1, 3, 224, 224))
    assert scores.shape == (1, 1000)
    assert scores.isfinite().all()


def test_entries_cannot_be_changed() -> None:
    entry = get_entry("shufflenet_v1_g8")
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.params = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        entry.arguments["groups"] = 1  # type: ignore[index]
    assert isinstance(entry, CatalogueEntry)


def test_listing_does_not_import_torch() -> None:
    code = (
        "import sys; from explorer.networks import catalogue; catalogue.all_entries(); sys.exit('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
