"""Where every layer's weights come from after an edit: kept, sliced, extended or new; and that new ones are neutral."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from explorer.edits import (
    AddShortcut,
    Edit,
    RepeatBlock,
    SetClasses,
    SetConvForm,
    SetExpansion,
    SetInputSize,
    SetLayer,
    SetWidth,
    SwapActivation,
    SwapNorm,
    ToggleShortcut,
    ToggleSqueezeExcitation,
)
from explorer.network import Network

Opened = Callable[[str], Network]


def origins(network: Network) -> dict[str, str]:
    source = network.context.weights
    found = {name: source.provenance(node) for name, node in network.architecture.live.items()}
    return {name: origin for name, origin in found.items() if origin is not None}


def tensor(network: Network, node: str, name: str = "weight") -> torch.Tensor:
    return network.context.weights.tensors(network.architecture.nodes[node])[name]


def test_as_opened_everything_is_kept(opened: Opened) -> None:
    assert set(origins(opened("resnet18")).values()) == {"kept"}


@pytest.mark.parametrize(
    "edit",
    [ToggleShortcut("*", on=False), SwapActivation("*", "gelu"), SetInputSize(resolution=128)],
    ids=lambda edit: edit.name,
)
def test_edits_without_weights_keep_all_of_them(edit: Edit, opened: Opened) -> None:
    before, after = opened("resnet18"), opened("resnet18").edit(edit)
    assert set(origins(after).values()) == {"kept"}
    for name in origins(after):
        assert torch.equal(tensor(after, name), tensor(before, name))


def test_a_narrower_layer_is_sliced_and_what_reads_it_with_it(opened: Opened) -> None:
    before = opened("mobilenet_v2")
    after = before.edit(SetExpansion("features.3", 3.0))
    changed = {name: origin for name, origin in origins(after).items() if origin != "kept"}
    assert set(changed.values()) == {"sliced"}
    assert set(changed) == {f"features.3.conv.{at}" for at in ("0.0", "0.1", "1.0", "1.1", "2")}
    kept, cut = tensor(before, "features.3.conv.0.0"), tensor(after, "features.3.conv.0.0")
    assert torch.equal(cut, kept[: len(cut)])  # the fan-in is the same
    narrowed, whole = tensor(after, "features.3.conv.2"), tensor(before, "features.3.conv.2")
    share = (whole.shape[1] / narrowed.shape[1]) ** 0.5  # He's deviation at the fan-in there is now
    assert torch.allclose(narrowed, whole[:, : narrowed.shape[1]] * share)


def test_a_wider_layer_is_extended(opened: Opened) -> None:
    before = opened("resnet18")
    after = before.edit(SetWidth("layer4", 768))
    assert origins(after)["layer4.1.conv2"] == "extended"
    assert origins(after)["fc"] == "extended"
    assert tensor(after, "layer4.1.conv2").shape[0] == 768
    assert torch.equal(tensor(after, "fc", "bias"), tensor(before, "fc", "bias"))


@pytest.mark.parametrize(
    ("edit", "new"),
    [
        (SetLayer("layer1.0.conv1", "kernel", 5), {"layer1.0.conv1"}),
        (SwapNorm("layer1.0.bn1", "group"), {"layer1.0.bn1"}),
        (RepeatBlock("layer3.1"), {"layer3.1~2.conv1", "layer3.1~2.bn1", "layer3.1~2.conv2", "layer3.1~2.bn2"}),
    ],
    ids=["kernel", "norm", "repeat"],
)
def test_another_layer_is_new_and_the_rest_is_kept(edit: Edit, new: set[str], opened: Opened) -> None:
    after = opened("resnet18").edit(edit)
    assert {name for name, origin in origins(after).items() if origin == "new"} == new
    assert {origin for name, origin in origins(after).items() if name not in new} == {"kept"}


def test_new_weights_depend_on_the_seed_and_the_path_alone(opened: Opened) -> None:
    once = opened("resnet18").edit(RepeatBlock("layer3.1"))
    again = opened("resnet18").edit(ToggleShortcut("layer1.0", on=False), RepeatBlock("layer3.1"))
    assert torch.equal(tensor(once, "layer3.1~2.conv1"), tensor(again, "layer3.1~2.conv1"))


@pytest.mark.parametrize("kind", ["batch", "group", "instance", "layer"])
def test_a_norm_put_where_there_was_none_starts_neutral(kind: str, opened: Opened) -> None:
    after = opened("vgg11").edit(SwapNorm("features.8", kind))
    name = next(name for name, node in after.architecture.live.items() if node.added)
    node = after.architecture.nodes[name]
    assert node.identity_init
    values = after.context.weights.tensors(node)
    if kind == "batch":  # in eval mode it computes nothing at all
        x = torch.randn(1, len(values["weight"]), 4, 4)
        passed = torch.nn.functional.batch_norm(
            x, values["running_mean"], values["running_var"], values["weight"], values["bias"]
        )
        assert torch.allclose(passed, x, atol=1e-6)
    for gain in (value for key, value in values.items() if key == "weight"):
        assert torch.allclose(gain, torch.ones(()), atol=1e-5)
    for shift in (value for key, value in values.items() if key == "bias"):
        assert not shift.any()


def test_batch_norms_in_a_network_without_leave_its_output(opened: Opened) -> None:
    before = opened("vgg11")
    after = before.edit(SwapNorm("*", "batch"))
    assert torch.allclose(
        after.run("cat").result.main_output, before.run("cat").result.main_output, rtol=1e-3, atol=1e-4
    )


def test_a_projection_shortcut_starts_as_the_identity_of_the_channels_there_are(opened: Opened) -> None:
    after = opened("plain18").edit(AddShortcut("layer2.0", "project"))
    name = next(name for name in after.architecture.live if name.endswith(".projection"))
    weight = tensor(after, name).flatten(1)
    assert torch.equal(weight, torch.eye(*weight.shape))


@pytest.mark.parametrize(
    "edit", [SetConvForm("layer1.0.conv1", "separable"), ToggleSqueezeExcitation("layer1.0", on=True)]
)
def test_layers_that_an_edit_adds_are_new(edit: Edit, opened: Opened) -> None:
    after = opened("resnet18").edit(edit)
    added = {name for name, node in after.architecture.live.items() if node.added and name in origins(after)}
    assert added
    assert {origins(after)[name] for name in added} == {"new"}


def test_undo_gives_back_the_very_weights(opened: Opened) -> None:
    before = opened("mobilenet_v3_small")
    after = before.edit(SetExpansion("*", 2.0), SetClasses(10)).undo().undo()
    for name in origins(before):
        for key, value in before.context.weights.tensors(before.architecture.nodes[name]).items():
            assert torch.equal(after.context.weights.tensors(after.architecture.nodes[name])[key], value)
