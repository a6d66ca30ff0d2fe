"""Networks that come trained with the app: small, whole, and as good as their files say."""

from __future__ import annotations

import pytest
import torch

from explorer.training.datasets import load_dataset, normalise
from explorer.training.fitting import input_shape
from explorer.training.trained_examples import EXAMPLES
from explorer.training.trainer import Trainer
from tests.trained_examples import FOLDER

MOST_BYTES = 300_000


def test_every_file_belongs_to_an_example() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == EXAMPLES.keys()


@pytest.mark.parametrize("key", EXAMPLES)
def test_its_file_is_small_and_reaches_what_it_says_on_images_it_has_not_seen(key: str) -> None:
    example = EXAMPLES[key]
    assert example.weights_path.stat().st_size <= MOST_BYTES
    network = example.open()
    assert network.context.checkpoint is not None
    assert network.context.checkpoint.report.is_complete
    test = load_dataset(example.data, input_shape(network)).test
    with torch.inference_mode():
        right = (network.module().eval()(normalise(test.pixels)).argmax(1) == test.labels).float().mean()
    assert float(right) == pytest.approx(example.test_accuracy, abs=0.005)  # another torch rounds otherwise
    assert example.test_accuracy > 0.6


def test_training_it_again_begins_as_it_did() -> None:
    """The first steps of the script, twice: the same losses, which fall."""
    example = EXAMPLES["lenet_5_digits"]
    dataset = load_dataset(example.data, input_shape(example.open_untrained()))
    losses = []
    for _ in range(2):
        trainer = Trainer(example.open_untrained().module(), dataset, example.recipe, 0)
        losses.append([trainer.train_step().loss for _ in range(40)])
    assert losses[0] == losses[1]
    assert sum(losses[0][-5:]) < 0.7 * sum(losses[0][:5])
