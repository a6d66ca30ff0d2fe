from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import nn

import explorer
from explorer.base.cancellation import Cancelled
from explorer.networks.by_name import build_by_name, list_names
from explorer.networks.catalogue import all_entries
from explorer.opening.recognition import Recognised, recognise_weights, shapes_of
from explorer.opening.state_sketches import Sketch, find_alike, find_similar, read_sketches, recognisable_names
from tests.state_sketches import known_sources

NOWHERE = "model_best.pth"  # a name that says nothing, and no config.json beside it


def recognised(module: nn.Module, path: str | Path = NOWHERE) -> Recognised:
    found = recognise_weights(module.state_dict(), path)
    assert found is not None
    return found


def build(name: str, **arguments: Any) -> nn.Module:
    module: nn.Module = timm.create_model(name, **arguments)
    return module


@pytest.mark.parametrize("name", ["convnext_atto", "resnet26d", "mixnet_s", "res2net50_26w_4s", "poolformer_s12"])
def test_weights_of_timm_are_known_by_names_and_shapes(name: str) -> None:
    assert recognised(build(name)).source == f"timm:{name}"


@pytest.mark.parametrize("name", ["lraspp_mobilenet_v3_large", "ssdlite320_mobilenet_v3_large", "r3d_18"])
def test_weights_of_torchvision_are_known_too(name: str) -> None:
    assert recognised(build_by_name(f"torchvision:{name}", {})[0]).source == f"torchvision:{name}"


@pytest.mark.parametrize(
    "arguments", [{"num_classes": 10}, {"in_chans": 1}, {"num_classes": 0}], ids=["classes", "channels", "no head"]
)
def test_another_head_another_input_or_no_head_is_the_same_network(arguments: dict[str, int]) -> None:
    assert recognised(build("convnext_atto", **arguments)).source == "timm:convnext_atto"


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.module.", "backbone.", "net.encoder."])
def test_what_trainers_put_before_all_names_is_taken_off(prefix: str) -> None:
    state = build("mixnet_s").state_dict()
    found = recognise_weights({prefix + name: tensor for name, tensor in state.items()}, NOWHERE)
    assert found is not None
    assert found.source == "timm:mixnet_s"


def test_files_of_before_batch_norm_counted_its_batches_are_known() -> None:
    state = explorer.open("resnet18").module().state_dict()
    old = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    assert recognise_weights(old, NOWHERE) == Recognised("resnet18", 1.0, find_alike("resnet18"))


def test_networks_that_names_and_shapes_do_not_tell_apart_are_all_named(tmp_path: Path) -> None:
    found = recognised(build("tf_efficientnet_b0"))
    assert {"timm:efficientnet_b0", "timm:tf_efficientnet_b0"} <= {found.source, *found.alike}
    torch.save(build("tf_efficientnet_b0").state_dict(), tmp_path / NOWHERE)
    with pytest.warns(UserWarning, match=r"fit .*timm:tf_efficientnet_b0.* as well"):
        network = explorer.open(tmp_path / NOWHERE)
    assert network.context.checkpoint is not None
    assert network.context.checkpoint.alike == found.alike


def test_a_name_or_a_config_tells_them_apart(tmp_path: Path) -> None:
    module = build("tf_efficientnet_b0")
    assert recognised(module, "tf_efficientnet_b0_ns-c0e6a31c.pth") == Recognised("timm:tf_efficientnet_b0", 1.0)
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "tf_efficientnet_b0", "num_classes": 1000}))
    assert recognised(module, tmp_path / "model.safetensors") == Recognised("timm:tf_efficientnet_b0", 1.0)


def test_a_hostile_config_is_no_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architecture": "os.system", "nested": ' + "[" * 10**5)
    assert recognised(build("convnext_atto"), tmp_path / "model.safetensors").source == "timm:convnext_atto"


def test_a_wrong_name_does_not_mislead() -> None:
    assert recognised(build("mixnet_s"), "resnet18.pth").source == "timm:mixnet_s"


def test_published_files_are_of_the_catalogue() -> None:
    """What torchvision calls its files: the catalogue's network comes before timm's of the same name."""
    module = explorer.open("resnet18").module()
    assert recognised(module, "resnet18-f37072fd.pth") == Recognised("resnet18", 1.0)


@pytest.mark.parametrize(
    "shapes",
    [{}, {"x": (3,)}, {f"layer{number}.weight": (1,) for number in range(50_000)}],
    ids=["nothing", "one tensor", "fifty thousand names"],
)
def test_nothing_is_built_for_weights_of_nothing_known(shapes: dict[str, tuple[int, ...]]) -> None:
    find_similar({"x": (3,)})
    started = time.process_time()
    assert recognise_weights({name: torch.zeros(shape) for name, shape in shapes.items()}, NOWHERE) is None
    assert time.process_time() - started < 2


def test_half_a_network_is_not_offered_as_the_whole() -> None:
    state = build("convnext_atto").state_dict()
    assert recognise_weights(dict(list(state.items())[: len(state) // 2]), NOWHERE) is None


def test_it_can_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        recognise_weights(build("mixnet_s").state_dict(), NOWHERE, lambda done: False)


def test_sketches_are_those_of_the_networks(request: pytest.FixtureRequest) -> None:
    """`python -m tests.state_sketches` writes them anew; with --long all are looked at, else a sample."""
    names, sketches = recognisable_names(), read_sketches()
    step = 1 if request.config.getoption("--long") else 60
    for source in list(known_sources())[::step]:
        assert Sketch.of(shapes_of(source)) == sketches[names[source]], source


def test_names_of_one_network_are_one() -> None:
    """Of equal names and shapes, what computes the same with the same weights needs no telling apart."""
    assert recognisable_names()["timm:resnet18"] == "resnet18"
    assert "timm:resnet18" not in find_alike("resnet18")
    assert "timm:resnetblur18" in find_alike("resnet18")


def test_similar_networks_come_in_the_order_of_what_they_share() -> None:
    shapes = shapes_of("timm:convnext_atto")
    assert find_similar(shapes)[0] == "timm:convnext_atto"
    assert "timm:convnext_tiny" not in find_similar(shapes)
    assert find_similar({}) == []


def test_every_network_can_be_recognised() -> None:
    assert {entry.key for entry in all_entries()} <= recognisable_names().keys()
    assert {f"timm:{name}" for name in list_names("timm")} <= recognisable_names().keys()
