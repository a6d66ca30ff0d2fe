"""Grad-CAM of a class, in the current network and the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.probes.class_activation import ClassActivationMap, compute_class_activation
from explorer.analysis.probes.probe import Probe
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.presenters.class_choices import ClassCandidate, likely_classes
from explorer.presenters.layer_activations import NetworkInputImage, network_input_image


@dataclass(frozen=True)
class GradCamView:
    """Heat maps of one class, and the image they are laid over."""

    classes: tuple[ClassCandidate, ...]
    now: ClassActivationMap
    baseline: ClassActivationMap | None  # None where nothing was edited
    image: NetworkInputImage
    has_random_weights: bool = False  # the weights are random

    @property
    def caption(self) -> str:
        """Caption of the heat maps: how they are read and of which layer they are."""
        label = next((found.label for found in self.classes if found.index == self.now.target), f"{self.now.target}")
        height, width = self.now.heat.shape
        text = tr(
            "Warm: positions that raise the score of “{label}” in the last feature map ({name}, {height} × {width}). "
            "Grad-CAM; each picture is scaled by itself.",
            label=label,
            name=self.now.name,
            height=height,
            width=width,
        )
        if not self.now.heat.any():
            text = tr("No position raises the score of “{label}” now.", label=label) + f" {text}"
        return text + " " + tr("Weights are random, so the class is arbitrary.") if self.has_random_weights else text


def compute_grad_cam_view(
    now: Probe, baseline: Probe, target: int | None = None, keep_going: KeepGoing = always
) -> GradCamView:
    """Return Grad-CAM of the class `target`, or of the one that is likeliest now, for both networks.

    Raises NotAvailable with the reason where it makes no sense; PassError; Cancelled.
    """
    found = likely_classes(now, baseline, keep_going)
    target = found[0].index if target is None else target
    edited = now.architecture is not baseline.architecture
    after = compute_class_activation(now, target, keep_going)
    old = compute_class_activation(baseline, target, keep_going) if edited else None
    return GradCamView(found, after, old, network_input_image(now), now.weights.seeded is now.weights)
