"""Recipes: plain data, learning rates, optimisers, first weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from explorer.training.augmentation import augment, cut_out, mix_up
from explorer.training.initialisation import initialise_layers
from explorer.training.optimisation import build_optimizer, learning_rate_at
from explorer.training.recipe import Recipe, RecipeError, recipe_from_json
from explorer.training.seeding import seeded


def test_a_recipe_says_what_differs_from_the_defaults() -> None:
    recipe = Recipe(epochs=3, optimizer="sgd", flip=True)
    assert recipe.as_json() == {"epochs": 3, "optimizer": "sgd", "flip": True}
    assert recipe_from_json(recipe.as_json()) == recipe


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"epochs": 0}, "epochs is 0; it can be 1"),
        ({"lr": 1}, "no field 'lr'"),
        ({"optimizer": "lion"}, "optimizer"),
        ({"batch_size": "many"}, "batch_size"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        (3, "is an object"),
    ],
)
def test_a_wrong_recipe_is_refused(value: object, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        recipe_from_json(value)


def test_the_rate_rises_and_falls() -> None:
    recipe = Recipe(learning_rate=1.0, warmup=0.1, schedule="cosine")
    rates = [learning_rate_at(recipe, step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * n for n in range(1, 11)])
    assert rates[9] == max(rates)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.001


def test_steps_of_the_rate_are_tenths() -> None:
    recipe = Recipe(learning_rate=1.0, warmup=0, schedule="step")
    assert [learning_rate_at(recipe, step, 100) for step in (0, 49, 50, 74, 75, 99)] == [1, 1, 0.1, 0.1, 0.01, 0.01]


def test_norms_and_biases_do_not_decay() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    groups = build_optimizer(Recipe(weight_decay=0.1), module.parameters()).param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.1), (3, 0.0)]


def test_a_layer_starts_as_its_path_says_whatever_stands_around_it() -> None:
    first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 8, 3))
    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 8, 3), nn.Linear(5, 5))
    for module in (first, other):
        initialise_layers(module, "he", 7)
    assert torch.equal(first.state_dict()["1.weight"], other.state_dict()["1.weight"])


@pytest.mark.parametrize(
    ("method", "deviation"), [("he", (2 / 1152) ** 0.5), ("xavier", (2 / 2304) ** 0.5), ("alexnet", 0.01)]
)
def test_first_weights_have_the_deviation_of_their_source(method: str, deviation: float) -> None:
    module = nn.Sequential(nn.Conv2d(128, 128, 3))
    initialise_layers(module, method, 0)  # type: ignore[arg-type]
    assert float(module.state_dict()["0.weight"].std()) == pytest.approx(deviation, rel=0.02)
    assert not module.state_dict()["0.bias"].any()


def test_only_the_layers_meant_start_anew() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    initialise_layers(module, "he", 0, only=frozenset({"1"}))
    after = module.state_dict()
    assert torch.equal(before["0.weight"], after["0.weight"])
    assert not torch.equal(before["1.weight"], after["1.weight"])


def test_augmented_images_are_other_views_of_the_same() -> None:
    images = torch.randint(0, 256, (8, 3, 16, 16), dtype=torch.uint8)
    with seeded(0, "x"):
        changed = augment(images, Recipe(crop=True, flip=True, colour=0.5))
    with seeded(0, "x"):
        again = augment(images, Recipe(crop=True, flip=True, colour=0.5))
    assert changed.shape == images.shape
    assert changed.dtype == torch.uint8
    assert torch.equal(changed, again)
    assert not torch.equal(changed, images)


def test_a_flip_mirrors_about_half_of_the_images() -> None:
    images = torch.arange(16, dtype=torch.uint8).expand(200, 1, 16, 16)
    mirrored = (augment(images, Recipe(flip=True))[:, 0, 0, 0] == 15).sum()
    assert 60 < mirrored < 140


def test_cutout_blanks_a_square() -> None:
    blanked = (cut_out(torch.ones(50, 3, 16, 16), 0.5) == 0).all(1).flatten(1).sum(1)
    assert blanked.max() == 64
    assert blanked.min() >= 9  # at a corner a quarter is left, at least


def test_mixup_mixes_images_and_targets_alike() -> None:
    values = torch.eye(4)[:, :, None, None]
    mixed, targets = mix_up(values, torch.eye(4), 1.0)
    assert torch.allclose(mixed[..., 0, 0], targets)
    assert torch.allclose(targets.sum(1), torch.ones(4))
