"""Random views of one photo: shifts, mirror images and colours.

Source: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks" (AlexNet), NIPS 2012, §4.1.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from explorer.analysis.output_divergence import js_divergence, probabilities
from explorer.analysis.sample import IMAGENET_DEVIATION, IMAGENET_MEAN, load_sample
from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, RangeControl, Values, report_progress
from explorer.experiments.outcome import Array, Chart, ChartAxis, ChartBars, ComputedNumber, Outcome, Photo, message

_SIDE, _CUT = 256, 224
_MEAN, _DEVIATION = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))


def crop_square(name: str) -> torch.Tensor:
    """Return a photo with its short side scaled to 256 and the centre cut out: (3, 256, 256), from 0 to 1 (AlexNet,
    §2)."""
    pixels = torch.from_numpy(load_sample(name).pixels.copy()).permute(2, 0, 1)[None].float() / 255
    height, width = pixels.shape[2:]
    scale = _SIDE / min(height, width)
    size = max(round(height * scale), _SIDE), max(round(width * scale), _SIDE)
    scaled = F.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)[0]
    top, left = (size[0] - _SIDE) // 2, (size[1] - _SIDE) // 2
    return scaled[:, top : top + _SIDE, left : left + _SIDE].clamp(0, 1)


def random_view(image: torch.Tensor, kind: str, generator: torch.Generator) -> torch.Tensor:
    """Return a random view of shape (3, 224, 224): "crop", "mirror", "colour", or "all" of them (AlexNet, §4.1)."""
    top = left = (_SIDE - _CUT) // 2
    if kind in ("crop", "all"):
        top, left = (int(torch.randint(0, _SIDE - _CUT, (1,), generator=generator)) for _ in range(2))
    cut = image[:, top : top + _CUT, left : left + _CUT]
    if kind == "mirror" or (kind == "all" and torch.rand(1, generator=generator) < 0.5):
        cut = cut.flip(2)
    return shift_colours(cut, generator) if kind in ("colour", "all") else cut


def shift_colours(image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Shift all pixels along the principal components of the photo's colours, by their deviation × N(0, 0.1) × 3.

    Source: AlexNet, §4.1, which takes the components of the whole training set, and N(0, 0.1) of the eigenvalues of
    pixels from 0 to 255.
    """
    colours = image.reshape(3, -1)
    spread, axes = torch.linalg.eigh(torch.cov(colours))
    amount = torch.randn(3, generator=generator) * 0.3
    shift = axes @ (amount * spread.clamp(min=0).sqrt())
    moved: torch.Tensor = image + shift.view(3, 1, 1)
    return moved.clamp(0, 1)


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    generator = torch.Generator().manual_seed(values["seed"])
    count, kind = values["count"], values["kind"]
    network = measurements.open_cached(values["network"])
    report_progress(keep_going, 0.05)
    module = network.module()
    image = crop_square(values["photo"])
    views = [_centre(image), *(random_view(image, kind, generator) for _ in range(count))]
    outputs: list[torch.Tensor] = []
    size = network.architecture.input_shape[2:]
    for done, seen in enumerate(views):
        report_progress(keep_going, 0.3 + 0.7 * done / len(views))
        shown = F.interpolate(((seen - _MEAN) / _DEVIATION)[None], size, mode="bilinear", align_corners=False)
        with torch.no_grad():
            outputs.append(probabilities(module(shown)))
    moved = [js_divergence(outputs[0], output) for output in outputs[1:]]
    mean = torch.stack(outputs[1:]).mean(dim=0)
    away = [js_divergence(mean, output) for output in outputs[1:]]
    same = sum(int(output.argmax()) == int(outputs[0].argmax()) for output in outputs[1:])
    shifts = _SIDE - _CUT
    return Outcome(
        pictures=(
            Photo(message("centre"), _pixels(views[0])),
            *(
                Photo(message("view", number=n + 1, moved=moved[n]), _pixels(views[n + 1]))
                for n in range(min(5, count))
            ),
            _divergence_chart(moved),
        ),
        numbers=(
            ComputedNumber(
                "views", message("views"), shifts * shifts * 2, "", 2048, "AlexNet, §4.1", 0, message("views_note")
            ),
            ComputedNumber("moved", message("moved"), sum(moved) / count, "bit"),
            ComputedNumber("most", message("most"), max(moved), "bit"),
            ComputedNumber("same", message("same"), 100 * same / count, "%"),
            ComputedNumber("mean", message("mean"), sum(away) / count, "bit"),
        ),
        observations=(
            message("seen_alike", moved=sum(moved) / count) if same == count else message("seen_same"),
            message("seen_untrained"),
            *([message("seen_ten")] if 0 < sum(away) < sum(moved) else []),
        ),
        quoted=(),
    )


def _centre(image: torch.Tensor) -> torch.Tensor:
    start = (_SIDE - _CUT) // 2
    return image[:, start : start + _CUT, start : start + _CUT]


def _pixels(image: torch.Tensor) -> Array:
    pixels: Array = np.ascontiguousarray((image * 255).round().byte().permute(1, 2, 0).numpy())
    return pixels


def _divergence_chart(moved: list[float]) -> Chart:
    names = tuple(str(number + 1) for number in range(len(moved)))
    return Chart(
        message("chart"),
        ChartAxis(message("axis_view"), names=names),
        ChartAxis(message("axis_moved"), low=0),
        (ChartBars("", tuple(moved)),),
    )


_SNIPPET = """
import explorer
import torch
from explorer.analysis.output_divergence import js_divergence, probabilities
from explorer.experiments.augmentation import crop_square, random_view

mean, deviation = (torch.tensor(c).view(3, 1, 1) for c in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
network = explorer.open($network)
module, image = network.module(), crop_square($photo)
size = network.architecture.input_shape[2:]

def classes(seen):
    with torch.no_grad():
        seen = ((seen - mean) / deviation)[None]
        return probabilities(module(torch.nn.functional.interpolate(seen, size, mode="bilinear")))

generator = torch.Generator().manual_seed($seed)
centre = classes(image[:, 16:240, 16:240])
moved = [js_divergence(centre, classes(random_view(image, $kind, generator))) for _ in range($count)]
print("the output moves by", sum(moved) / $count, "bits on average, at most by", max(moved))
"""

EXPERIMENT = Experiment(
    id="augmentation",
    idea="training",
    networks=("alexnet_2012", "resnet18"),
    controls=(
        measurements.PHOTO,
        ChoiceControl("kind", ("all", "crop", "mirror", "colour"), "all"),
        ChoiceControl("count", (4, 8, 12), 8),
        ChoiceControl("network", ("alexnet_2012", "resnet18", "mobilenet_v2"), "alexnet_2012"),
        RangeControl("seed", 0, 9, 0),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
