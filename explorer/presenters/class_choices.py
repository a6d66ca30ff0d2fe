"""Classes to choose from: the likeliest for the sample image, in the current network and the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from explorer.analysis.output_divergence import probabilities, top_classes
from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.analysis.sample import class_labels
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr


@dataclass(frozen=True, slots=True)
class ClassCandidate:
    """Class with its probability in the current network."""

    index: int
    label: str
    probability: float  # now
    is_likely: bool = True  # among the likeliest of the two networks


#: Outputs longer than this (of language models) are offered with their likeliest classes only.
MAX_CLASSES = 10_000


def likely_classes(
    now: Probe, baseline: Probe, keep_going: KeepGoing = always, count: int = 5
) -> tuple[ClassCandidate, ...]:
    """Return the likeliest classes of the current network, then those of the baseline, then all others by their number.

    Raises NotAvailable when the output is no list of classes.
    """
    p = _probabilities(now, keep_going)
    q = _probabilities(baseline, keep_going) if baseline is not now else p
    names = class_labels(len(p))
    shown = dict.fromkeys([*top_classes(p, count), *(top_classes(q, count) if len(q) == len(p) else ())])
    others = [index for index in range(len(p)) if index not in shown] if len(p) <= MAX_CLASSES else []
    values = p.tolist()
    return tuple(ClassCandidate(index, names[index], values[index], index in shown) for index in (*shown, *others))


def _probabilities(probe: Probe, keep_going: KeepGoing) -> torch.Tensor:
    output = probe.value(probe.architecture.output.name, keep_going)
    if output.dim() != 2:
        shape = " × ".join(map(str, output.shape[1:]))
        raise NotAvailable(
            tr("The output ({shape}) is not a list of classes, so there is no class to choose.", shape=shape)
        )
    return probabilities(output)
