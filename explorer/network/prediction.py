"""The output of a network for one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from explorer.analysis.forward.engine import ForwardResult
from explorer.analysis.output_divergence import probabilities, top_classes
from explorer.analysis.sample import class_labels


@dataclass(frozen=True)
class Prediction:
    """Output of a network for one image.

    prediction = explorer.open("resnet18").run("cat")
    prediction.top(3)          # [("tabby", 0.31), …], of the seeded or loaded weights
    prediction.result.value    # the tensor, or the tuple or dict, that the network returns
    """

    result: ForwardResult = field(repr=False)
    has_batch: bool = True  # else all dims of the output are those of one image

    def top(self, count: int = 5) -> Sequence[tuple[str, float]]:
        """Return the most likely classes with their probabilities (0 to 1), most likely first."""
        main = self.result.main_output
        p = probabilities(main if self.has_batch else main[None])
        names = class_labels(p.numel())
        return [(names[index], float(p[index])) for index in top_classes(p, count)]

    def __repr__(self) -> str:
        shape = tuple(self.result.main_output.shape)
        if len(shape) == 1 + self.has_batch and shape[-1] > 1:
            return f"Prediction({', '.join(f'{name} {100 * p:.1f} %' for name, p in self.top(3))})"
        return f"Prediction(output of shape {shape})"
