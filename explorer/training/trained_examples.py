"""Small networks that come trained with the app, so that a first look shows what a network has learned.

Their weights are made by `python -m tests.trained_examples`: seeded, on one thread, so that the same torch gives the
same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import safe_open

from explorer.analysis.sample import Sample
from explorer.base.languages import tr, tr_noop
from explorer.base.resources import resource_path
from explorer.design.network_design import NetworkDesign
from explorer.design.templates import TEMPLATES, half_resnet_20
from explorer.network import Network
from explorer.project.opening import open_design
from explorer.training.data_spec import DataSpec
from explorer.training.datasets import load_dataset_cached
from explorer.training.fitting import input_shape
from explorer.training.recipe import Recipe


@dataclass(frozen=True)
class TrainedExample:
    """A design, what it was trained on, and how."""

    key: str
    title: str  # English, marked by `tr_noop`
    design: NetworkDesign
    data: DataSpec
    recipe: Recipe = field(default_factory=Recipe)

    @property
    def weights_path(self) -> Path:
        """Path of its weights; in the file's metadata: "test_accuracy", from 0 to 1."""
        return resource_path(f"trained/{self.key}.safetensors")

    @property
    def test_accuracy(self) -> float:
        """Accuracy (0 to 1) on the set's test images."""
        with safe_open(self.weights_path, "pt") as file:
            return float((file.metadata() or {})["test_accuracy"])

    def open_untrained(self) -> Network:
        """Open the network with seeded weights."""
        return open_design(self.design)

    def open(self) -> Network:
        """Open the network with what it has learned."""
        return self.open_untrained().load_weights(self.weights_path)

    def test_image(self, number: int = 0) -> Sample:
        """Return an image that it was not trained on, as large as it takes them, to look at."""
        dataset = load_dataset_cached(self.data, (3, *input_shape(self.open_untrained())[1:]))
        name = dataset.class_names[int(dataset.test.labels[number])]
        pixels = dataset.test.pixels[number].permute(1, 2, 0).contiguous().numpy()
        return Sample(tr("{data}: {name}", data=self.data.title, name=name), pixels)


EXAMPLES: Mapping[str, TrainedExample] = {
    example.key: example
    for example in (
        TrainedExample(
            "lenet_5_digits", tr_noop("LeNet-5 on Digits"), TEMPLATES["lenet_5"], DataSpec("digits"), Recipe(epochs=30)
        ),
        TrainedExample(
            "resnet_20_shapes",
            tr_noop("ResNet-20, half as wide, on Shapes"),
            half_resnet_20(),
            DataSpec("shapes"),
            Recipe(epochs=12, crop=True, learning_rate=4e-3),
        ),
    )
}
