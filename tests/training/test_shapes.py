"""Images of shapes: the same from the same seed, and learnable only by their outlines."""

from __future__ import annotations

import numpy as np

from explorer.training.shapes import SHAPE_NAMES, draw_shapes


def test_an_image_depends_on_the_seed_and_its_number_alone() -> None:
    images, labels = draw_shapes(30, seed=3)
    some, same_labels = draw_shapes(10, seed=3, first=20)
    assert np.array_equal(images[20:], some)
    assert np.array_equal(labels[20:], same_labels)
    assert not np.array_equal(images, draw_shapes(30, seed=4)[0])


def test_each_class_has_its_turn() -> None:
    _, labels = draw_shapes(40, seed=0)
    assert np.bincount(labels).tolist() == [4] * len(SHAPE_NAMES)


def test_colour_does_not_give_the_class_away() -> None:
    images, labels = draw_shapes(1000, seed=0, noise=0)
    means = np.array([images[labels == kind].mean((0, 2, 3)) for kind in range(len(SHAPE_NAMES))])
    spread = images.mean((2, 3)).std(0)
    assert (np.ptp(means, axis=0) < spread).all()  # classes differ less than images of one class do


def test_noise_is_laid_over_what_is_drawn() -> None:
    plain, noisy = draw_shapes(5, seed=0, noise=0)[0], draw_shapes(5, seed=0, noise=0.3)[0]
    difference = np.abs(plain.astype(float) - noisy.astype(float))
    assert 20 < difference.mean() < 80
